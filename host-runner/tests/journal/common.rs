//! What these tests share: folders, runs, facts, and this program again as another process.
//!
//! Makes values; asserts nothing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use knosc_bulk_import::admission::Stamp;
use knosc_bulk_import::admission::refresh::{Action, Contents, KeySet};
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, SentFile};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Kind, NewRun, NewStep, Store};

pub(crate) const TENANT: &str = "https://acme.knosc.com";

/// A folder that goes away with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir()
            .join(format!("knosc-journal-{}-{number}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("journal.db")
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) const STAMP: Stamp = Stamp {
    size: 100,
    mtime_ns: 1_717_231_522_000_000_001,
    ctime_ns: 1_717_231_523_000_000_002,
    inode: 7,
};

pub(crate) fn step(trigger: Trigger) -> NewStep {
    let file_name = format!("{trigger}.csv");
    NewStep {
        trigger,
        path: Path::new("/exports").join(&file_name),
        file_name,
        stamp: STAMP,
        expected: None,
        unchanged_of: None,
    }
}

pub(crate) fn new_run(id: &str, triggers: &[Trigger]) -> NewRun {
    NewRun {
        id: id.to_owned(),
        tenant: TENANT.to_owned(),
        kind: Kind::Run,
        created_ms: 1_000,
        policy: Policy::default(),
        steps: triggers.iter().copied().map(step).collect(),
    }
}

pub(crate) fn event(at_ms: u64, step: usize, fact: Fact) -> Event {
    Event { at_ms, step, fact }
}

pub(crate) fn started(trigger: Trigger) -> Fact {
    Fact::UploadStarted(SentFile {
        trigger,
        name: format!("{trigger}.csv"),
        size: 100,
        sha256: None,
        seal_follows: true,
    })
}

pub(crate) fn job(trigger: Trigger) -> Job {
    Job { trigger, job_id: format!("{trigger}-upload-1") }
}

pub(crate) fn seen(trigger: Trigger, status: JobStatus) -> JobReport {
    JobReport::of_status(job(trigger), status)
}

pub(crate) fn reset() -> Fault {
    Fault::Transient(Refusal::unanswered("connection reset"))
}

/// The facts of one file that Knosc imported.
pub(crate) fn completed(step: usize, trigger: Trigger) -> Vec<Event> {
    [
        started(trigger),
        Fact::UploadSealed(64),
        Fact::UploadAccepted(job(trigger)),
        Fact::JobObserved(seen(trigger, JobStatus::Completed)),
    ]
    .into_iter()
    .zip(0..)
    .map(|(fact, at_ms)| event(at_ms, step, fact))
    .collect()
}

/// A file with these keys that replaces everything.
pub(crate) fn refreshing(keys: &[u64]) -> Contents {
    Contents {
        action: Action::Refresh,
        key: vec!["_SONumber".to_owned(), "_ItemNumber".to_owned()],
        rows: keys.len() as u64,
        removed_rows: 0,
        present: KeySet::from_sorted(keys.iter().copied(), keys.len()),
        removed: KeySet::default(),
    }
}

/// Which part another process of this program plays, and in which folder.
const PART: &str = "KNOSC_JOURNAL_TEST_PART";

/// This program again, playing one part: the test of that name does it and does not return.
pub(crate) fn other_process(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(PART, folder).stdin(Stdio::null());
    command
}

/// The folder, in the other process.
pub(crate) fn part() -> Option<PathBuf> {
    std::env::var_os(PART).map(PathBuf::from)
}

/// Waits for a file that the other process makes; its death is a failure.
pub(crate) fn wait_for(path: &Path, child: &mut Child) {
    while !path.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the other process ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
