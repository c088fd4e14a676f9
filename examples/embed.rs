//! The host library in a program of one's own: two files, and a report.
//!
//! `cargo run -p knosc-runner --example embed -- <base-url> <username> <warehouses.xlsx>`, with the password in
//! `KNOSC_PASSWORD`.
#![allow(clippy::print_stdout, reason = "an example shows what it got")]

use std::env;
use std::error::Error;
use std::sync::Arc;

use knosc_bulk_import::run::StepReport;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{FileBlob, MemoryBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [url, username, warehouses] = args.as_slice() else {
        return Err("usage: embed <base-url> <username> <warehouses.xlsx>".into());
    };
    for line in load(url, username, env::var("KNOSC_PASSWORD")?, warehouses).await? {
        println!("{line}");
    }
    Ok(())
}

/// Sends the file and one that is made here; a line for each.
pub(crate) async fn load(
    url: &str,
    username: &str,
    password: String,
    warehouses: &str,
) -> Result<Vec<String>, Box<dyn Error>> {
    let username = username.to_owned();
    // Once for a process: the component, compiled. With a `cache_dir` the next process starts in milliseconds.
    let runtime = Runtime::new(RuntimeConfig::default())?;
    // Once for a tenant: its connections and its session. The component never sees either.
    let tenant = Tenant::new(TenantConfig {
        name: "acme".to_owned(),
        origin: url.parse()?,
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(Secret::SignIn {
            username,
            password,
            one_time: None,
        })),
    })?;
    let runner = Runner::new(runtime, tenant);

    // In any order: they are sent in the documented one. A file may be on disk, or be made here.
    let warehouses = FileBlob::open(warehouses)?;
    let units = MemoryBlob::new(
        "units.csv",
        "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,Each,Count,1\n",
    );
    let input = RunInput {
        steps: vec![
            (Trigger::WarehouseMaster, Arc::new(warehouses)),
            (Trigger::UnitMaster, Arc::new(units)),
        ],
        ..RunInput::default()
    };
    let report = runner.run_ordered(input).await?;
    let line =
        |step: &StepReport| format!("{} {}: {}", step.trigger, step.file_name, step.outcome.word());
    Ok(report.steps.iter().map(line).collect())
}
