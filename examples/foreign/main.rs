//! The library on storage that is not its own: each trait of it on something else, one file a trait.
//!
//! `cargo run -p knosc-runner --example foreign -- <base-url> <username> <url of units.csv>`, with the password in
//! `KNOSC_PASSWORD`. The file comes from any server that knows ranges and `ETag`s, over plain HTTP.
#![allow(clippy::print_stdout, reason = "an example shows what it got")]

mod blob;
mod clock;
mod credentials;
mod journal;

use std::env;
use std::error::Error;
use std::sync::Arc;

use knosc_bulk_import::run::Report;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};

pub(crate) use blob::ObjectBlob;
pub(crate) use clock::WorkflowClock;
pub(crate) use credentials::Vault;
pub(crate) use journal::{Database, TableJournal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [url, username, object] = args.as_slice() else {
        return Err("usage: foreign <base-url> <username> <url of units.csv>".into());
    };
    let vault = Vault::new(username, &env::var("KNOSC_PASSWORD")?);
    let report = load(url, &vault, object, &Database::default(), "run-1").await?;
    for step in report.steps {
        println!("{} {}: {}", step.trigger, step.file_name, step.outcome.word());
    }
    Ok(())
}

/// Loads one object; the same name of a run goes on where the database says that it stopped.
pub(crate) async fn load(
    url: &str,
    vault: &Vault,
    object: &str,
    database: &Database,
    run: &str,
) -> Result<Report, Box<dyn Error>> {
    let config = TenantConfig {
        name: "acme".to_owned(),
        origin: url.parse()?,
        client: ClientConfig::default(),
        credentials: Arc::new(vault.open()),
    };
    let tenant = Tenant::with_clock(config, Arc::new(WorkflowClock::starting_now()))?;
    let runner = Runner::new(Runtime::new(RuntimeConfig::default())?, tenant);
    let blob = ObjectBlob::open(object).await?;
    let input = RunInput {
        steps: vec![(Trigger::UnitMaster, Arc::new(blob))],
        journal: Arc::new(TableJournal::new(database, run)),
        ..RunInput::default()
    };
    Ok(runner.run_ordered(input).await?)
}
