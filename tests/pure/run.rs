//! The run machine: scripts of facts, cuts after every fact, and the patience of a watch.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "run/watch.rs"]
mod watch;

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus, RowError};
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::{MISSING_POLLS_MAX, POLL_FAILURES_MAX, Policy};
use knosc_bulk_import::run::{Command, Event, Fact, Mismatch, Outcome, Resolution, Run, SentFile};
use knosc_bulk_import::trigger::Trigger;

const POLICY: Policy = Policy {
    poll_interval_min_ms: 1_000,
    poll_interval_max_ms: 30_000,
    queued_max_ms: 60_000,
    running_max_ms: 120_000,
    allow_repeated_trigger: false,
};

fn plan(triggers: &[Trigger]) -> Plan {
    let files = triggers
        .iter()
        .map(|trigger| Planned { trigger: *trigger, file_name: format!("{trigger}.csv") });
    Plan::new(files.collect(), false).unwrap()
}

fn one() -> Plan {
    plan(&[Trigger::UnitMaster])
}

fn job(trigger: Trigger) -> Job {
    Job { trigger, job_id: format!("{trigger}-upload-a1b2c3") }
}

fn sent(trigger: Trigger, seal_follows: bool) -> Fact {
    let name = format!("{trigger}.csv");
    Fact::UploadStarted(SentFile { trigger, name, size: 9, sha256: None, seal_follows })
}

fn observed(status: JobStatus) -> Fact {
    Fact::JobObserved(JobReport::of_status(job(Trigger::UnitMaster), status))
}

fn unit(facts: &[Fact]) -> Vec<Event> {
    let at = |index: usize| 1_000 * index as u64;
    facts
        .iter()
        .enumerate()
        .map(|(index, fact)| Event { at_ms: at(index), step: 0, fact: fact.clone() })
        .collect()
}

fn started() -> Fact {
    sent(Trigger::UnitMaster, true)
}

fn accepted() -> Fact {
    Fact::UploadAccepted(job(Trigger::UnitMaster))
}

fn transient() -> Fault {
    Fault::Transient(Refusal::unanswered("no connection"))
}

/// Folds facts of one step and compares the word of its outcome, and whether the file would be sent (again).
fn check(facts: &[Fact], outcome: &str, sends: bool) {
    let run = Run::replay(one(), POLICY, &unit(facts)).unwrap();
    assert_eq!(run.report().steps[0].outcome.word(), outcome, "{facts:?}");
    assert_eq!(run.next(1_000_000) == Command::Upload(0), sends, "{facts:?}");
}

#[test]
fn what_a_history_says_of_a_file() {
    let unknown = Fault::PermanentOutcomeUnknown(Refusal::unanswered("reset"));
    let rejected = Fault::PermanentRejected(Refusal::unanswered("no"));
    let seal = || Fact::UploadSealed(40);
    let resolved = |resolution| Fact::Resolved(resolution);
    let resolved_job = || Resolution::Accepted(job(Trigger::UnitMaster));
    check(&[], "not-started", true);
    check(&[started()], "refused", true);
    check(&[started(), started()], "refused", true);
    check(&[started(), seal()], "unknown", false);
    check(&[sent(Trigger::UnitMaster, false)], "unknown", false);
    check(&[started(), seal(), accepted()], "pending", false);
    check(&[started(), Fact::UploadEnded(transient())], "refused", false);
    check(&[started(), seal(), Fact::UploadEnded(rejected.clone())], "refused", false);
    check(&[started(), seal(), Fact::UploadEnded(unknown.clone())], "unknown", false);
    check(&[started(), Fact::UploadEnded(Fault::ExecutionFailed)], "refused", false);
    check(&[started(), seal(), Fact::UploadEnded(Fault::ExecutionFailed)], "unknown", false);
    let foreign = sent(Trigger::UnitMaster, false);
    check(&[foreign, Fact::UploadEnded(Fault::ExecutionFailed)], "unknown", false);
    let lost = || [started(), seal(), Fact::UploadEnded(unknown.clone())].to_vec();
    let with = |fact| [lost(), vec![fact]].concat();
    check(&with(resolved(Resolution::NotAccepted)), "not-started", true);
    check(&with(resolved(resolved_job())), "pending", false);
    let refused = [started(), Fact::UploadEnded(rejected), resolved(Resolution::NotAccepted)];
    check(&refused, "not-started", true);
    for (status, word) in [
        (JobStatus::Queued, "pending"),
        (JobStatus::Running, "pending"),
        (JobStatus::Other("done".into()), "pending"),
        (JobStatus::Missing, "pending"),
        (JobStatus::Completed, "completed"),
        (JobStatus::Failed, "failed"),
    ] {
        check(&[started(), seal(), accepted(), observed(status)], word, false);
    }
}

#[test]
fn facts_that_do_not_fit_change_nothing() {
    let check = |facts: &[Fact], expected: Mismatch| {
        let (last, before) = facts.split_last().unwrap();
        let mut run = Run::replay(one(), POLICY, &unit(before)).unwrap();
        let report = run.report();
        let event = Event { at_ms: 9, step: 0, fact: last.clone() };
        assert_eq!(run.apply(event).unwrap_err().mismatch, expected, "{facts:?}");
        assert_eq!(run.report(), report, "{facts:?}");
    };
    let foreign = sent(Trigger::UnitMaster, false);
    check(&[Fact::UploadSealed(1)], Mismatch::OutOfOrder);
    check(&[foreign.clone(), Fact::UploadSealed(1)], Mismatch::OutOfOrder);
    check(&[foreign.clone(), foreign], Mismatch::OutOfOrder);
    check(&[started(), Fact::UploadSealed(1), started()], Mismatch::OutOfOrder);
    check(&[started(), accepted(), started()], Mismatch::OutOfOrder);
    check(&[accepted()], Mismatch::OutOfOrder);
    check(&[observed(JobStatus::Completed)], Mismatch::OutOfOrder);
    check(&[sent(Trigger::Demand, true)], Mismatch::OtherFile);
    let Fact::UploadStarted(file) = started() else { panic!() };
    let (name, trigger) = ("other.csv".to_owned(), Trigger::Demand);
    check(&[Fact::UploadStarted(SentFile { name, ..file.clone() })], Mismatch::OtherFile);
    check(&[Fact::UploadStarted(SentFile { trigger, ..file })], Mismatch::OtherFile);
    check(&[started(), Fact::UploadAccepted(job(Trigger::Demand))], Mismatch::OtherJob);
    let other = JobReport::of_status(job(Trigger::Demand), JobStatus::Completed);
    check(&[started(), accepted(), Fact::JobObserved(other)], Mismatch::OtherJob);
    check(&[Fact::Resolved(Resolution::NotAccepted)], Mismatch::OutOfOrder);
    let mut run = Run::new(one(), POLICY);
    let nowhere = Event { at_ms: 0, step: 1, fact: started() };
    assert_eq!(run.apply(nowhere).unwrap_err().mismatch, Mismatch::NoSuchStep);
    let history = unit(&[started(), Fact::UploadSealed(1), accepted(), Fact::UploadSealed(1)]);
    let illegal = Run::replay(one(), POLICY, &history).unwrap_err();
    assert_eq!((illegal.position, illegal.step), (3, 0), "the fourth fact of the list");
}

#[test]
fn what_a_journal_need_not_write() {
    let event = |step, fact| Event { at_ms: 7, step, fact };
    let check = |now: &Fact, then: &Fact, repeats: bool| {
        assert_eq!(
            event(0, now.clone()).repeats(&event(0, then.clone())),
            repeats,
            "{now:?} {then:?}"
        );
        assert!(!event(0, now.clone()).repeats(&event(1, then.clone())), "another step's fact");
    };
    let words = ["queued", "running", "completed", "failed", "paused"];
    for (at, word) in words.iter().enumerate() {
        for (before, other) in words.iter().enumerate() {
            let repeats = at == before && !["completed", "failed"].contains(word);
            let fact = |word| observed(JobStatus::from_word(word));
            check(&fact(word), &fact(other), repeats);
        }
    }
    check(&observed(JobStatus::Missing), &observed(JobStatus::Missing), false);
    let other = Job { job_id: "other".into(), ..job(Trigger::UnitMaster) };
    let of_other = Fact::JobObserved(JobReport::of_status(other, JobStatus::Running));
    check(&observed(JobStatus::Running), &of_other, false);
    let failed = Fact::PollFailed(transient());
    check(&failed, &failed, true);
    check(&failed, &Fact::PollFailed(Fault::Transient(Refusal::unanswered("reset"))), false);
    check(&failed, &observed(JobStatus::Running), false);
    check(&started(), &started(), false);
}

#[test]
fn a_file_waits_for_its_turn() {
    let plan = plan(&[Trigger::ItemMaster, Trigger::UnitMaster]);
    let mut run = Run::new(plan, POLICY);
    assert_eq!(run.next(0), Command::Upload(1));
    let early = Event { at_ms: 0, step: 0, fact: sent(Trigger::ItemMaster, true) };
    assert_eq!(run.apply(early).unwrap_err().mismatch, Mismatch::NotItsTurn);
}

#[test]
fn final_states_are_sticky() {
    let facts =
        [started(), accepted(), observed(JobStatus::Completed), observed(JobStatus::Running)];
    check(&facts, "completed", false);
    let facts =
        [started(), accepted(), observed(JobStatus::Failed), observed(JobStatus::Completed)];
    check(&facts, "failed", false);
}

#[test]
fn a_job_that_is_not_named_five_times_is_lost() {
    let mut facts = vec![started(), accepted()];
    for count in 1..=MISSING_POLLS_MAX {
        facts.push(observed(JobStatus::Missing));
        check(&facts, if count == MISSING_POLLS_MAX { "lost" } else { "pending" }, false);
    }
    // A person who looked in Knosc decides, as on an unknown outcome.
    facts.push(Fact::Resolved(Resolution::NotAccepted));
    check(&facts, "not-started", true);
    facts.pop();
    facts.push(Fact::Resolved(Resolution::Accepted(job(Trigger::UnitMaster))));
    check(&facts, "pending", false);
    let mut seen_again = vec![started(), accepted()];
    for _ in 0..20 {
        seen_again.extend([observed(JobStatus::Missing), observed(JobStatus::Running)]);
    }
    check(&seen_again, "pending", false);
}

#[test]
fn patience_is_kept_apart_for_queue_and_work() {
    let queued = unit(&[started(), accepted(), observed(JobStatus::Queued)]);
    let run = Run::replay(one(), POLICY, &queued).unwrap();
    assert!(matches!(run.next(60_999), Command::Poll(0, _)));
    assert!(matches!(run.next(61_000), Command::Finish(_)), "queued since 1 s, for 60 s");
    let running = unit(&[started(), accepted(), observed(JobStatus::Running)]);
    let run = Run::replay(one(), POLICY, &running).unwrap();
    assert!(matches!(run.next(121_999), Command::Poll(0, _)));
    assert!(matches!(run.next(122_000), Command::Finish(_)), "running since 2 s, for 120 s");
    let run = Run::recover(one(), POLICY, &running, 500_000).unwrap();
    assert!(matches!(run.next(500_000), Command::Poll(0, _)), "somebody watches again");
}

#[test]
fn failing_polls_back_off_and_end() {
    let mut facts = vec![started(), accepted()];
    for count in 1..POLL_FAILURES_MAX {
        facts.push(Fact::PollFailed(transient()));
        let run = Run::replay(one(), POLICY, &unit(&facts)).unwrap();
        let now_ms = 1_000 * (u64::from(count) + 1);
        let expected = (1_000_u64 << (count - 1)).min(30_000);
        assert_eq!(run.next(now_ms), Command::WaitMs(expected));
    }
    facts.push(Fact::PollFailed(transient()));
    check(&facts, "pending", false);
    let run = Run::replay(one(), POLICY, &unit(&facts)).unwrap();
    assert!(matches!(run.next(12_000), Command::Finish(_)));
    let refused = Fact::PollFailed(Fault::PermanentUnauthorized(Refusal::unanswered("401")));
    let run = Run::replay(one(), POLICY, &unit(&[started(), accepted(), refused])).unwrap();
    assert!(matches!(run.next(3_000), Command::Finish(_)), "nobody can mend it by waiting");
}

#[test]
fn a_clock_that_goes_back_never_waits_longer_than_a_pause() {
    let history = [
        Event { at_ms: 9_000_000, step: 0, fact: started() },
        Event { at_ms: 9_000_000, step: 0, fact: accepted() },
    ];
    let mut run = Run::replay(one(), POLICY, &history).unwrap();
    assert!(
        matches!(run.next(0), Command::Poll(0, _)),
        "nobody knows how long ago the last one was"
    );
    run.apply(Event { at_ms: 0, step: 0, fact: observed(JobStatus::Queued) }).unwrap();
    assert!(matches!(run.next(0), Command::WaitMs(1_000..=1_100)));
    assert!(matches!(run.next(2_000), Command::Poll(0, _)));
    assert!(matches!(run.next(59_999), Command::Poll(0, _)));
    assert!(matches!(run.next(60_000), Command::Finish(_)), "a step back costs patience nothing");
}

#[test]
fn saying_queued_and_running_by_turns_keeps_no_run_for_ever() {
    let mut run = Run::replay(one(), POLICY, &unit(&[started(), accepted()])).unwrap();
    let mut now_ms = 1_000;
    for turn in 0..1_000 {
        match run.next(now_ms) {
            Command::Finish(_) => {
                assert!((60_000..=190_000).contains(&now_ms), "at most both patiences: {now_ms}");
                return;
            }
            Command::WaitMs(wait_ms) => now_ms += wait_ms,
            Command::Poll(step, _) => {
                let word = if turn % 4 < 2 { JobStatus::Running } else { JobStatus::Queued };
                run.apply(Event { at_ms: now_ms, step, fact: observed(word) }).unwrap();
            }
            Command::Upload(_) => panic!(),
        }
    }
    panic!("the run goes on");
}

#[test]
fn a_later_fold_says_what_the_run_said() {
    let mut history = unit(&[started(), accepted()]);
    // Two lives of a run, of which neither sees five in a row.
    for word in [JobStatus::Missing, JobStatus::Missing, JobStatus::Missing] {
        history.push(Event { at_ms: 3_000, step: 0, fact: observed(word) });
    }
    let mut run = Run::recover(one(), POLICY, &history, 10_000).unwrap();
    for word in [JobStatus::Missing, JobStatus::Missing, JobStatus::Completed] {
        run.apply(Event { at_ms: 11_000, step: 0, fact: observed(word) }).unwrap();
    }
    let again = Run::recover(one(), POLICY, run.history(), 20_000).unwrap();
    assert_eq!(again.report().steps, run.report().steps);
}

#[test]
fn polls_that_change_nothing_cost_no_memory() {
    let mut run = Run::replay(one(), POLICY, &unit(&[started(), accepted()])).unwrap();
    for rows in 0..100_000 {
        let mut report = JobReport::of_status(job(Trigger::UnitMaster), JobStatus::Running);
        report.rows_processed = Some(rows);
        run.apply(Event { at_ms: rows, step: 0, fact: Fact::JobObserved(report) }).unwrap();
    }
    assert_eq!(run.history().len(), 3);
}

#[test]
fn a_report_carries_row_errors_and_its_events_do_not() {
    let mut failed = JobReport::of_status(job(Trigger::UnitMaster), JobStatus::Failed);
    failed.errors = vec![RowError { row: Some(413), message: "no".into() }];
    let facts = [started(), accepted(), Fact::JobObserved(failed.clone())];
    let report = Run::replay(one(), POLICY, &unit(&facts)).unwrap().report();
    assert_eq!(report.steps[0].outcome, Outcome::Failed(failed));
    let Fact::JobObserved(kept) = &report.events[2].fact else { panic!() };
    assert_eq!((kept.errors.len(), kept.errors_omitted), (0, 1));
}

/// A driver that does as it is told, with Knosc completing each job at the second poll.
fn drive(run: &mut Run, now_ms: &mut u64, uploads: &mut Vec<usize>, facts_max: usize) {
    let mut facts = 0;
    while facts < facts_max {
        let (step, fact) = match run.next(*now_ms) {
            Command::Finish(_) => return,
            Command::WaitMs(wait_ms) => {
                *now_ms += wait_ms;
                continue;
            }
            Command::Upload(step) => (step, sent(run.plan().files()[step].trigger, true)),
            Command::Poll(step, job) => {
                let polled = run
                    .history()
                    .iter()
                    .any(|event| event.step == step && matches!(event.fact, Fact::JobObserved(_)));
                let status = if polled { JobStatus::Completed } else { JobStatus::Running };
                (step, Fact::JobObserved(JobReport::of_status(job, status)))
            }
        };
        run.apply(Event { at_ms: *now_ms, step, fact: fact.clone() }).unwrap();
        facts += 1;
        if let Fact::UploadStarted(file) = fact {
            for fact in [Fact::UploadSealed(40), Fact::UploadAccepted(job(file.trigger))] {
                if facts == facts_max {
                    return;
                }
                if matches!(fact, Fact::UploadSealed(_)) {
                    uploads.push(step);
                }
                run.apply(Event { at_ms: *now_ms, step, fact }).unwrap();
                facts += 1;
            }
        }
    }
}

#[test]
fn thirteen_files_cut_after_every_fact_are_each_sealed_once() {
    let mut shuffled = Trigger::ALL.to_vec();
    shuffled.reverse();
    let whole_facts = 13 * 5;
    for cut in 0..=whole_facts {
        let (mut now_ms, mut uploads) = (1, Vec::new());
        let mut run = Run::new(plan(&shuffled), POLICY);
        drive(&mut run, &mut now_ms, &mut uploads, cut);
        let mut again = Run::recover(plan(&shuffled), POLICY, run.history(), now_ms).unwrap();
        assert_eq!(again.report().steps, run.report().steps, "cut after {cut}");
        drive(&mut again, &mut now_ms, &mut uploads, usize::MAX);
        let mut once = uploads.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), uploads.len(), "cut after {cut}: a file was sealed twice");
        let report = again.report();
        let unknown = report.steps.iter().filter(|step| step.outcome.word() == "unknown").count();
        let done = report.steps.iter().filter(|step| step.outcome.is_done()).count();
        match cut % 5 {
            2 => assert_eq!(unknown, 1, "cut after {cut}: sealed and unanswered"),
            _ => assert_eq!((unknown, done), (0, 13), "cut after {cut}"),
        }
    }
}
