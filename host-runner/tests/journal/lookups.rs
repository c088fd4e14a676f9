//! What the store is asked for besides a run's own facts: earlier files, jobs that are open, row errors, stamps of files.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join_all;
use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::job::{Job, JobReport, JobStatus, RowError};
use knosc_bulk_import::run::Fact;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::Journal as _;
use knosc_runner::journal::sqlite::{Kind, NewRun, Store, StoreError, file};

use super::common::{Folder, TENANT, completed, event, job, new_run, seen, started};

const UNITS: Trigger = Trigger::UnitMaster;
const ITEMS: Trigger = Trigger::ItemMaster;

/// Units are loaded, and the job of the items is watched.
async fn watched(store: &Store, id: &str) {
    store.begin(new_run(id, &[UNITS, ITEMS])).await.unwrap();
    let journal = store.journal(id).await.unwrap();
    assert_eq!(journal.id(), id);
    for event in completed(0, UNITS) {
        journal.append(event).await.unwrap();
    }
    let facts = [started(ITEMS), Fact::UploadSealed(64), Fact::UploadAccepted(job(ITEMS))];
    for (fact, at_ms) in facts.into_iter().zip(10..) {
        journal.append(event(at_ms, 1, fact)).await.unwrap();
    }
}

#[tokio::test]
async fn a_job_that_somebody_looks_at_ends_its_run() {
    let folder = Folder::new("observed");
    let store = folder.store();
    watched(&store, "run-1").await;
    let ended = seen(ITEMS, JobStatus::Completed);
    let nobodys = JobReport::of_status(
        Job { trigger: ITEMS, job_id: "item-master-upload-2".into() },
        JobStatus::Completed,
    );
    assert_eq!(store.observe(TENANT, &nobodys, 50).await.unwrap(), None);
    assert_eq!(store.observe("https://birch.knosc.com", &ended, 50).await.unwrap(), None);
    // A run at work sees for itself.
    let at_work = store.lock(TENANT, vec![ITEMS], "run-1", 50).await.unwrap();
    assert_eq!(folder.store().observe(TENANT, &ended, 50).await.unwrap(), None);
    at_work.release().await.unwrap();
    assert_eq!(store.run("run-1").await.unwrap().steps[1].standing, Standing::Pending);

    assert_eq!(store.observe(TENANT, &ended, 60).await.unwrap().as_deref(), Some("run-1"));
    let run = store.run("run-1").await.unwrap();
    assert_eq!(run.steps[1].standing, Standing::Completed);
    assert_eq!(run.finished_ms, Some(60));
    let events = store.events("run-1").await.unwrap();
    assert_eq!(events.last().unwrap().event, event(60, 1, Fact::JobObserved(ended.clone())));
    // Its end is known now.
    assert_eq!(store.observe(TENANT, &ended, 70).await.unwrap(), None);
}

#[tokio::test]
async fn earlier_files_of_a_trigger_are_told_the_latest_first() {
    let folder = Folder::new("earlier");
    let store = folder.store();
    for id in ["run-1", "run-2", "run-3"] {
        watched(&store, id).await;
    }
    let told = |trigger, but| {
        let store = &store;
        async move {
            let earlier = store.earlier(TENANT, trigger, but).await.unwrap();
            earlier.into_iter().map(|earlier| (earlier.run, earlier.step.step)).collect::<Vec<_>>()
        }
    };
    let run = |id: &str, step| (id.to_owned(), step);
    assert_eq!(told(ITEMS, Some("run-3")).await, [run("run-2", 1), run("run-1", 1)]);
    assert_eq!(told(UNITS, Some("run-1")).await, [run("run-3", 0), run("run-2", 0)]);
    assert_eq!(told(ITEMS, None).await.len(), 3);
    assert_eq!(told(Trigger::Demand, None).await, []);
    assert!(store.earlier("https://birch.knosc.com", ITEMS, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn row_errors_are_kept_by_step_and_of_ended_jobs_alone() {
    let folder = Folder::new("errors-by-step");
    let store = folder.store();
    store.begin(new_run("run-1", &[UNITS, ITEMS])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    let with_error = |trigger, status, row| JobReport {
        errors: vec![RowError { row: Some(row), message: "Unit missing".into() }],
        ..seen(trigger, status)
    };
    for (step, trigger) in [(0, UNITS), (1, ITEMS)] {
        let facts = completed(step, trigger).into_iter().take(3);
        for event in facts {
            journal.append(event).await.unwrap();
        }
        let before = store.row_errors("run-1").await.unwrap().len();
        let running = Fact::JobObserved(with_error(trigger, JobStatus::Running, 9));
        journal.append(event(20, step, running)).await.unwrap();
        assert_eq!(store.row_errors("run-1").await.unwrap().len(), before, "of a job that runs");
        let row = 400 + u64::try_from(step).unwrap();
        let ended = Fact::JobObserved(with_error(trigger, JobStatus::Completed, row));
        journal.append(event(30, step, ended)).await.unwrap();
    }
    let kept = store.row_errors("run-1").await.unwrap();
    let kept: Vec<_> =
        kept.iter().map(|of| (of.step, of.errors.iter().map(|e| e.row).collect())).collect();
    assert_eq!(kept, [(0, vec![Some(400)]), (1, vec![Some(401)])]);
}

#[tokio::test]
async fn a_kind_of_run_comes_back_as_it_was() {
    let folder = Folder::new("kinds");
    let store = folder.store();
    assert_eq!(store.path(), folder.database());
    for kind in [Kind::Upload, Kind::Run, Kind::Pipeline] {
        store.begin(NewRun { kind, ..new_run(kind.word(), &[ITEMS]) }).await.unwrap();
        assert_eq!(store.run(kind.word()).await.unwrap().kind, kind);
    }
}

#[tokio::test]
async fn what_is_refused_takes_nothing_with_it_that_waited_beside_it() {
    let folder = Folder::new("beside");
    let store = folder.store();
    store.begin(new_run("taken", &[ITEMS])).await.unwrap();
    // All of them wait at one time, and share transactions.
    let begun = (0..60).map(|number| {
        let id = if number % 2 == 0 { "taken".to_owned() } else { format!("run-{number}") };
        store.begin(new_run(&id, &[ITEMS]))
    });
    let begun = join_all(begun).await;
    for (number, begun) in begun.into_iter().enumerate() {
        let told =
            if number % 2 == 1 { Ok(()) } else { Err(StoreError::Taken { id: "taken".into() }) };
        assert_eq!(begun, told, "{number}");
    }
    assert_eq!(store.runs(None, 100).await.unwrap().len(), 31);
}

#[tokio::test]
async fn tenants_whose_names_differ_by_one_sign_have_locks_of_their_own() {
    let folder = Folder::new("signs");
    let store = folder.store();
    let mut held = Vec::new();
    for tenant in ["https://a.b", "https://b.b", "https://a-b", "https://b-b", "https://ab"] {
        held.push(store.lock(tenant, vec![ITEMS], "run-1", 5).await.unwrap());
    }
    for locks in held {
        locks.release().await.unwrap();
    }
}

#[test]
fn a_stamp_is_the_files_size_time_and_number() {
    let folder = Folder::new("stamps");
    let path = folder.path().join("items.csv");
    fs::write(&path, "a,b\n").unwrap();
    let moments = [
        (UNIX_EPOCH + Duration::from_millis(1_500), 1_500_000_000),
        (UNIX_EPOCH - Duration::from_millis(1_500), -1_500_000_000),
    ];
    for (moment, mtime_ns) in moments {
        File::options().write(true).open(&path).unwrap().set_modified(moment).unwrap();
        let stamp = file::stamp(&path).unwrap();
        assert_eq!((stamp.size, stamp.mtime_ns), (4, mtime_ns));
        #[cfg(unix)]
        assert_eq!(stamp.inode, std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap()));
    }
}

#[test]
fn what_cannot_be_read_has_no_digest() {
    let folder = Folder::new("no-digest");
    assert!(file::digest(folder.path()).is_err(), "of a folder");
    assert!(file::digest(&folder.path().join("none")).is_err());
}
