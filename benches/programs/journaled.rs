//! One run of thirteen files in this process, and how long it took, as JSON: all of it, and opening the journal and recording the
//! run alone. Arguments: BASE-URL FILE JOURNAL CACHE, where
//! JOURNAL is a state folder, or `memory` for a journal that is not durable. Signs in by the environment, before it is timed.
#![allow(clippy::print_stdout, reason = "what it measured is its purpose")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{BlobSource, FileBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::journal::sqlite::{Kind, NewRun, NewStep, Store, file};
use knosc_runner::journal::{Journal, MemoryJournal};
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, path, journal, cache] = words.as_slice() else {
        return Err("usage: BASE-URL FILE FOLDER|memory CACHE".into());
    };
    let origin: Origin = base_url.parse()?;
    let config = RuntimeConfig { cache_dir: Some(cache.into()), ..RuntimeConfig::default() };
    let secret = Secret::SignIn {
        username: std::env::var("KNOSC_USERNAME")?,
        password: std::env::var("KNOSC_PASSWORD")?,
        one_time: None,
    };
    let tenant = Tenant::new(TenantConfig {
        name: origin.tenant(),
        origin: origin.clone(),
        client: knosc_runner::net::ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    })?;
    tenant.sign_in().await?;
    let runner = Runner::new(Runtime::new(config)?, tenant);
    let mut steps: Vec<(Trigger, Arc<dyn BlobSource>)> = Vec::new();
    for trigger in Trigger::ALL {
        steps.push((trigger, Arc::new(FileBlob::open(path)?)));
    }
    let policy = Policy { poll_interval_min_ms: 20, ..Policy::default() };
    let began = Instant::now();
    let journal: Arc<dyn Journal> = match journal.as_str() {
        "memory" => Arc::new(MemoryJournal::new()),
        folder => durable(Path::new(folder), &origin, Path::new(path), policy).await?,
    };
    let opened = began.elapsed();
    let report = runner.run_ordered(RunInput { steps, policy, journal, ..RunInput::default() });
    let report = report.await?;
    let took = began.elapsed();
    if let Some(step) = report.steps.iter().find(|step| !step.outcome.is_done()) {
        return Err(format!("{}: {}", step.trigger, step.outcome.word()).into());
    }
    println!(
        "{}",
        serde_json::json!({"wall_s": took.as_secs_f64(), "opened_s": opened.as_secs_f64()})
    );
    Ok(())
}

async fn durable(
    folder: &Path,
    origin: &Origin,
    path: &Path,
    policy: Policy,
) -> Result<Arc<dyn Journal>, Box<dyn Error>> {
    let store = Store::open(folder)?;
    let stamp = file::stamp(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let step = |trigger| NewStep {
        trigger,
        file_name: name.clone().into_owned(),
        path: path.to_path_buf(),
        stamp,
        expected: None,
        unchanged_of: None,
    };
    let id = knosc_runner::journal::sqlite::id::new_id(0);
    let run = NewRun {
        id: id.clone(),
        tenant: origin.to_string(),
        kind: Kind::Run,
        created_ms: 0,
        policy,
        steps: Trigger::ALL.map(step).into(),
    };
    store.begin(run).await?;
    Ok(Arc::new(store.journal(&id).await?))
}
