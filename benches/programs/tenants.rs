//! Many tenants' runs in one process. `serve COUNT` is their Knosc, a process of its own; `run URL COUNT FOLDER OVER-S` begins a
//! run of one step for each of them, spread over so many seconds, and prints what that cost as JSON.
//!
//! Every tenant has an origin, a session, a run and events of its own; one engine, one journal.
#![allow(clippy::print_stdout, reason = "what it measured is its purpose")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use knosc_bulk_import::admission::Stamp;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::journal::sqlite::{Kind, NewRun, NewStep, SqliteJournal, Store};
use knosc_runner::journal::{Journal, JournalError};
use knosc_runner::net::{ClientConfig, Resolve, Resolver};
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::{Config, DEFAULT_PASSWORD, Knobs, UserConfig};
use serde_json::json;
use tokio::task::JoinSet;

type Failed = Box<dyn Error + Send + Sync>;

/// A job's length in seconds; with `discarded_rows` of as many, a row takes one.
const JOB_S: u64 = 30;

/// A small export: what is measured is many of them, not their bytes.
const FILE_BYTES: usize = 10 * 1024;

fn main() -> Result<(), Failed> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", count] => serve(count.parse()?),
        ["run", url, count, folder, over_s] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let over = Duration::from_secs(over_s.parse()?);
            let told = runtime.block_on(all(url, count.parse()?, folder.into(), over))?;
            println!("{told}");
            Ok(())
        }
        _ => Err("usage: serve COUNT | run URL COUNT FOLDER OVER-S".into()),
    }
}

fn user(number: u32) -> String {
    format!("demo@t{number}.test")
}

fn serve(count: u32) -> Result<(), Failed> {
    let tenant = |number: u32| local_knosc::TenantConfig {
        name: format!("t{number}"),
        users: vec![UserConfig::new(&user(number), DEFAULT_PASSWORD)],
    };
    let knobs = Knobs {
        discard_content: true,
        digest_content: false,
        discarded_rows: JOB_S,
        rows_per_second: 1,
        queued_ms: 0,
        ..Knobs::default()
    };
    let config = Config {
        tenants: (0..count).map(tenant).collect(),
        default_tenant: "t0".to_owned(),
        knobs,
        ..Config::default()
    };
    let server = local_knosc::spawn(config)?;
    println!("{}", server.address().port());
    // Until whoever started it ends it.
    loop {
        std::thread::park();
    }
}

/// Names of this machine are this machine, also where the system's resolver knows none of them.
struct Loopback;

impl Resolve for Loopback {
    fn addresses<'a>(
        &'a self,
        _: &'a str,
        port: u16,
    ) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]) })
    }
}

/// The durable journal of one run, which notes how long an acceptance took to be on disk.
struct Noted {
    journal: SqliteJournal,
    spent: Arc<Mutex<Vec<Duration>>>,
}

impl Journal for Noted {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.journal.history()
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        let is_answer = matches!(event.fact, Fact::UploadAccepted(_));
        Box::pin(async move {
            let began = Instant::now();
            let appended = self.journal.append(event).await;
            if is_answer {
                let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
                spent.push(began.elapsed());
            }
            appended
        })
    }

    fn digest(&self, step: usize, digest: [u8; 16]) -> BoxFuture<'_, Result<(), JournalError>> {
        self.journal.digest(step, digest)
    }
}

async fn all(
    url: &str,
    count: u32,
    folder: PathBuf,
    over: Duration,
) -> Result<serde_json::Value, Failed> {
    let port: u16 = url.rsplit(':').next().unwrap_or_default().parse()?;
    let runtime = Runtime::new(RuntimeConfig {
        cache_dir: Some(folder.join("cache")),
        ..RuntimeConfig::default()
    })?;
    let store = Arc::new(Store::open(&folder)?);
    let spent = Arc::new(Mutex::new(Vec::new()));
    let blob: Arc<dyn BlobSource> =
        Arc::new(MemoryBlob::new("inventory.csv", b"0\n".repeat(FILE_BYTES / 2)));
    let idle_kib = benches::status_kib("self", "VmRSS").map(f64::from);
    let (began, mut runs, mut failures) = (Instant::now(), JoinSet::new(), Failures(0));
    for number in 0..count {
        let due = over.mul_f64(f64::from(number) / f64::from(count));
        tokio::time::sleep_until((began + due).into()).await;
        // A task that ended keeps its memory until somebody asks.
        while let Some(run) = runs.try_join_next() {
            failures.note(run?);
        }
        let (runtime, store) = (runtime.clone(), Arc::clone(&store));
        let (spent, blob) = (Arc::clone(&spent), Arc::clone(&blob));
        runs.spawn(async move { one(number, port, runtime, &store, spent, blob).await });
    }
    let started_s = began.elapsed().as_secs_f64();
    // Now most of them wait for their jobs; those of the first half are done.
    let most_kib = benches::status_kib("self", "VmRSS").map(f64::from);
    let in_flight = u32::try_from(runs.len())?;
    while let Some(run) = runs.join_next().await {
        failures.note(run?);
    }
    let mut spent = std::mem::take(&mut *spent.lock().unwrap_or_else(PoisonError::into_inner));
    spent.sort();
    let at = |share: usize| spent.get(spent.len().saturating_sub(1) * share / 100);
    let ms = |share| at(share).map_or(f64::NAN, |spent| spent.as_secs_f64() * 1_000.0);
    let kib_each = most_kib.zip(idle_kib).map(|(most, idle)| (most - idle) / f64::from(in_flight));
    Ok(json!({"runs": count, "failed": failures.0, "in_flight": in_flight, "started_s": started_s,
        "took_s": began.elapsed().as_secs_f64(), "kib_each": kib_each,
        "durable_p50_ms": ms(50), "durable_p99_ms": ms(99)}))
}

/// How many runs did not complete.
struct Failures(usize);

impl Failures {
    #[allow(clippy::print_stderr, reason = "the first says why; ten thousand would hide it")]
    fn note(&mut self, run: Result<(), Failed>) {
        if let Err(error) = run {
            if self.0 == 0 {
                eprintln!("{error}");
            }
            self.0 += 1;
        }
    }
}

async fn one(
    number: u32,
    port: u16,
    runtime: Runtime,
    store: &Store,
    spent: Arc<Mutex<Vec<Duration>>>,
    blob: Arc<dyn BlobSource>,
) -> Result<(), Failed> {
    let origin = format!("http://t{number}.localhost:{port}");
    let secret = Secret::SignIn {
        username: user(number),
        password: DEFAULT_PASSWORD.to_owned(),
        one_time: None,
    };
    let tenant = Tenant::new(TenantConfig {
        name: format!("t{number}"),
        origin: origin.parse()?,
        client: ClientConfig { resolver: Resolver::new(Loopback), ..ClientConfig::default() },
        credentials: Arc::new(StaticCredentials::new(secret)),
    })?;
    let id = format!("run-{number}");
    let step = NewStep {
        trigger: Trigger::Inventory,
        file_name: "inventory.csv".to_owned(),
        path: PathBuf::from("inventory.csv"),
        stamp: Stamp { size: FILE_BYTES as u64, mtime_ns: 0, ctime_ns: 0, inode: 0 },
        expected: None,
        unchanged_of: None,
    };
    let run = NewRun {
        id: id.clone(),
        tenant: origin,
        kind: Kind::Run,
        created_ms: 0,
        policy: Policy::default(),
        steps: vec![step],
    };
    store.begin(run).await?;
    let journal = Noted { journal: store.journal(&id).await?, spent };
    let input = RunInput {
        steps: vec![(Trigger::Inventory, blob)],
        journal: Arc::new(journal),
        ..RunInput::default()
    };
    let report = Runner::new(runtime, tenant).run_ordered(input).await?;
    match report.steps.first().filter(|step| step.outcome.is_done()) {
        Some(_) => Ok(()),
        None => Err(format!("{:?}", report.steps).into()),
    }
}
