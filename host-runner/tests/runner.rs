//! The hosted component in this host, against Knosc on this machine: uploads, runs, and what is known when they break.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod setup;

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::run::{Fact, Outcome, Report};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::CancellationToken;
use knosc_runner::blobs::{BlobSource, FileBlob, MemoryBlob};
use knosc_runner::error::Error;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::progress::Progress;
use knosc_runner::runner::{RunInput, UploadInput};
use local_knosc::{AnswerFault, IntegrationLock, Running, When};
use setup::{ACME, big_blob, export, knosc, quick, runner, runner_as, units};

fn outcomes(report: &Report) -> Vec<&'static str> {
    report.steps.iter().map(|step| step.outcome.word()).collect()
}

fn fault(server: &Running, fault: AnswerFault) {
    server.model().faults_mut(ACME).unwrap().answers.push(fault);
}

fn on_upload(when: When) -> AnswerFault {
    AnswerFault {
        method: Some("POST".into()),
        path: "/api/job/".into(),
        when,
        ..AnswerFault::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_and_watched_to_its_end() {
    let server = knosc();
    let (journal, progress, mut news) = setup::listening();
    let input =
        RunInput { journal: journal.clone(), progress: Some(progress), ..quick(vec![units()]) };
    let report = runner(&server).run_ordered(input).await.unwrap();
    assert_eq!(outcomes(&report), ["completed"]);

    let sent = std::fs::read(export("unit-master.csv")).unwrap();
    let model = server.model();
    assert_eq!(model.upload_posts(), 1);
    assert_eq!(model.uploads()[0].size, sent.len() as u64);
    assert_eq!(model.uploads()[0].file_name, "unit-master.csv");
    assert!(model.requests().all(|request| request.header_names.iter().any(|name| name == "host")));
    drop(model);

    let facts = journal.events();
    assert!(matches!(&facts[0].fact, Fact::UploadStarted(sent) if sent.seal_follows));
    assert!(matches!(facts[1].fact, Fact::UploadSealed(_)));
    assert!(matches!(facts[2].fact, Fact::UploadAccepted(_)));
    let mut sent_bytes = 0;
    while let Ok(item) = news.try_recv() {
        if let Progress::UploadProgress { sent_bytes: now, total_bytes, .. } = item {
            assert_eq!(total_bytes, sent.len() as u64);
            sent_bytes = now;
        }
    }
    assert_eq!(sent_bytes, sent.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirteen_files_go_in_the_documented_order() {
    let server = knosc();
    server.model().knobs_mut().assumed_expire_after_requests = Some(20);
    let mut steps = setup::thirteen();
    steps.reverse();
    steps.swap(2, 9);
    let asked: Vec<Trigger> = steps.iter().map(|(trigger, _)| *trigger).collect();
    let report = runner(&server).run_ordered(quick(steps)).await.unwrap();
    assert!(report.steps.iter().all(|step| step.outcome.is_done()), "{:?}", outcomes(&report));
    assert_eq!(report.steps.iter().map(|step| step.trigger).collect::<Vec<_>>(), asked);
    let sent: Vec<String> =
        server.model().uploads().iter().map(|upload| upload.trigger.clone()).collect();
    assert_eq!(sent, Trigger::ALL.map(|trigger| trigger.name().to_owned()));
    let model = server.model();
    assert!(model.refreshes() + model.sign_in_attempts() > 1, "no session expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_two_factors_loads_too() {
    let server = knosc();
    let runner = runner_as(&server, "two-factor@acme.test", Some(local_knosc::DEFAULT_TOTP_SECRET));
    let report = runner.run_ordered(quick(vec![units()])).await.unwrap();
    assert_eq!(outcomes(&report), ["completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_holds_the_tables_is_waited_for() {
    let server = knosc();
    server.model().set_integration_lock(ACME, IntegrationLock::Polls(4), setup::now_ms());
    let report = runner(&server).run_ordered(quick(vec![units()])).await.unwrap();
    assert_eq!(outcomes(&report), ["completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_refusal_is_read_and_nothing_is_unknown() {
    let server = knosc();
    fault(&server, AnswerFault { status: Some(413), ..on_upload(When::Early) });
    let blob = big_blob("big.csv", 8 << 20);
    let error = runner(&server).upload(UploadInput::new(Trigger::Demand, blob)).await.unwrap_err();
    let Error::Fault(Fault::PermanentRejected(refusal)) = &error else { panic!("{error:?}") };
    assert_eq!(refusal.status, Some(413));
    assert_eq!(server.model().uploads().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_401_is_answered_with_one_renewal() {
    let server = knosc();
    // A small file has left whole by then, so that the answer has to show whose it is.
    let body = Some(r#"{"msg": "Token has expired"}"#.to_owned());
    fault(&server, AnswerFault { status: Some(401), body, ..on_upload(When::Early) });
    let report = runner(&server).run_ordered(quick(vec![units()])).await.unwrap();
    assert_eq!(outcomes(&report), ["completed"]);
    assert_eq!(server.model().uploads().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_file_without_an_answer_is_unknown_and_never_sent_again() {
    let bent = [
        AnswerFault { drop: true, ..on_upload(When::After) },
        AnswerFault { status: Some(502), ..on_upload(When::After) },
        AnswerFault { body: Some("<html>".into()), ..on_upload(When::After) },
        AnswerFault { body: Some("{\"status\":\"queued\"}".into()), ..on_upload(When::After) },
    ];
    for bend in bent {
        let server = knosc();
        let journal = Arc::new(MemoryJournal::new());
        fault(&server, bend.clone());
        let input = RunInput { journal: journal.clone(), ..quick(vec![units()]) };
        let runner = runner(&server);
        let report = runner.run_ordered(input.clone()).await.unwrap();
        assert_eq!(outcomes(&report), ["unknown"], "{bend:?}");
        let again = runner.run_ordered(input).await.unwrap();
        assert_eq!(outcomes(&again), ["unknown"], "{bend:?}");
        assert_eq!(server.model().upload_posts(), 1, "{bend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_never_named_is_lost() {
    let server = knosc();
    server.model().faults_mut(ACME).unwrap().polls.omit = 5;
    let report = runner(&server).run_ordered(quick(vec![units()])).await.unwrap();
    assert_eq!(outcomes(&report), ["lost"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_errors_stop_the_run_and_are_reported() {
    let server = knosc();
    server.model().faults_mut(ACME).unwrap().jobs.errors = Some(3);
    let report = runner(&server).run_ordered(quick(setup::thirteen())).await.unwrap();
    let first = report.steps.iter().find(|step| step.trigger == Trigger::UnitMaster).unwrap();
    let Outcome::Failed(job) = &first.outcome else { panic!("{:?}", first.outcome) };
    assert_eq!((job.status.clone(), job.errors.len()), (JobStatus::Failed, 3));
    assert_eq!(outcomes(&report).iter().filter(|word| **word == "not-started").count(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_streams_past_the_component() {
    let server = knosc();
    server.model().knobs_mut().discard_content = true;
    // As much as all the memory that the component may have: it does not pass through it.
    let blob = big_blob("large.csv", 64 << 20);
    let report = runner(&server).upload(UploadInput::new(Trigger::Demand, blob)).await.unwrap();
    assert_eq!(report.job.trigger, Trigger::Demand);
    assert_eq!(server.model().uploads()[0].size, 64 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_is_never_completed() {
    let server = knosc();
    let changing = Arc::new(setup::ChangingBlob::new(8 << 20));
    let sent = runner(&server).upload(UploadInput::new(Trigger::Demand, changing)).await;
    assert!(matches!(sent, Err(Error::Fault(_))), "{sent:?}");
    assert_eq!(server.model().uploads().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_rows_goes_where_its_owner_means_it() {
    let server = knosc();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    let orders = std::fs::read_to_string(export("sales-orders.csv")).unwrap();
    std::fs::write(&path, orders.lines().next().unwrap()).unwrap();
    let input = |blob: FileBlob| quick(vec![(Trigger::Demand, Arc::new(blob))]);
    let blob = FileBlob::open(&path).unwrap();
    let refused = runner(&server).run_ordered(input(blob)).await;
    assert!(matches!(refused, Err(Error::Fault(Fault::PermanentInvalid(_)))), "{refused:?}");
    assert_eq!(server.model().upload_posts(), 0);
    let blob = FileBlob::open(&path).unwrap().allowing_empty();
    let report = runner(&server).run_ordered(input(blob)).await.unwrap();
    assert_eq!(outcomes(&report), ["completed"]);
    assert_eq!(server.model().upload_posts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_never_looks_whole() {
    let server = knosc();
    let (blob, reached) = setup::StallingBlob::new(8 << 20);
    let cancel = CancellationToken::new();
    let input =
        RunInput { cancel: cancel.clone(), ..quick(vec![(Trigger::Demand, Arc::new(blob))]) };
    let runner = runner(&server);
    let running = tokio::spawn(async move { runner.run_ordered(input).await });
    reached.notified().await;
    cancel.cancel();
    let error = running.await.unwrap().unwrap_err();
    let Error::Cancelled { report: Some(report) } = error else { panic!("{error:?}") };
    assert_eq!(outcomes(&report), ["refused"]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.model().uploads().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_that_is_sealed_waits_for_its_answer() {
    let server = knosc();
    fault(&server, AnswerFault { delay_ms: 500, ..on_upload(When::After) });
    let (journal, progress, mut news) = setup::listening();
    let cancel = CancellationToken::new();
    let input = RunInput {
        journal,
        progress: Some(progress),
        cancel: cancel.clone(),
        ..quick(vec![units()])
    };
    let runner = runner(&server);
    let running = tokio::spawn(async move { runner.run_ordered(input).await });
    while let Some(item) = news.recv().await {
        if matches!(&item, Progress::Event(event) if matches!(event.fact, Fact::UploadSealed(_))) {
            cancel.cancel();
            break;
        }
    }
    let error = running.await.unwrap().unwrap_err();
    let Error::Cancelled { report: Some(report) } = error else { panic!("{error:?}") };
    assert_eq!(outcomes(&report), ["pending"], "accepted, and not unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_no_fact_of_a_run() {
    let server = knosc();
    let runner = setup::runner_with(&server, local_knosc::DEFAULT_USER, "wrong", None);
    let journal = Arc::new(MemoryJournal::new());
    let input = RunInput { journal: journal.clone(), ..quick(vec![units()]) };
    assert!(matches!(runner.run_ordered(input).await, Err(Error::SignIn(_))));
    assert_eq!((journal.events().len(), server.model().sign_in_attempts()), (0, 1));
}

#[test]
fn compiled_code_is_found_again_and_a_broken_cache_is_no_error() {
    let dir = std::env::temp_dir().join(format!("knosc-cache-{}", std::process::id()));
    let config = knosc_runner::engine::RuntimeConfig {
        cache_dir: Some(dir.clone()),
        ..knosc_runner::engine::RuntimeConfig::default()
    };
    let open = || {
        let began = std::time::Instant::now();
        let runtime = knosc_runner::engine::Runtime::new(config.clone()).unwrap();
        (runtime.is_from_cache(), began.elapsed())
    };
    let (compiled, loaded) = (open(), open());
    assert!(!compiled.0 && loaded.0);
    assert!(loaded.1 * 4 < compiled.1, "{:?} to load, {:?} to compile", loaded.1, compiled.1);
    for entry in std::fs::read_dir(&dir).unwrap() {
        std::fs::write(entry.unwrap().path(), b"no code").unwrap();
    }
    assert!(!open().0);
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_file_blob_knows_when_it_was_replaced() {
    let path = std::env::temp_dir().join(format!("knosc-blob-{}.csv", std::process::id()));
    std::fs::write(&path, b"a,b\n1,2\n").unwrap();
    let blob = FileBlob::open(&path).unwrap();
    let before = blob.version().unwrap();
    assert_eq!(before, blob.version().unwrap());
    let twin = path.with_extension("new");
    std::fs::write(&twin, b"a,b\n3,4\n").unwrap();
    std::fs::rename(&twin, &path).unwrap();
    assert_ne!(before, blob.version().unwrap());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(MemoryBlob::new("x.csv", &b"x"[..]).size(), 1);
}
