//! Events: what is written comes back, what does not fit is refused, and repeated polls are not written.

use std::sync::Arc;

use knosc_bulk_import::admission::{Digest, Standing};
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{JobReport, JobStatus, RowError};
use knosc_bulk_import::run::{Fact, Outcome, Resolution};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::StoreError;
use knosc_runner::journal::{Journal as _, JournalError};

use super::common::{Folder, completed, event, job, new_run, reset, seen, started};

const ITEMS: Trigger = Trigger::ItemMaster;

fn refusal() -> Refusal {
    Refusal {
        status: Some(502),
        code: Some("A.B".into()),
        message: "no \"gateway\"\n".into(),
        retry_after_ms: Some(5),
    }
}

/// Each fact that a step can have, in runs that fit.
fn histories() -> Vec<Vec<Fact>> {
    let begun = || vec![started(ITEMS), Fact::UploadSealed(u32::MAX)];
    let watched =
        |facts: Vec<Fact>| [begun(), vec![Fact::UploadAccepted(job(ITEMS))], facts].concat();
    let ended = |fault| [begun(), vec![Fact::UploadEnded(fault)]].concat();
    let full = JobReport {
        rows_processed: Some(u64::MAX),
        errors_omitted: 3,
        errors_cut: true,
        completed_at: Some("2024-06-01T08:45:22Z".into()),
        ..seen(ITEMS, JobStatus::Completed)
    };
    vec![
        watched(vec![
            Fact::JobObserved(seen(ITEMS, JobStatus::Queued)),
            Fact::JobObserved(seen(ITEMS, JobStatus::Running)),
            Fact::PollFailed(reset()),
            Fact::PollFailed(Fault::PermanentUnauthorized(refusal())),
            Fact::JobObserved(seen(ITEMS, JobStatus::Missing)),
            Fact::JobObserved(seen(ITEMS, JobStatus::Other("missing".into()))),
            Fact::JobObserved(full),
        ]),
        watched(vec![Fact::JobObserved(seen(ITEMS, JobStatus::Failed))]),
        ended(Fault::ExecutionFailed),
        ended(Fault::PermanentInvalid("a".into())),
        ended(Fault::PermanentDenied("b".into())),
        ended(Fault::PermanentRejected(refusal())),
        [
            ended(Fault::PermanentOutcomeUnknown(refusal())),
            vec![Fact::Resolved(Resolution::NotAccepted), started(ITEMS)],
        ]
        .concat(),
        [
            ended(Fault::PermanentOutcomeUnknown(refusal())),
            vec![Fact::Resolved(Resolution::Accepted(job(ITEMS)))],
        ]
        .concat(),
    ]
}

#[tokio::test]
async fn every_fact_comes_back_as_it_was() {
    let folder = Folder::new("facts");
    for (number, facts) in histories().into_iter().enumerate() {
        let id = format!("run-{number}");
        let store = folder.store();
        store.begin(new_run(&id, &[ITEMS])).await.unwrap();
        let journal = store.journal(&id).await.unwrap();
        for (fact, at_ms) in facts.iter().zip(5..) {
            journal.append(event(at_ms, 0, fact.clone())).await.unwrap();
        }
        let known = journal.run().report();
        drop((journal, store));
        // Another process would see no more than this.
        let reopened = folder.store().journal(&id).await.unwrap();
        let history = reopened.history().await.unwrap();
        assert_eq!(history.iter().map(|event| event.fact.clone()).collect::<Vec<_>>(), facts);
        assert_eq!(reopened.run().report(), known);
    }
}

#[tokio::test]
async fn a_step_is_told_with_its_outcome_job_and_digest() {
    let folder = Folder::new("outcome");
    let store = folder.store();
    store.begin(new_run("run-1", &[ITEMS])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    let standings = [Standing::Refused, Standing::Unknown, Standing::Pending, Standing::Completed];
    for (event, standing) in completed(0, ITEMS).into_iter().zip(standings) {
        if matches!(event.fact, Fact::UploadSealed(_)) {
            journal.digest(0, [7; 16]).await.unwrap();
        }
        journal.append(event).await.unwrap();
        let run = store.run("run-1").await.unwrap();
        assert_eq!(run.steps[0].standing, standing);
        assert_eq!(run.finished_ms.is_some(), standing == Standing::Completed);
    }
    let run = store.run("run-1").await.unwrap();
    assert_eq!(run.steps[0].digest, Some(Digest([7; 16])));
    assert_eq!(run.steps[0].job_id.as_deref(), Some("item-master-upload-1"));
}

#[tokio::test]
async fn an_event_that_does_not_fit_is_refused_and_the_next_one_is_taken() {
    let folder = Folder::new("unfit");
    let store = folder.store();
    store.begin(new_run("run-1", &[ITEMS])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    let early = journal.record(event(0, 0, Fact::UploadSealed(1))).await;
    assert!(matches!(early, Err(StoreError::Illegal(_))), "{early:?}");
    let foreign = journal.record(event(0, 9, started(ITEMS))).await;
    assert!(matches!(foreign, Err(StoreError::Illegal(_))), "{foreign:?}");
    journal.record(event(0, 0, started(ITEMS))).await.unwrap();
    assert_eq!(store.events("run-1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_writer_of_a_run_is_found_out() {
    let folder = Folder::new("second-writer");
    let store = folder.store();
    store.begin(new_run("run-1", &[ITEMS])).await.unwrap();
    let first = store.journal("run-1").await.unwrap();
    let second = folder.store().journal("run-1").await.unwrap();
    first.append(event(0, 0, started(ITEMS))).await.unwrap();
    let overtaken = second.append(event(0, 0, started(ITEMS))).await;
    assert!(matches!(overtaken, Err(JournalError::Locked { .. })), "{overtaken:?}");
    // And it takes nothing more, whatever would fit.
    assert!(second.append(event(1, 0, Fact::UploadSealed(1))).await.is_err());
    first.append(event(1, 0, Fact::UploadSealed(1))).await.unwrap();
    assert_eq!(store.events("run-1").await.unwrap().len(), 2);
}

#[tokio::test]
async fn polls_that_change_nothing_are_not_written() {
    let folder = Folder::new("polls");
    let store = folder.store();
    store.begin(new_run("run-1", &[ITEMS])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    for event in completed(0, ITEMS).into_iter().take(3) {
        journal.append(event).await.unwrap();
    }
    let poll = |at_ms| event(at_ms, 0, Fact::JobObserved(seen(ITEMS, JobStatus::Running)));
    journal.append(poll(10)).await.unwrap();
    let before = size_of_files(&folder);
    for at_ms in 11..100_011 {
        journal.append(poll(at_ms)).await.unwrap();
    }
    assert_eq!(size_of_files(&folder), before, "the journal grew");
    let history = journal.history().await.unwrap();
    assert_eq!(history.len(), 4, "memory grew");
    assert_eq!(history[3].at_ms, 100_010, "the last poll is the one that is known");
    assert_eq!(store.events("run-1").await.unwrap().len(), 4);
}

fn size_of_files(folder: &Folder) -> u64 {
    let files = std::fs::read_dir(folder.path()).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[tokio::test]
async fn row_errors_of_a_failed_job_are_kept_beside_the_event() {
    let folder = Folder::new("row-errors");
    let store = folder.store();
    store.begin(new_run("run-1", &[ITEMS])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    let errors = vec![
        RowError { row: Some(413), message: "Unit missing".into() },
        RowError { row: None, message: "and more".into() },
    ];
    let failed =
        JobReport { errors: errors.clone(), errors_omitted: 5, ..seen(ITEMS, JobStatus::Failed) };
    for event in completed(0, ITEMS).into_iter().take(3) {
        journal.append(event).await.unwrap();
    }
    journal.append(event(9, 0, Fact::JobObserved(failed))).await.unwrap();
    let store = folder.store();
    let kept = store.row_errors("run-1").await.unwrap();
    assert_eq!((kept[0].step, &kept[0].errors), (0, &errors));
    let report = store.journal("run-1").await.unwrap().run().report();
    let Outcome::Failed(job) = &report.steps[0].outcome else { panic!("{report:?}") };
    assert_eq!((job.errors.len(), job.errors_omitted), (0, 7));
}

#[tokio::test]
async fn a_run_is_found_by_as_much_of_its_id_as_names_one() {
    let folder = Folder::new("find");
    let store = folder.store();
    for id in ["20240601-084522-k3f7", "20240601-084523-a000", "20240601"] {
        store.begin(new_run(id, &[ITEMS])).await.unwrap();
    }
    for (asked, found) in [
        ("20240601-084522-k3f7", Some("20240601-084522-k3f7")),
        ("k3f7", Some("20240601-084522-k3f7")),
        ("20240601-084523", Some("20240601-084523-a000")),
        ("20240601", Some("20240601")),
        ("2024060", None),
        ("3f7", None),
        ("%", None),
        ("", None),
    ] {
        assert_eq!(store.find(asked).await.ok().as_deref(), found, "{asked}");
    }
}

#[tokio::test]
async fn a_decision_says_who_made_it() {
    let folder = Folder::new("resolve");
    let store = folder.store();
    store.begin(new_run("run-1", &[ITEMS])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    for event in completed(0, ITEMS).into_iter().take(2) {
        journal.append(event).await.unwrap();
    }
    let resolution = Resolution::NotAccepted;
    journal.resolve(0, resolution, "me@here".into(), 77).await.unwrap();
    let events = store.events("run-1").await.unwrap();
    assert_eq!(events[2].actor.as_deref(), Some("me@here"));
    assert_eq!(events[2].event.at_ms, 77);
    assert_eq!(store.run("run-1").await.unwrap().steps[0].standing, Standing::NotStarted);
    let again = journal.resolve(0, Resolution::NotAccepted, "me@here".into(), 78).await;
    assert!(matches!(again, Err(StoreError::Illegal(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_runs_write_at_once_and_each_in_its_order() {
    let folder = Folder::new("many");
    let store = Arc::new(folder.store());
    let runs = (0..1_000).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let id = format!("run-{number}");
            store.begin(new_run(&id, &[ITEMS])).await.unwrap();
            let journal = store.journal(&id).await.unwrap();
            for event in completed(0, ITEMS) {
                journal.append(event).await.unwrap();
            }
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
    let runs = folder.store().runs(None, 2_000).await.unwrap();
    assert_eq!(runs.len(), 1_000);
    assert!(runs.iter().all(|run| run.steps[0].standing == Standing::Completed));
}
