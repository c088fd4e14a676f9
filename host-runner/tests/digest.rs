//! The digest that is made while a file streams: given to the journal, and compared before the last bytes leave.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "shared with the tests of the runner")]
mod setup;

use std::fs::{File, FileTimes, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use knosc_bulk_import::run::{Event, Fact, Outcome};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, BlobSourceError, FileBlob, MemoryBlob};
use knosc_runner::error::Error;
use knosc_runner::journal::{Journal, JournalError, MemoryJournal};
use knosc_runner::runner::{RunInput, Runner, UploadInput};
use setup::{knosc, quick, runner, units};
use sha2::{Digest as _, Sha256};
use twox_hash::XxHash3_128;

/// Some chunks and a part of one.
const SIZE: usize = (3 << 20) + 17;

/// What a step's file was, and how many facts the journal held when it heard of it.
type Heard = (usize, [u8; 16], usize);

#[derive(Default)]
struct DigestJournal {
    events: MemoryJournal,
    heard: Mutex<Vec<Heard>>,
    fails: bool,
}

impl Journal for DigestJournal {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.events.history()
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        self.events.append(event)
    }

    fn digest(&self, step: usize, digest: [u8; 16]) -> BoxFuture<'_, Result<(), JournalError>> {
        self.heard.lock().unwrap().push((step, digest, self.events.events().len()));
        let full = JournalError::Write("the disk is full".to_owned());
        let answer = if self.fails { Err(full) } else { Ok(()) };
        Box::pin(std::future::ready(answer))
    }
}

fn content(first: u8) -> Vec<u8> {
    (0..SIZE).map(|at| first.wrapping_add(u8::try_from(at % 251).unwrap())).collect()
}

fn xxh3(bytes: &[u8]) -> [u8; 16] {
    XxHash3_128::oneshot(bytes).to_be_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_hears_each_digest_once_and_before_the_seal() {
    let server = knosc();
    let units_sent = std::fs::read(setup::export("unit-master.csv")).unwrap();
    let orders_sent = content(b'a');
    let orders = Arc::new(MemoryBlob::new("orders.csv", orders_sent.clone()));
    let journal = Arc::new(DigestJournal::default());
    let steps = vec![(Trigger::Demand, orders as Arc<dyn BlobSource>), units()];
    let input = RunInput { journal: journal.clone(), ..quick(steps) };
    runner(&server).run_ordered(input).await.unwrap();

    let events = journal.events.events();
    let seal_of = |step| {
        let seal =
            |event: &Event| event.step == step && matches!(event.fact, Fact::UploadSealed(_));
        events.iter().position(seal).unwrap()
    };
    let expected = [(1, xxh3(&units_sent), seal_of(1)), (0, xxh3(&orders_sent), seal_of(0))];
    assert_eq!(*journal.heard.lock().unwrap(), expected);
    let arrived: Vec<String> =
        server.model().uploads().iter().map(|upload| upload.sha256.clone()).collect();
    assert_eq!(
        arrived,
        [units_sent, orders_sent].map(|sent| HEXLOWER.encode(&Sha256::digest(sent)))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_digest_is_made_where_none_is_wanted() {
    let server = knosc();
    let journal = Arc::new(DigestJournal::default());
    let input = RunInput { journal: journal.clone(), digest: false, ..quick(vec![units()]) };
    let report = runner(&server).run_ordered(input).await.unwrap();
    assert!(report.steps[0].outcome.is_done());
    assert_eq!(*journal.heard.lock().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_does_not_take_the_digest_stops_the_upload_before_its_seal() {
    let server = knosc();
    let journal = Arc::new(DigestJournal { fails: true, ..DigestJournal::default() });
    let input = RunInput { journal: journal.clone(), ..quick(vec![units()]) };
    let error = runner(&server).run_ordered(input).await.unwrap_err();
    assert!(matches!(error, Error::Journal(JournalError::Write { .. })), "{error:?}");
    assert_eq!(server.model().uploads().len(), 0);
}

/// A file on disk that somebody writes to while it is sent, and whose time of change they put back.
struct Rewritten {
    file: FileBlob,
    path: PathBuf,
    times: FileTimes,
}

impl Rewritten {
    fn open(path: &Path, file: FileBlob) -> Self {
        let modified = std::fs::metadata(path).unwrap().modified().unwrap();
        let times = FileTimes::new().set_modified(modified);
        Self { file, path: path.to_owned(), times }
    }

    fn rewrite(&self) {
        let mut file = OpenOptions::new().write(true).open(&self.path).unwrap();
        file.seek(SeekFrom::Start(SIZE as u64 - 1)).unwrap();
        file.write_all(b"!").unwrap();
        file.set_times(self.times).unwrap();
    }
}

impl BlobSource for Rewritten {
    fn name(&self) -> &str {
        self.file.name()
    }

    fn size(&self) -> u64 {
        self.file.size()
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        self.file.version()
    }

    fn digest(&self) -> Option<[u8; 16]> {
        self.file.digest()
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        if offset > 0 {
            self.rewrite();
        }
        self.file.read_at(offset, max_bytes)
    }
}

async fn upload(
    runner: &Runner,
    journal: &Arc<MemoryJournal>,
    blob: Arc<dyn BlobSource>,
) -> Result<(), Error> {
    let mut input = UploadInput::new(Trigger::Demand, blob);
    input.journal = journal.clone();
    runner.upload(input).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_same_size_and_time_and_another_content_is_never_completed() {
    let server = knosc();
    let runner = runner(&server);
    let path = std::env::temp_dir().join(format!("knosc-rewritten-{}.csv", std::process::id()));
    File::create(&path).unwrap().write_all(&content(b'a')).unwrap();
    let planned = xxh3(&content(b'a'));
    let open = || FileBlob::open(&path).unwrap().expecting(planned);

    let journal = Arc::new(MemoryJournal::new());
    let rewritten = Arc::new(Rewritten::open(&path, open()));
    let before = rewritten.version().unwrap();
    let error = upload(&runner, &journal, rewritten.clone()).await.unwrap_err();
    assert!(matches!(error, Error::Blob(BlobSourceError::Changed { .. })), "{error:?}");
    assert_eq!(rewritten.version().unwrap(), before, "the file shows that it changed");
    assert!(!journal.events().iter().any(|event| matches!(event.fact, Fact::UploadSealed(_))));
    assert_eq!(server.model().uploads().len(), 0);

    // The content that was planned is back, and goes through.
    File::create(&path).unwrap().write_all(&content(b'a')).unwrap();
    let journal = Arc::new(MemoryJournal::new());
    upload(&runner, &journal, Arc::new(open())).await.unwrap();
    assert_eq!(server.model().uploads().len(), 1);
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expected_content_is_compared_even_where_no_digest_is_wanted() {
    let server = knosc();
    let file = FileBlob::open(setup::export("unit-master.csv")).unwrap().expecting([7; 16]);
    let input = RunInput { digest: false, ..quick(vec![(Trigger::UnitMaster, Arc::new(file))]) };
    let journal = input.journal.clone();
    let error = runner(&server).run_ordered(input).await.unwrap_err();
    assert!(matches!(error, Error::Blob(BlobSourceError::Changed { .. })), "{error:?}");
    let started = journal.history().await.unwrap();
    assert_eq!(started.len(), 1);
    assert_eq!(server.model().uploads().len(), 0);
    let sent_again = quick(vec![units()]);
    let report = runner(&server).run_ordered(RunInput { journal, ..sent_again }).await.unwrap();
    assert!(matches!(report.steps[0].outcome, Outcome::Completed(_)));
}
