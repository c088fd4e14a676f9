//! A guest that runs out of memory in the middle of an upload: no server sees a whole body. F44.
//!
//! A file never passes the guest's memory, and its other buffers are there before the first byte. What makes it grow in an upload is an
//! early answer of as many bytes and headers as it reads. It may have as much as it needs without one; a file's name, longer from guest to guest, takes
//! up what is free of that, so that another place that asks for memory is the first that is refused.

use std::sync::Arc;

use integration_tests::proxy::{Act, FaultProxy, Upto, Which};
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::error::{Error, Limit};
use knosc_runner::journal::MemoryJournal;
use local_knosc::Running;
use wasmtime::Config;

use crate::own_store::{OwnEngine, tenant};
use crate::setup::{LARGE_BYTES, LONG, UNITS, knosc, session};

/// More than what the component reads of an upload's answer.
const ANSWER_BYTES: usize = 256 << 10;

/// What the runner gives a store (`host-runner/src/host/limits.rs`).
const RUNNER_BYTES_MAX: usize = 64 << 20;

/// What Knosc has of the request when the answer comes.
const BEFORE_BYTES: u64 = 256 << 10;

/// From name to name. A page of memory has 64 KiB.
const NAME_STEP_BYTES: usize = 4 << 10;

const NAMES: usize = 32;

struct Bench {
    engine: OwnEngine,
    knosc: Running,
    session: Session,
}

/// What became of one guest.
struct Guest {
    ended: Result<(), Error>,
    ran_out: bool,
    memory_bytes: usize,
}

impl Bench {
    /// One guest that may have so much memory, whose upload is answered early.
    async fn guest(&self, name: &str, bytes_max: usize, answer_bytes: usize) -> Guest {
        let proxy = FaultProxy::before(self.knosc.address()).unwrap();
        let headers = if answer_bytes == 0 { String::new() } else { headers() };
        let early = Act::answer(413, &headers, &"x".repeat(answer_bytes));
        let script = [
            Act::Take(Upto::Bytes(BEFORE_BYTES)),
            early,
            Act::Take(Upto::Whole),
            Act::Hear,
            Act::Fin,
        ];
        proxy.once(Which::Upload, script);
        let tenant = tenant(&proxy.url(), self.session.clone());
        let mut store = self.engine.store(tenant, Arc::new(MemoryJournal::new()));
        store.data_mut().memory.bytes_max = bytes_max;
        let importer = self.engine.importer.instantiate(&mut store).await.unwrap();
        let rows = [UNITS, &vec![b'x'; LARGE_BYTES]].concat();
        let file: Arc<dyn BlobSource> = Arc::new(MemoryBlob::new(name, rows));
        let upload = importer.upload(&mut store, Trigger::UnitMaster, &file);
        let ended = tokio::time::timeout(LONG, upload).await.expect("the upload ends");
        let memory = &store.data().memory;
        let (ran_out, memory_bytes) = (memory.ran_out, memory.bytes);
        drop(store);
        assert!(proxy.settles_within(LONG), "{:?}", proxy.seen());
        let uploads = proxy.uploads();
        assert_eq!(uploads.len(), 1, "{uploads:?}");
        assert!((BEFORE_BYTES..uploads[0].length).contains(&uploads[0].passed), "{uploads:?}");
        assert_eq!(self.knosc.model().uploads().len(), 0);
        Guest { ended: ended.map(drop), ran_out, memory_bytes }
    }
}

/// As many as are taken: each is memory that a guest cannot do without.
fn headers() -> String {
    let line = |number| format!("x-{number}: {}\r\n", "h".repeat(250));
    (0..90).map(line).collect::<Vec<_>>().concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn f44_a_guest_that_runs_out_of_memory_in_an_upload_never_leaves_a_whole_body() {
    let knosc = knosc();
    let session = session(&knosc).await;
    let bench = Bench { engine: OwnEngine::new(&Config::new()), knosc, session };
    let (mut most, mut trapped, mut coped, mut had_enough) = (0, 0, 0, 0);
    for count in 0..NAMES {
        let name = format!("{}.csv", "u".repeat(1 + count * NAME_STEP_BYTES));
        let needed = bench.guest(&name, usize::MAX, 0).await.memory_bytes;
        most = most.max(bench.guest(&name, usize::MAX, ANSWER_BYTES).await.memory_bytes);
        let guest = bench.guest(&name, needed, ANSWER_BYTES).await;
        match (guest.ended, guest.ran_out) {
            (Err(Error::Limit(Limit::Memory)), true) => trapped += 1,
            // What there was room for of the answer is enough to say what it was.
            (Err(Error::Fault(Fault::PermanentRejected(_))), true) => coped += 1,
            (Err(Error::Fault(Fault::PermanentRejected(_))), false) => had_enough += 1,
            ended => panic!("{count}: {ended:?}"),
        }
    }
    println!(
        "{trapped} of {NAMES} trapped, {coped} went on without, {had_enough} had enough; 0 whole; at most {most} bytes of memory"
    );
    assert!(trapped > 0, "no guest ran out of memory");
    // With the runner's own limit it cannot happen.
    assert!(most < RUNNER_BYTES_MAX / 4, "{most}");
}
