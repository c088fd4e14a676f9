//! The component in an engine, a linker and a store of one's own: for hosts that run other components too.
//!
//! `cargo run -p knosc-runner --example own_store -- <base-url> <username> <warehouses.xlsx>`, with the password in
//! `KNOSC_PASSWORD`.
#![allow(clippy::print_stdout, reason = "an example shows what it got")]

use std::env;
use std::error::Error;
use std::sync::Arc;

use knosc_bulk_import::job::JobReport;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{BlobSource, FileBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::HOSTED_COMPONENT;
use knosc_runner::host::{HostedCtx, HostedCtxView, HostedView, add_to_linker};
use knosc_runner::importer::ImporterPre;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::net::ClientConfig;
use knosc_runner::tenant::{Tenant, TenantConfig};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// What this host keeps for each store; whatever else its components need lies beside it.
struct MyData {
    table: ResourceTable,
    wasi: WasiCtx,
    hosted: HostedCtx,
    limits: StoreLimits,
}

impl WasiView for MyData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl HostedView for MyData {
    fn hosted(&mut self) -> HostedCtxView<'_> {
        HostedCtxView { ctx: &mut self.hosted, table: &mut self.table }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [url, username, warehouses] = args.as_slice() else {
        return Err("usage: own_store <base-url> <username> <warehouses.xlsx>".into());
    };
    let report = load(url, username, env::var("KNOSC_PASSWORD")?, warehouses).await?;
    println!("{} is job {}", report.job.trigger, report.job.job_id);
    Ok(())
}

/// Sends one file.
pub(crate) async fn load(
    url: &str,
    username: &str,
    password: String,
    warehouses: &str,
) -> Result<JobReport, Box<dyn Error>> {
    let username = username.to_owned();
    let secret = Secret::SignIn { username, password, one_time: None };
    let tenant = Tenant::new(TenantConfig {
        name: "acme".to_owned(),
        origin: url.parse()?,
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    })?;

    // Once for a process.
    let engine = Engine::default();
    let component = Component::from_binary(&engine, HOSTED_COMPONENT)?;
    let mut linker = Linker::<MyData>::new(&engine);
    add_to_linker(&mut linker)?;
    let importer = ImporterPre::new(linker.instantiate_pre(&component)?)?;

    // A store for each call. Its limits are this host's; nothing of the file passes through its memory.
    tenant.sign_in().await?;
    let data = MyData {
        table: ResourceTable::new(),
        wasi: WasiCtx::builder().build(),
        hosted: HostedCtx::new(tenant, Arc::new(MemoryJournal::new())),
        limits: StoreLimitsBuilder::new().memory_size(8 << 20).build(),
    };
    let mut store = Store::new(&engine, data);
    store.limiter(|data| &mut data.limits);
    let importer = importer.instantiate(&mut store).await?;
    let file: Arc<dyn BlobSource> = Arc::new(FileBlob::open(warehouses)?);
    Ok(importer.upload(&mut store, Trigger::WarehouseMaster, &file).await?)
}
