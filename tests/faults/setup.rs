//! A trial: a Knosc on this machine, the proxy before it, the real runner with the hosted component, one file, one verdict.
//!
//! Every trial checks what must be true of all of them (`Trial::judge`); a test adds what its row demands.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use integration_tests::proxy::{Act, FaultProxy, Seen, Which};
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, Outcome};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, BlobSourceError, MemoryBlob};
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::journal::{Journal, JournalError, MemoryJournal};
use knosc_runner::net::{ClientConfig, Timeouts};
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::Running;

/// What a test waits for things that must happen: far more than they take on a busy machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// A limit that a test lets run out.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

pub(crate) const UNITS: &[u8] = b"_UnitCode,_UnitName\nEA,Each\nBX,Box\n";

/// More than the buffers of the two sockets between client and proxy hold.
pub(crate) const LARGE_BYTES: usize = 16 << 20;

/// Compiled once for all tests of the process.
pub(crate) fn runtime() -> Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new(RuntimeConfig::default()).unwrap()).clone()
}

pub(crate) fn knosc() -> Running {
    local_knosc::spawn(local_knosc::Config::default()).unwrap()
}

/// A runner that asks `origin`, with a session that is there already: the requests of a trial are one that proves it, and its upload.
pub(crate) fn runner(
    runtime: Runtime,
    origin: &str,
    session: Session,
    net: ClientConfig,
) -> Runner {
    let tenant = Tenant::new(TenantConfig {
        name: local_knosc::DEFAULT_TENANT.to_owned(),
        origin: origin.parse().unwrap(),
        client: net,
        credentials: Arc::new(StaticCredentials::new(Secret::Session(session))),
    });
    Runner::new(runtime, tenant.unwrap())
}

/// Signs in at a Knosc, past any proxy.
pub(crate) async fn session(server: &Running) -> Session {
    let secret = Secret::SignIn {
        username: local_knosc::DEFAULT_USER.to_owned(),
        password: local_knosc::DEFAULT_PASSWORD.to_owned(),
        one_time: None,
    };
    let tenant = Tenant::new(TenantConfig {
        name: local_knosc::DEFAULT_TENANT.to_owned(),
        origin: server.url().parse().unwrap(),
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    });
    tenant.unwrap().sign_in().await.unwrap()
}

/// Limits that end a trial soon where it waits for something that never comes.
pub(crate) fn short() -> Timeouts {
    Timeouts {
        dns: SHORT,
        connect: SHORT,
        tls: SHORT,
        write_stall: SHORT,
        first_answer: SHORT,
        body_idle: SHORT,
        ..Timeouts::default()
    }
}

/// Polls quickly.
pub(crate) fn quick(journal: Arc<dyn Journal>, blob: Arc<dyn BlobSource>) -> RunInput {
    let policy = Policy { poll_interval_min_ms: 10, poll_interval_max_ms: 50, ..Policy::default() };
    RunInput { steps: vec![(Trigger::UnitMaster, blob)], policy, journal, ..RunInput::default() }
}

pub(crate) fn units() -> Arc<dyn BlobSource> {
    Arc::new(MemoryBlob::new("units.csv", UNITS))
}

/// Rows, since a header without any is refused before it is sent.
pub(crate) fn large() -> Arc<dyn BlobSource> {
    let mut bytes = b"_UnitCode,_UnitName\n".to_vec();
    for row in 0.. {
        if bytes.len() > LARGE_BYTES {
            break;
        }
        bytes
            .extend_from_slice(format!("U{row},Unit number {row} of very many units\n").as_bytes());
    }
    Arc::new(MemoryBlob::new("units.csv", bytes))
}

/// What came of one file.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// Whether `upload-sealed` was made durable.
    pub(crate) sealed: bool,
    /// Uploads that Knosc accepted: the truth.
    pub(crate) accepted: usize,
    /// Uploads that came to the proxy, connections that were broken at once not counted.
    pub(crate) uploads: Vec<Seen>,
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        self.outcome.word()
    }

    pub(crate) fn fault(&self) -> &Fault {
        match &self.outcome {
            Outcome::Refused(fault) => fault,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing was accepted and the same call may be made again: what the matrix calls not-sent and incomplete.
    pub(crate) fn is_safe_to_repeat(&self) -> bool {
        matches!(&self.outcome, Outcome::Refused(Fault::Transient(_)))
    }

    pub(crate) fn assert_unknown(&self, accepted: usize) {
        assert_eq!((self.word(), self.accepted), ("unknown", accepted), "{self:?}");
    }

    /// Not sent or incomplete, and truly so.
    pub(crate) fn assert_safe(&self) {
        assert!(self.is_safe_to_repeat() && self.accepted == 0, "{self:?}");
    }

    pub(crate) fn assert_completed(&self) {
        assert_eq!((self.word(), self.accepted), ("completed", 1), "{self:?}");
    }
}

pub(crate) struct Trial {
    pub(crate) knosc: Running,
    pub(crate) proxy: FaultProxy,
    pub(crate) session: Session,
    pub(crate) timeouts: Timeouts,
}

impl Trial {
    pub(crate) async fn new() -> Self {
        let knosc = knosc();
        let session = session(&knosc).await;
        let proxy = FaultProxy::before(knosc.address()).unwrap();
        Self { knosc, proxy, session, timeouts: Timeouts::default() }
    }

    pub(crate) async fn short() -> Self {
        Self { timeouts: short(), ..Self::new().await }
    }

    /// A trial whose next upload meets this script.
    pub(crate) async fn of(script: impl Into<Vec<Act>>) -> Self {
        let trial = Self::new().await;
        trial.proxy.once(Which::Upload, script);
        trial
    }

    pub(crate) fn runner(&self) -> Runner {
        let net = ClientConfig { timeouts: self.timeouts, ..ClientConfig::default() };
        runner(runtime(), &self.proxy.url(), self.session.clone(), net)
    }

    pub(crate) async fn send(&self, blob: Arc<dyn BlobSource>) -> Verdict {
        let journal = Arc::new(MemoryJournal::new());
        let input = quick(journal.clone(), blob);
        let runner = self.runner();
        let report = tokio::time::timeout(LONG, runner.run_ordered(input.clone())).await;
        let report = report.expect("the run ends").unwrap();
        let verdict = self.judge(report.steps[0].outcome.clone(), &journal.events());
        self.again(&runner, input, &verdict).await;
        verdict
    }

    /// What must be true whatever happened: at most one accepted, and no word that Knosc would not confirm.
    pub(crate) fn judge(&self, outcome: Outcome, events: &[Event]) -> Verdict {
        assert!(self.proxy.settles_within(LONG), "{:?}", self.proxy.seen());
        let sealed = events.iter().any(|event| matches!(event.fact, Fact::UploadSealed(_)));
        let accepted = self.knosc.model().uploads().len();
        let verdict = Verdict { outcome, sealed, accepted, uploads: self.proxy.uploads() };
        match &verdict.outcome {
            Outcome::Completed(_) | Outcome::Failed(_) | Outcome::Pending(_) | Outcome::Lost(_) => {
                assert_eq!(accepted, 1, "{verdict:?}");
            }
            Outcome::Refused(_) | Outcome::NotStarted | Outcome::Unchanged(_) => {
                assert_eq!(accepted, 0, "{verdict:?}");
            }
            Outcome::Unknown(refusal) => {
                let is_early_success = matches!(refusal.status, Some(200..=299));
                assert!(sealed || is_early_success, "unknown before the seal: {verdict:?}");
            }
        }
        assert!(verdict.uploads.iter().all(|seen| seen.has_length), "{verdict:?}");
        verdict
    }

    /// The same journal once more: the same word, and not one upload more.
    async fn again(&self, runner: &Runner, input: RunInput, verdict: &Verdict) {
        let report = runner.run_ordered(input).await.unwrap();
        assert_eq!(report.steps[0].outcome.word(), verdict.word());
        assert_eq!(self.proxy.uploads().len(), verdict.uploads.len(), "sent again: {verdict:?}");
    }
}

/// What a [`Held`] journal waits for before it takes the seal.
type Wait = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A journal that holds the seal back until something happened.
pub(crate) struct Held {
    inner: MemoryJournal,
    before_seal: Mutex<Option<Wait>>,
}

impl Held {
    pub(crate) fn until(wait: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self { inner: MemoryJournal::new(), before_seal: Mutex::new(Some(Box::new(wait))) }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.inner.events()
    }
}

impl Journal for Held {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.history()
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            if matches!(event.fact, Fact::UploadSealed(_)) {
                let wait = self.before_seal.lock().unwrap().take();
                if let Some(wait) = wait {
                    wait().await;
                }
            }
            self.inner.append(event).await
        })
    }
}

/// A file whose last byte never comes: what happens to its upload happens before the seal.
pub(crate) struct WithoutLastByte(pub(crate) Bytes);

impl BlobSource for WithoutLastByte {
    fn name(&self) -> &'static str {
        "units.csv"
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        Ok(String::new())
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        let start = usize::try_from(offset).unwrap();
        let end = start.saturating_add(max_bytes).min(self.0.len() - 1);
        Box::pin(async move {
            if start >= end {
                std::future::pending::<()>().await;
            }
            Ok(self.0.slice(start..end))
        })
    }
}

/// How many guests to drop: `DROPS`, or what an ordinary run of the tests takes.
pub(crate) fn drops(ordinary: u64) -> u64 {
    std::env::var("DROPS").ok().and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}
