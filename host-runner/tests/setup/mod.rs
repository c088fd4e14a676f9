//! What the tests of the runner share: a server, a runner, and files that misbehave.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, BlobSourceError, FileBlob, MemoryBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::journal::MemoryJournal;
use knosc_runner::progress::Progress;
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::Running;
use tokio::sync::{Notify, mpsc};

pub(crate) const ACME: &str = local_knosc::DEFAULT_TENANT;

pub(crate) type Step = (Trigger, Arc<dyn BlobSource>);

pub(crate) fn knosc() -> Running {
    local_knosc::spawn(local_knosc::Config::default()).unwrap()
}

/// Compiled once for all tests of the process.
fn runtime() -> Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new(RuntimeConfig::default()).unwrap()).clone()
}

pub(crate) fn runner(server: &Running) -> Runner {
    runner_as(server, local_knosc::DEFAULT_USER, None)
}

pub(crate) fn runner_as(server: &Running, username: &str, one_time: Option<&str>) -> Runner {
    runner_with(server, username, local_knosc::DEFAULT_PASSWORD, one_time)
}

pub(crate) fn runner_with(
    server: &Running,
    username: &str,
    password: &str,
    one_time: Option<&str>,
) -> Runner {
    let secret = Secret::SignIn {
        username: username.to_owned(),
        password: password.to_owned(),
        one_time: one_time.map(str::to_owned),
    };
    let tenant = Tenant::new(TenantConfig {
        name: ACME.to_owned(),
        origin: server.url().parse().unwrap(),
        client: knosc_runner::net::ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    });
    Runner::new(runtime(), tenant.unwrap())
}

pub(crate) fn quick(steps: Vec<Step>) -> RunInput {
    let policy = Policy { poll_interval_min_ms: 10, poll_interval_max_ms: 50, ..Policy::default() };
    RunInput { steps, policy, ..RunInput::default() }
}

pub(crate) fn listening() -> (Arc<MemoryJournal>, mpsc::Sender<Progress>, mpsc::Receiver<Progress>)
{
    let (progress, news) = mpsc::channel(1_000);
    (Arc::new(MemoryJournal::new()), progress, news)
}

pub(crate) fn export(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/exports").join(name)
}

pub(crate) fn units() -> Step {
    (Trigger::UnitMaster, Arc::new(FileBlob::open(export("unit-master.csv")).unwrap()))
}

pub(crate) fn thirteen() -> Vec<Step> {
    let names = [
        "unit-master.csv",
        "warehouses.xlsx",
        "suppliers.csv",
        "customers.xlsx",
        "items.xlsx",
        "external-item-master.csv",
        "bill-of-materials.xlsx",
        "supplier-allocation.csv",
        "inventory.csv",
        "purchase-orders.xlsx",
        "sales-orders.csv",
        "manufacturing.csv",
        "forecast.csv",
    ];
    let blob = |name| -> Arc<dyn BlobSource> { Arc::new(FileBlob::open(export(name)).unwrap()) };
    Trigger::ALL.into_iter().zip(names.map(blob)).collect()
}

pub(crate) fn big_blob(name: &str, size: usize) -> Arc<dyn BlobSource> {
    Arc::new(MemoryBlob::new(name, vec![b'x'; size]))
}

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Another file from the second read on.
pub(crate) struct ChangingBlob {
    size: usize,
    reads: AtomicU32,
}

impl ChangingBlob {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, reads: AtomicU32::new(0) }
    }
}

impl BlobSource for ChangingBlob {
    fn name(&self) -> &'static str {
        "changing.csv"
    }

    fn size(&self) -> u64 {
        self.size as u64
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        Ok(format!("{}", self.reads.load(Ordering::SeqCst) > 2))
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let left = self.size.saturating_sub(usize::try_from(offset).unwrap());
        Box::pin(async move { Ok(vec![b'x'; left.min(max_bytes)].into()) })
    }
}

/// Gives its first half, says so, and nothing more.
pub(crate) struct StallingBlob {
    size: usize,
    reached: Arc<Notify>,
}

impl StallingBlob {
    pub(crate) fn new(size: usize) -> (Self, Arc<Notify>) {
        let reached = Arc::new(Notify::new());
        (Self { size, reached: Arc::clone(&reached) }, reached)
    }
}

impl BlobSource for StallingBlob {
    fn name(&self) -> &'static str {
        "stalling.csv"
    }

    fn size(&self) -> u64 {
        self.size as u64
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        Ok(String::new())
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        let offset = usize::try_from(offset).unwrap();
        Box::pin(async move {
            if offset * 2 >= self.size {
                self.reached.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(vec![b'x'; (self.size - offset).min(max_bytes)].into())
        })
    }
}
