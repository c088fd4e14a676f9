//! What a fold and a decoder cost as their input grows: in proportion to it, never with its square.
//!
//! Compares two sizes on the same machine in the same second. The factor is very loose, for a square would be a hundred times as much again.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test measures, tells, and fails by panicking"
)]

use std::time::{Duration, Instant};

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{ERRORS_MAX, Job, JobReport, JobStatus};
use knosc_bulk_import::plan::{FILES_MAX, Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::protocol::poll;
use knosc_bulk_import::run::{Command, Event, Fact, Resolution, Run, SentFile};
use knosc_bulk_import::trigger::Trigger;

const SMALL: usize = 1_000;
const LARGE: usize = 100_000;

/// What `LARGE` may cost over what `SMALL` does: a hundred if it is linear, ten thousand if it is a square. Beside ten busy
/// processes, long work is interrupted and short work is not: 900 was seen.
const RATIO_MAX: f64 = 5_000.0;

/// The least of three, so that a busy machine is not measured.
fn least(mut work: impl FnMut()) -> Duration {
    let mut time = || {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    time().min(time()).min(time())
}

fn check(what: &str, mut cost: impl FnMut(usize) -> Duration) {
    let (tiny, small, large) = (cost(10), cost(SMALL), cost(LARGE));
    let ratio = large.as_secs_f64() / small.as_secs_f64().max(1e-5);
    eprintln!("{what}: 10 {tiny:?}, {SMALL} {small:?}, {LARGE} {large:?}, ratio {ratio:.0}");
    assert!(ratio < RATIO_MAX, "{what}: a hundred times as much costs {ratio:.0} times as much");
}

fn plan(count: usize) -> Plan {
    let file = |index| Planned { trigger: Trigger::Demand, file_name: format!("{index}.csv") };
    Plan::new((0..count).map(file).collect(), true).unwrap()
}

fn job() -> Job {
    Job { trigger: Trigger::Demand, job_id: "demand-upload-a1b2c3".into() }
}

fn started(index: usize) -> Fact {
    let name = format!("{index}.csv");
    let file =
        SentFile { trigger: Trigger::Demand, name, size: 9, sha256: None, seal_follows: true };
    Fact::UploadStarted(file)
}

/// A history in which no fact repeats the one before: uploads that a person lets go again and again.
fn history(count: usize) -> Vec<Event> {
    let refused = Fault::Transient(Refusal::unanswered("no connection"));
    let ended = Fact::UploadEnded(refused);
    let facts = [started(0), ended, Fact::Resolved(Resolution::NotAccepted)];
    let event = |(at_ms, fact)| Event { at_ms, step: 0, fact };
    (0..).zip(facts.into_iter().cycle()).map(event).take(count).collect()
}

#[test]
fn a_recovery_costs_as_much_as_its_history_is_long() {
    check("recover, events", |count| {
        let history = history(count);
        least(|| {
            let run = Run::recover(plan(1), Policy::default(), &history, 0).unwrap();
            assert_eq!(run.history().len(), count);
        })
    });
}

#[test]
fn a_poll_costs_as_much_as_its_answer_is_long() {
    check("poll, row errors", |count| {
        let error = r#"{"row":413,"message":"Item Unit 'EACH' not found in Unit Master"}"#;
        let body = format!(
            r#"{{"jobs":[{{"trigger":"demand","job_id":"{}","status":"failed","errors":[{}]}}]}}"#,
            job().job_id,
            vec![error; count].join(",")
        );
        least(|| {
            let reports = poll::read(&[job()], 200, &[], body.as_bytes(), 0).unwrap();
            assert_eq!(reports[0].errors.len(), count.min(ERRORS_MAX));
        })
    });
}

/// The machine's own work for each poll does not grow with the polls before it, and neither does what it remembers.
#[test]
fn polls_cost_the_same_however_many_there_were() {
    check("polls of one run", |count| {
        least(|| {
            let mut run = Run::new(plan(1), Policy::default());
            for fact in [started(0), Fact::UploadAccepted(job())] {
                run.apply(Event { at_ms: 0, step: 0, fact }).unwrap();
            }
            for at_ms in 0..count as u64 {
                let report = JobReport::of_status(job(), JobStatus::Running);
                run.apply(Event { at_ms, step: 0, fact: Fact::JobObserved(report) }).unwrap();
                assert!(!matches!(run.next(at_ms), Command::Upload(_)));
            }
            assert_eq!(run.history().len(), 3);
        })
    });
}

/// The largest plan there is: each file is looked at once for each fact of a start, and that is quick enough.
#[test]
fn the_largest_plan_is_run_in_no_time() {
    let began = Instant::now();
    let mut run = Run::new(plan(FILES_MAX), Policy::default());
    for index in 0..FILES_MAX {
        assert_eq!(run.next(0), Command::Upload(index));
        let done = JobReport::of_status(job(), JobStatus::Completed);
        for fact in [started(index), Fact::UploadAccepted(job()), Fact::JobObserved(done)] {
            run.apply(Event { at_ms: 0, step: index, fact }).unwrap();
        }
    }
    assert!(matches!(run.next(0), Command::Finish(_)));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
