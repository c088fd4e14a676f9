//! One process: resumes the last run of its state folder, or begins one, and follows it to its end.
//!
//! Does what `knosc-runner run` and `resume` do with the library: lock, record, send, watch.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{BlobSource, FileBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::journal::sqlite::{Kind, NewRun, NewStep, Stamp, Store, id};
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};

/// Where the sweep says which folder.
pub(crate) const STATE: &str = "KNOSC_KILLS_STATE";

/// Where it says which Knosc.
pub(crate) const ORIGIN: &str = "KNOSC_KILLS_ORIGIN";

/// In the documented order, each with its file.
pub(crate) const TRIGGERS: [Trigger; 4] = [
    Trigger::UnitMaster,
    Trigger::WarehouseMaster,
    Trigger::SupplierMaster,
    Trigger::CustomerMaster,
];

const FILES: [&str; 4] = ["unit-master.csv", "warehouses.xlsx", "suppliers.csv", "customers.xlsx"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exports").join(name)
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Lives, if the sweep started this process.
pub(crate) fn live() {
    let (Ok(state), Ok(origin)) = (std::env::var(STATE), std::env::var(ORIGIN)) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(follow(Path::new(&state), &origin));
}

fn runner(origin: &str) -> Runner {
    let secret = Secret::SignIn {
        username: local_knosc::DEFAULT_USER.to_owned(),
        password: local_knosc::DEFAULT_PASSWORD.to_owned(),
        one_time: None,
    };
    let tenant = Tenant::new(TenantConfig {
        name: local_knosc::DEFAULT_TENANT.to_owned(),
        origin: origin.parse().unwrap(),
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    });
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills-cache");
    let config = RuntimeConfig { cache_dir: Some(cache), ..RuntimeConfig::default() };
    Runner::new(Runtime::new(config).unwrap(), tenant.unwrap())
}

async fn follow(state: &Path, origin: &str) {
    let store = Store::open(state).unwrap();
    let policy = Policy { poll_interval_min_ms: 10, poll_interval_max_ms: 50, ..Policy::default() };
    let recorded = store.runs(None, 1).await.unwrap().into_iter().next();
    let is_new = recorded.is_none();
    let run = recorded.map_or_else(|| id::new_id(now_ms()), |recorded| recorded.id);
    let locks = store.lock(origin, TRIGGERS.to_vec(), &run, now_ms()).await.unwrap();
    if is_new {
        store.begin(new_run(&run, origin, policy)).await.unwrap();
    }
    let blob = |name| -> Arc<dyn BlobSource> { Arc::new(FileBlob::open(path(name)).unwrap()) };
    let input = RunInput {
        steps: TRIGGERS.into_iter().zip(FILES.map(blob)).collect(),
        policy,
        journal: Arc::new(store.journal(&run).await.unwrap()),
        ..RunInput::default()
    };
    runner(origin).run_ordered(input).await.unwrap();
    locks.release().await.unwrap();
}

fn new_run(id: &str, tenant: &str, policy: Policy) -> NewRun {
    let step = |(trigger, name): (Trigger, &str)| NewStep {
        trigger,
        file_name: name.to_owned(),
        path: path(name),
        stamp: Stamp::of_file(&path(name)).unwrap(),
        expected: None,
        unchanged_of: None,
    };
    NewRun {
        id: id.to_owned(),
        tenant: tenant.to_owned(),
        kind: Kind::Run,
        created_ms: now_ms(),
        policy,
        steps: TRIGGERS.into_iter().zip(FILES).map(step).collect(),
    }
}
