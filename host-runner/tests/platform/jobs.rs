//! `jobs` of a pipeline: whole runs, calls whose pipeline is stopped in the middle of them, and what is noted of each.

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::run::{Fact, Report, Resolution};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::error::Error;
use knosc_runner::journal::JournalError;
use knosc_runner::platform::journals::{Begun, NewCall};
use knosc_runner::platform::{JobCall, Journals, PipelineEnd, PipelineEvent, Submission};
use local_knosc::{AnswerFault, When};

use crate::host::{EGRESS, Host};
use crate::kept::Kept;
use crate::template;

/// Triggers of both inputs, the second one to be loaded first; and a job that Knosc does not know.
const FIELDS: &str = r#"(data (i32.const 800) "item-master") (data (i32.const 816) "unit-master")"#;

/// Both inputs as steps.
const STEPS: &str = "
  (i32.store (i32.const 300) (i32.const 800)) (i32.store (i32.const 304) (i32.const 11))
  (i32.store (i32.const 308) (i32.load (local.get $inputs)))
  (i32.store (i32.const 312) (i32.const 816)) (i32.store (i32.const 316) (i32.const 11))
  (i32.store (i32.const 320) (i32.load offset=4 (local.get $inputs)))";

/// Loads them, with so much patience for a queued job; traps where that is a fault.
fn run(queued_max_ms: u64) -> String {
    format!(
        "{STEPS} (call $run-ordered (i32.const 300) (i32.const 2) (i32.const 10) (i32.const 50)
           (i64.const {queued_max_ms}) (i64.const 3600000) (i32.const 0) (i32.const 832))
         (if (i32.load8_u (i32.const 832)) (then (unreachable))) (i32.const 16)"
    )
}

/// Sends the first one, and does not look at the answer.
const UPLOAD: &str = "(call $upload (i32.const 800) (i32.const 11) (i32.load (local.get $inputs)) (i32.const 832)) (i32.const 16)";

/// Asks for a job once.
const POLL: &str = "
  (i32.store (i32.const 300) (i32.const 800)) (i32.store (i32.const 304) (i32.const 11))
  (i32.store (i32.const 308) (i32.const 512)) (i32.store (i32.const 312) (i32.const 5))
  (call $poll-jobs (i32.const 300) (i32.const 1) (i32.const 832)) (i32.const 16)";

fn submission(body: &str) -> Submission {
    let text = template::text("", FIELDS, body, "a", "b");
    let component = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let input = |name| -> Arc<dyn BlobSource> { Arc::new(MemoryBlob::new(name, &b"rows"[..])) };
    let inputs = vec![input("items.csv"), input("units.csv")];
    Submission { component, inputs, settings: Vec::new(), limits: None }
}

/// A host whose Knosc counts files and looks at no row.
fn host(limits: &str, journals: Arc<dyn Journals>) -> Host {
    let host = Host::keeping(limits, EGRESS, journals);
    host.knosc.model().knobs_mut().discard_content = true;
    host
}

fn bend(host: &Host, fault: AnswerFault) {
    host.knosc.model().faults_mut("acme").unwrap().answers.push(fault);
}

fn words(report: &Report) -> Vec<(Trigger, &'static str)> {
    report.steps.iter().map(|step| (step.trigger, step.outcome.word())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_a_pipeline_is_sent_in_the_documented_order() {
    let journals = Arc::<Kept>::default();
    let host = host("", Arc::clone(&journals) as Arc<dyn Journals>);
    let mut pipeline = host.platform.submit("acme", submission(&run(60_000))).await.unwrap();
    let mut events = pipeline.events().unwrap();
    assert!(pipeline.events().is_none(), "they are given once");
    let report = pipeline.report().await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok(String::new())));
    let [JobCall::Run(run)] = &report.calls[..] else { panic!("{:?}", report.calls) };
    let completed = [(Trigger::ItemMaster, "completed"), (Trigger::UnitMaster, "completed")];
    assert_eq!(words(run), completed);
    let sent: Vec<_> = host.knosc.model().uploads().iter().map(|one| one.trigger.clone()).collect();
    assert_eq!(sent, ["unit-master", "item-master"]);
    assert_eq!(journals.events(), std::slice::from_ref(&run.events).to_vec());
    assert_eq!(report.used.job_calls, 1);

    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        told.push(event);
    }
    assert_eq!(told.first(), Some(&PipelineEvent::CallBegan("run-ordered")));
    assert_eq!(told.last(), Some(&PipelineEvent::CallEnded));
    assert!(told.iter().any(|event| matches!(event, PipelineEvent::Progress(_))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_ends_though_its_pipeline_was_stopped() {
    for (body, method, calls) in
        [(run(60_000), "POST", 1), (UPLOAD.to_owned(), "POST", 1), (POLL.to_owned(), "GET", 0)]
    {
        let journals = Arc::<Kept>::default();
        let host = host("", Arc::clone(&journals) as Arc<dyn Journals>);
        // Long enough that the stop comes first, also on a busy machine.
        let (method, path) = (Some(method.to_owned()), "/api/job".to_owned());
        bend(&host, AnswerFault { method, path, delay_ms: 5_000, ..AnswerFault::default() });
        let mut pipeline = host.platform.submit("acme", submission(&body)).await.unwrap();
        let mut events = pipeline.events().unwrap();
        // Knosc took it, and holds its answer back.
        while !host.knosc.model().requests().any(|request| request.path.starts_with("/api/job")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        host.platform.stop("acme");
        let report = pipeline.report().await;
        assert_eq!(report.end, PipelineEnd::Cancelled);
        let mut last = None;
        while let Some(event) = events.recv().await {
            last = Some(event);
        }
        assert_eq!(last, Some(PipelineEvent::CallEnded), "{body}");
        assert_eq!(report.calls.len(), calls, "{:?}", report.calls);
        for call in &report.calls {
            let (JobCall::Run(known) | JobCall::Upload(known)) = call else { panic!("{call:?}") };
            let outcomes: Vec<_> = known.steps.iter().map(|step| step.outcome.word()).collect();
            assert!(outcomes.contains(&"pending"), "{outcomes:?}");
            assert!(!outcomes.contains(&"unknown"), "{outcomes:?}");
        }
        for events in journals.events() {
            let last = events.last().map(|event| &event.fact);
            assert!(matches!(last, Some(Fact::UploadAccepted(_))), "{events:?}");
        }
        assert_eq!(host.knosc.model().uploads().len(), calls);
        assert_eq!(host.scratch_files(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_call_counts_against_the_policy() {
    // Longer in the queue than the pipeline's own time.
    let host = host("cpu = \"1s\"\nwall = \"2s\"", Arc::<Kept>::default());
    host.knosc.model().knobs_mut().queued_ms = 1_500;
    let report =
        host.platform.submit("acme", submission(&run(60_000))).await.unwrap().report().await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok(String::new())));
    assert!(report.used.took > Duration::from_secs(2), "{:?}", report.used);

    // Longer than the pipeline's patience: it is told so, and the file is not lost.
    host.knosc.model().knobs_mut().queued_ms = 600_000;
    let report =
        host.platform.submit("acme", submission(&run(1_000))).await.unwrap().report().await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok(String::new())));
    let [JobCall::Run(run)] = &report.calls[..] else { panic!("{:?}", report.calls) };
    let patience_over = [(Trigger::ItemMaster, "not-started"), (Trigger::UnitMaster, "pending")];
    assert_eq!(words(run), patience_over);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_not_taken_is_noted_once() {
    for (status, when, drop, word) in [
        (Some(400), When::Before, false, "refused"),
        (Some(500), When::After, false, "unknown"),
        (None, When::After, true, "unknown"),
    ] {
        for body in [UPLOAD.to_owned(), run(60_000)] {
            let host = host("", Arc::<Kept>::default());
            let method = Some("POST".to_owned());
            let refusal = r#"{"Message": "No", "Code": "Items.NotFound"}"#;
            let said = (word == "refused").then(|| refusal.to_owned());
            let fault = AnswerFault { method, when, status, drop, ..AnswerFault::default() };
            bend(&host, AnswerFault { body: said, ..fault });
            let report =
                host.platform.submit("acme", submission(&body)).await.unwrap().report().await;
            let [JobCall::Run(known) | JobCall::Upload(known)] = &report.calls[..] else {
                panic!("{status:?}: {:?}", report.calls)
            };
            let words: Vec<_> = known.steps.iter().map(|step| step.outcome.word()).collect();
            assert_eq!(
                words.iter().filter(|one| **one == word).count(),
                1,
                "{status:?}: {words:?}"
            );
            let counted = host.platform.counters();
            assert_eq!(counted.0["acme"].steps.get(word), Some(&1), "{counted:?}");
            let undecided = u64::from(word == "unknown");
            let gauge = |figure| format!("knosc_outcomes_undecided{{tenant=\"acme\"}} {figure}\n");
            assert!(host.platform.prometheus().contains(&gauge(undecided)));
            host.platform.resolved("acme", "a-run", &Resolution::NotAccepted);
            assert!(host.platform.prometheus().contains(&gauge(0)));
            // Of processes before this one the host tells; a person decides on those too.
            host.platform.undecided_before("acme", 2);
            host.platform.resolved("acme", "an-earlier-run", &Resolution::NotAccepted);
            assert!(host.platform.prometheus().contains(&gauge(1)));
            assert!(
                host.audit().contains(" acme a-run resolved \"not accepted\""),
                "{}",
                host.audit()
            );
        }
    }
}

/// A host whose journal cannot be written.
struct Full;

impl Journals for Full {
    fn begin<'a>(&'a self, _: NewCall<'a>) -> BoxFuture<'a, Result<Begun, Error>> {
        Box::pin(async { Err(JournalError::Write("no room".to_owned()).into()) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_without_a_journal_and_that_is_noted_once() {
    let host = host("", Arc::new(Full));
    let report = host.platform.submit("acme", submission(UPLOAD)).await.unwrap().report().await;
    assert!(matches!(report.calls[..], [JobCall::Failed(_)]), "{:?}", report.calls);
    assert_eq!(host.knosc.model().requests().count(), 0);
}
