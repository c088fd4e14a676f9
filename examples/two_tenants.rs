//! Two tenants in one process, one of them hostile: it is stopped at its limits, and its neighbour's file is loaded meanwhile.
//!
//! `cargo run -p knosc-runner --example two_tenants`; it starts a Knosc of its own on this machine.
#![allow(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use knosc_runner::BoxFuture;
use knosc_runner::blobs::MemoryBlob;
use knosc_runner::engine::RuntimeConfig;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::journals::{Begun, NewCall};
use knosc_runner::platform::tenants::Tenants;
use knosc_runner::platform::{
    JobCall, Journals, PipelineReport, Platform, PlatformConfig, Submission,
};

/// A component of world `tenant` around a few lines of core wasm; a tenant would write Rust or Python.
#[path = "../tests/guests/hostile/template.rs"]
mod template;

/// Asks Knosc past `jobs`, writes to its log until nobody listens, takes memory until there is none, and computes for ever.
const HOSTILE: &str = "
  (drop (call $ask (i32.const 560) (i32.const 12) (i32.const 704) (global.get $denied-len)))
  (loop $more
    (call $print (call $stdout) (i32.const 1024) (i32.const 4096) (i32.const 64))
    (br_if $more (i32.ge_s (memory.grow (i32.const 64)) (i32.const 0))))
  (loop $ever (br $ever)) (unreachable)";

/// Sends its first input, as unit master, and waits until Knosc is done with it.
const LOADS: &str = "
  (i32.store (i32.const 300) (i32.const 560)) (i32.store (i32.const 304) (i32.const 11))
  (i32.store (i32.const 308) (i32.load (local.get $inputs)))
  (call $run-ordered (i32.const 300) (i32.const 1) (i32.const 10) (i32.const 1000)
    (i64.const 60000) (i64.const 60000) (i32.const 0) (i32.const 832))
  (if (i32.load8_u (i32.const 832)) (then (unreachable))) (i32.const 16)";

const UNITS: &str =
    "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,Each,Count,1\nBX,Box of ten,Count,10\n";

/// What each of the two came to.
pub(crate) struct Came {
    pub(crate) hostile: PipelineReport,
    pub(crate) neighbour: PipelineReport,
    pub(crate) figures: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Came { hostile, neighbour, figures } = run().await?;
    println!("birch, hostile: {:?}", hostile.end);
    for denial in &hostile.denials {
        println!("  denied: {denial}\n    {}", denial.hint());
    }
    println!("  computed {:?}, took {} bytes", hostile.used.computed, hostile.used.memory_bytes);
    println!("acme, beside it: {:?} after {:?}", neighbour.end, neighbour.used.took);
    for call in &neighbour.calls {
        if let JobCall::Run(report) = call {
            let said = report.steps.iter().map(|step| step.outcome.word());
            println!("  loaded: {}", said.collect::<Vec<_>>().join(", "));
        }
    }
    println!("\nAs Prometheus reads it:\n{figures}");
    Ok(())
}

/// Runs both at one time.
pub(crate) async fn run() -> Result<Came, Box<dyn Error>> {
    let knosc = local_knosc::spawn(local_knosc::Config::default())?;
    let folder = tempfile::tempdir()?;
    let platform = platform(&folder, &knosc.url())?;
    let authority = knosc.address().to_string();
    let component = |fields: &str, body: &str| {
        wat::parse_str(template::text("", fields, body, &authority, &authority))
    };
    let submission =
        |component, inputs| Submission { component, inputs, settings: Vec::new(), limits: None };
    let hostile = component("(data (i32.const 560) \"/api/job/all\")", HOSTILE)?;
    let hostile = platform.submit("birch", submission(hostile, Vec::new())).await?;
    let loads = component("(data (i32.const 560) \"unit-master\")", LOADS)?;
    let units = Arc::new(MemoryBlob::new("units.csv", UNITS.as_bytes()));
    let neighbour = platform.submit("acme", submission(loads, vec![units])).await?;
    let (hostile, neighbour) = tokio::join!(hostile.report(), neighbour.report());
    Ok(Came { hostile, neighbour, figures: platform.prometheus() })
}

fn platform(folder: &tempfile::TempDir, knosc: &str) -> Result<Platform, Box<dyn Error>> {
    let secret = |name: &str, value: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, value).map(|()| format!("{{ file = '{}' }}", path.display()))
    };
    let username = secret("username", local_knosc::DEFAULT_USER)?;
    let password = secret("password", local_knosc::DEFAULT_PASSWORD)?;
    // One Knosc for both, to keep it short; each tenant signs in by itself and has its own connections.
    let mut text = "[limits]\ncpu = \"2s\"\nmemory = \"64 MiB\"\nlog = \"16 KiB\"\n".to_owned();
    for name in ["acme", "birch"] {
        write!(
            text,
            r#"
[[tenant]]
name = "{name}"
origin = "{knosc}"
username = {username}
password = {password}
[[tenant.egress]]
origin = "https://erp.{name}.example"
methods = ["GET"]
paths = ["/export"]
"#
        )?;
    }
    Ok(Platform::new(PlatformConfig {
        importer: RuntimeConfig::default(),
        tenants: Tenants::parse(Path::new("tenants.toml"), &text)?,
        // A platform compiles what it does not know in a child, see `Compiler::Child`.
        compiler: Compiler::InProcess,
        cache_dir: folder.path().join("cache"),
        scratch_dir: folder.path().to_owned(),
        journals: Arc::new(InMemory),
        client: ClientConfig::default(),
        sign_ins: None,
        threads: 2,
        audit_file: None,
    })?)
}

/// Journals that end with the process; a platform keeps them.
struct InMemory;

impl Journals for InMemory {
    fn begin<'a>(
        &'a self,
        call: NewCall<'a>,
    ) -> BoxFuture<'a, Result<Begun, knosc_runner::error::Error>> {
        Box::pin(async move { Ok(Begun::all(call, Arc::new(MemoryJournal::new()))) })
    }
}
