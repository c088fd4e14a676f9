//! Which code wins where a report holds several outcomes. A run stops at the first step that did not complete, so that most of these
//! mixtures come from no run of today: the rule must hold for whoever reads a report all the same.

use knosc_bulk_import::fault::Refusal;
use knosc_bulk_import::job::Job;
use knosc_bulk_import::run::StepReport;
use knosc_bulk_import::trigger::Trigger;

use super::*;

#[test]
fn precedence_is_the_documented_one() {
    let order = [Exit::Unknown, Exit::JobFailed, Exit::Unfinished, Exit::NotRun, Exit::Done];
    for (place, worse) in order.iter().enumerate() {
        for better in &order[place..] {
            assert_eq!(better.or_worse(*worse), *worse);
            assert_eq!(worse.or_worse(*better), *worse);
        }
    }
}

fn job() -> Job {
    Job { trigger: Trigger::Demand, job_id: "demand-upload-1".into() }
}

fn seen(status: JobStatus) -> JobReport {
    JobReport::of_status(job(), status)
}

fn refusal() -> Refusal {
    Refusal::unanswered("gone")
}

/// Each outcome with its code where it is alone with steps that were not run; the first ones win.
fn outcomes() -> Vec<(Exit, Vec<Outcome>)> {
    let refused = Outcome::Refused;
    vec![
        (Exit::Unknown, vec![Outcome::Unknown(refusal())]),
        (
            Exit::JobFailed,
            vec![
                Outcome::Failed(seen(JobStatus::Failed)),
                refused(Fault::PermanentRejected(refusal())),
            ],
        ),
        (
            Exit::Unfinished,
            vec![
                Outcome::Pending(seen(JobStatus::Running)),
                Outcome::Pending(seen(JobStatus::Queued)),
                Outcome::Lost(job()),
            ],
        ),
        (Exit::NotSignedIn, vec![refused(Fault::PermanentUnauthorized(refusal()))]),
        (Exit::Denied, vec![refused(Fault::PermanentDenied("no".into()))]),
        (Exit::CheckFailed, vec![refused(Fault::PermanentInvalid("changed".into()))]),
        (Exit::NotRun, vec![Outcome::NotStarted]),
        (
            Exit::Done,
            vec![Outcome::Completed(seen(JobStatus::Completed)), Outcome::Unchanged("run".into())],
        ),
    ]
}

fn check(outcomes: &[&Outcome], expected: Exit) {
    let step = |outcome: &&Outcome| StepReport {
        trigger: Trigger::Demand,
        file_name: "demand.csv".into(),
        outcome: (*outcome).clone(),
    };
    let report = Report { steps: outcomes.iter().map(step).collect(), events: Vec::new() };
    assert_eq!(of_report(&report), expected, "{outcomes:?}");
}

#[test]
fn of_any_two_and_three_outcomes_the_first_of_the_table_wins() {
    let table = outcomes();
    let all = || {
        let rows = table.iter().enumerate();
        rows.flat_map(|(row, (_, outcomes))| outcomes.iter().map(move |outcome| (row, outcome)))
    };
    check(&[], Exit::Done);
    for (a, first) in all() {
        check(&[first], table[a].0);
        for (b, second) in all() {
            check(&[first, second], table[a.min(b)].0);
            for (c, third) in all() {
                check(&[first, second, third], table[a.min(b).min(c)].0);
            }
        }
    }
}

#[test]
fn a_temporary_refusal_is_safe_to_repeat_only_where_nothing_was_accepted() {
    let transient = Outcome::Refused(Fault::Transient(refusal()));
    check(&[&transient], Exit::Temporary);
    check(&[&Outcome::Unchanged("run".into()), &transient], Exit::Temporary);
    check(&[&transient, &Outcome::NotStarted], Exit::Temporary);
    for (exit, row) in outcomes() {
        for before in row {
            let accepted = matches!(
                before,
                Outcome::Completed(_)
                    | Outcome::Failed(_)
                    | Outcome::Pending(_)
                    | Outcome::Lost(_)
                    | Outcome::Unknown(_)
            );
            if accepted {
                let expected = if exit == Exit::Done { Exit::NotRun } else { exit };
                check(&[&before, &transient], expected);
            }
        }
    }
}

#[test]
fn of_several_jobs_a_failed_one_goes_before_an_open_one_and_that_before_a_completed_one() {
    let open = [
        JobStatus::Queued,
        JobStatus::Running,
        JobStatus::Missing,
        JobStatus::Other("paused".into()),
    ];
    let of =
        |statuses: &[JobStatus]| of_jobs(&statuses.iter().cloned().map(seen).collect::<Vec<_>>());
    let (failed, completed) = (JobStatus::Failed, JobStatus::Completed);
    assert_eq!(of(&[completed.clone(), completed.clone()]), Exit::Done);
    assert_eq!(of(&[completed.clone(), failed.clone()]), Exit::JobFailed);
    for open in open {
        assert_eq!(of(&[completed.clone(), open.clone()]), Exit::Unfinished);
        assert_eq!(of(&[open.clone(), failed.clone()]), Exit::JobFailed);
        assert_eq!(of(&[failed.clone(), open.clone(), completed.clone()]), Exit::JobFailed);
    }
}
