//! Which file may be sent after which: the table of admissions.

use std::path::PathBuf;

use knosc_bulk_import::admission::{
    Admission, AdmissionError, Candidate, Digest, Earlier, RecordedStep, Stamp, Standing,
    Unchanged, admit, known_digest, needs_digest, readmit, refresh::changed_since,
};
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::run::Outcome;
use knosc_bulk_import::trigger::Trigger;

const STAMP: Stamp = Stamp {
    size: 100,
    mtime_ns: 1_717_231_522_000_000_001,
    ctime_ns: 1_717_231_523_000_000_002,
    inode: 7,
};

const A: Digest = Digest([1; 16]);
const B: Digest = Digest([2; 16]);

/// A file that was sent in the run of this number.
fn earlier(number: i64, standing: Standing, digest: Option<Digest>) -> Earlier {
    let accepted = matches!(
        standing,
        Standing::Completed | Standing::Failed | Standing::Pending | Standing::Lost
    );
    Earlier {
        run: format!("run-{number}"),
        run_number: number,
        step: RecordedStep {
            step: 0,
            position: 0,
            trigger: Trigger::ItemMaster,
            file_name: "items.csv".into(),
            path: PathBuf::from("/exports/items.csv"),
            stamp: STAMP,
            digest,
            standing,
            job_id: accepted.then(|| format!("job-{number}")),
            accepted: accepted.then_some(number * 10),
            unchanged_of: None,
        },
    }
}

fn candidate(digest: Option<Digest>) -> Candidate {
    Candidate {
        trigger: Trigger::ItemMaster,
        path: PathBuf::from("/exports/items.csv"),
        stamp: Stamp { mtime_ns: 99, ..STAMP },
        digest,
    }
}

/// What became of a file of content A, by what was sent before.
fn check(before: &[(Standing, Digest)], unchanged: Unchanged, expected: &str) {
    let earlier: Vec<Earlier> = before
        .iter()
        .zip(1..)
        .map(|((standing, digest), number)| earlier(number, *standing, Some(*digest)))
        .collect();
    let found = match admit(&candidate(Some(A)), &earlier, unchanged) {
        Admission::Send => "send".to_owned(),
        Admission::Unchanged(run) => format!("unchanged {run}"),
        Admission::Refused(AdmissionError::UnknownBefore { run, .. }) => format!("unknown {run}"),
        Admission::Refused(AdmissionError::StillOpen { run, .. }) => format!("open {run}"),
        Admission::Refused(AdmissionError::Completed { run, .. }) => format!("completed {run}"),
        Admission::Refused(other) => format!("{other:?}"),
    };
    assert_eq!(found, expected, "{before:?} {unchanged:?}");
}

#[test]
fn the_same_file_again_depends_on_how_it_ended() {
    use Standing::{Completed, Failed, Lost, NotStarted, Pending, Refused, Unknown};
    use Unchanged::{Refuse, Send, Skip};
    check(&[], Skip, "send");
    for (before, skip, refuse, send) in [
        (vec![(Unknown, A)], "unknown run-1", "unknown run-1", "unknown run-1"),
        (vec![(Unknown, B)], "unknown run-1", "unknown run-1", "unknown run-1"),
        (vec![(Pending, A)], "open run-1", "open run-1", "open run-1"),
        (vec![(Lost, A)], "open run-1", "open run-1", "open run-1"),
        (vec![(Pending, B)], "send", "send", "send"),
        (vec![(Failed, A)], "send", "send", "send"),
        (vec![(Refused, A)], "send", "send", "send"),
        (vec![(NotStarted, A)], "send", "send", "send"),
        (vec![(Completed, A)], "unchanged run-1", "completed run-1", "send"),
        (vec![(Completed, B)], "send", "send", "send"),
        // Only what Knosc took last counts.
        (vec![(Completed, A), (Completed, B)], "send", "send", "send"),
        (vec![(Completed, B), (Completed, A)], "unchanged run-2", "completed run-2", "send"),
        (vec![(Completed, A), (Failed, B)], "send", "send", "send"),
        (vec![(Completed, A), (Failed, A)], "send", "send", "send"),
        (vec![(Completed, A), (Refused, B)], "unchanged run-1", "completed run-1", "send"),
        (vec![(Completed, A), (Pending, B)], "send", "send", "send"),
        (vec![(Pending, A), (Completed, B)], "open run-1", "open run-1", "open run-1"),
        (vec![(Pending, A), (Unknown, B)], "unknown run-2", "unknown run-2", "unknown run-2"),
    ] {
        check(&before, Skip, skip);
        check(&before, Refuse, refuse);
        check(&before, Send, send);
    }
}

#[test]
fn where_a_digest_is_missing_an_untouched_file_is_the_same() {
    let before = [earlier(1, Standing::Completed, None)];
    let touched = candidate(None);
    assert_eq!(admit(&touched, &before, Unchanged::Skip), Admission::Send);
    let untouched = Candidate { stamp: STAMP, ..candidate(None) };
    let unchanged = Admission::Unchanged("run-1".into());
    assert_eq!(admit(&untouched, &before, Unchanged::Skip), unchanged);
}

/// Files whose bytes may be others though size and time of writing are the same.
fn with_other_change_times() -> [Candidate; 2] {
    [1_717_231_523_000_000_003, 0]
        .map(|ctime_ns| Candidate { stamp: Stamp { ctime_ns, ..STAMP }, ..candidate(None) })
}

#[test]
fn no_file_is_the_same_by_its_time_alone() {
    let before = [earlier(1, Standing::Completed, None)];
    for file in with_other_change_times() {
        assert_eq!(admit(&file, &before, Unchanged::Skip), Admission::Send, "{file:?}");
        assert_eq!(known_digest(&file, &[earlier(1, Standing::Completed, Some(A))]), None);
    }
    // Nor where the change time of the recorded one is not known.
    let mut unknown = before.clone();
    unknown[0].step.stamp.ctime_ns = 0;
    for ctime_ns in [0, STAMP.ctime_ns] {
        let file = Candidate { stamp: Stamp { ctime_ns, ..STAMP }, ..candidate(None) };
        assert_eq!(admit(&file, &unknown, Unchanged::Skip), Admission::Send, "{ctime_ns}");
    }
}

#[test]
fn an_open_file_that_may_be_the_same_is_refused() {
    for standing in [Standing::Pending, Standing::Lost] {
        let before = [earlier(1, standing, None)];
        for file in with_other_change_times() {
            let found = admit(&file, &before, Unchanged::Skip);
            assert!(
                matches!(found, Admission::Refused(AdmissionError::StillOpen { .. })),
                "{found:?}"
            );
        }
        assert_eq!(admit(&candidate(None), &before, Unchanged::Skip), Admission::Send);
    }
}

#[test]
fn a_file_is_hashed_only_if_another_one_had_its_length() {
    let before = [earlier(1, Standing::Completed, Some(A))];
    assert!(needs_digest(&candidate(None), &before));
    let longer = Candidate { stamp: Stamp { size: 101, ..STAMP }, ..candidate(None) };
    assert!(!needs_digest(&longer, &before));
    for (standing, needed) in [
        (Standing::Completed, true),
        (Standing::Pending, true),
        (Standing::Lost, true),
        (Standing::Failed, false),
        (Standing::Refused, false),
        (Standing::Unknown, false),
        (Standing::NotStarted, false),
        (Standing::Unchanged, false),
    ] {
        let before = [earlier(1, standing, Some(A))];
        assert_eq!(needs_digest(&candidate(None), &before), needed, "{standing:?}");
    }
}

#[test]
fn the_digest_of_an_untouched_file_is_known() {
    let before = [earlier(1, Standing::Completed, Some(A))];
    let untouched = Candidate { stamp: STAMP, ..candidate(None) };
    assert_eq!(known_digest(&untouched, &before), Some(A));
    for touched in [
        Candidate { stamp: Stamp { size: 1, ..STAMP }, ..untouched.clone() },
        Candidate { stamp: Stamp { mtime_ns: 1, ..STAMP }, ..untouched.clone() },
        Candidate { stamp: Stamp { inode: 1, ..STAMP }, ..untouched.clone() },
        Candidate { path: PathBuf::from("/elsewhere/items.csv"), ..untouched },
    ] {
        assert_eq!(known_digest(&touched, &before), None, "{touched:?}");
    }
}

#[test]
fn a_resumed_run_sends_nothing_over_what_came_later() {
    let file = candidate(Some(A));
    let before = |standing, digest| [earlier(3, standing, Some(digest))];
    assert_eq!(readmit(&file, 4, &before(Standing::Completed, B)), Ok(()));
    for standing in [Standing::Completed, Standing::Failed, Standing::Pending] {
        let refused = readmit(&file, 2, &before(standing, B));
        assert!(matches!(refused, Err(AdmissionError::Overtaken { .. })), "{refused:?}");
    }
    assert_eq!(readmit(&file, 2, &before(Standing::Refused, B)), Ok(()));
    // What the same run sent is not later than itself.
    assert_eq!(readmit(&file, 3, &before(Standing::Completed, B)), Ok(()));
    let unknown = readmit(&file, 4, &before(Standing::Unknown, B));
    assert!(matches!(unknown, Err(AdmissionError::UnknownBefore { .. })), "{unknown:?}");
    let same = readmit(&file, 4, &before(Standing::Completed, A));
    assert!(matches!(same, Err(AdmissionError::Completed { .. })), "{same:?}");
}

#[test]
fn a_file_is_as_recorded_by_its_length_and_time() {
    assert!(STAMP.is_as_recorded(&STAMP));
    // Of a copy that kept its time the change time says that it is one; where that is not known, the copy is as good.
    assert!(!Stamp { inode: 1, ..STAMP }.is_as_recorded(&STAMP));
    assert!(!Stamp { ctime_ns: 1, ..STAMP }.is_as_recorded(&STAMP));
    assert!(Stamp { ctime_ns: 0, inode: 1, ..STAMP }.is_as_recorded(&STAMP));
    assert!(STAMP.is_as_recorded(&Stamp { ctime_ns: 0, inode: 1, ..STAMP }));
    assert!(!Stamp { size: 101, ..STAMP }.is_as_recorded(&STAMP));
    assert!(!Stamp { mtime_ns: 1, ..STAMP }.is_as_recorded(&STAMP));
}

#[test]
fn a_standing_is_the_word_of_its_outcome() {
    let job = Job { trigger: Trigger::ItemMaster, job_id: "job-1".into() };
    let seen = |status| JobReport::of_status(job.clone(), status);
    let (refusal, invalid) = (Refusal::unanswered("gone"), Fault::PermanentInvalid("a".into()));
    for (outcome, standing) in [
        (Outcome::Completed(seen(JobStatus::Completed)), Standing::Completed),
        (Outcome::Failed(seen(JobStatus::Failed)), Standing::Failed),
        (Outcome::Refused(invalid), Standing::Refused),
        (Outcome::Unknown(refusal), Standing::Unknown),
        (Outcome::Pending(seen(JobStatus::Queued)), Standing::Pending),
        (Outcome::Lost(job.clone()), Standing::Lost),
        (Outcome::Unchanged("run-1".into()), Standing::Unchanged),
        (Outcome::NotStarted, Standing::NotStarted),
    ] {
        assert_eq!(Standing::from(&outcome), standing);
        assert_eq!(standing.word(), outcome.word());
        assert_eq!(Standing::from_word(standing.word()), Some(standing));
    }
    assert_eq!(Standing::from_word("xyzzy"), None);
    assert_eq!(Standing::from_word(""), None);
}

#[test]
fn what_is_to_be_done_about_a_refusal_is_its_own_hint() {
    let (run, trigger) = ("run-1".to_owned(), Trigger::ItemMaster);
    let open = |standing| AdmissionError::StillOpen {
        run: run.clone(),
        trigger,
        job_id: "job-1".into(),
        standing,
    };
    let file_name = "items.csv".to_owned();
    for (error, word) in [
        (AdmissionError::UnknownBefore { run: run.clone(), trigger, file_name }, "runs resolve"),
        (open(Standing::Lost), "--not-accepted"),
        (open(Standing::Pending), "knosc-runner resume"),
        (AdmissionError::Completed { run: run.clone(), trigger }, "--unchanged send"),
        (AdmissionError::Overtaken { run: run.clone(), trigger }, "begin a new run"),
    ] {
        assert!(error.hint().contains(word), "{error}: {}", error.hint());
    }
}

#[test]
fn what_was_accepted_or_may_have_been_after_a_set_makes_it_stale() {
    use Standing::{Completed, Failed, Lost, NotStarted, Pending, Refused, Unknown};
    // The set comes from the file that run 5 had accepted as number 50.
    let check = |before: &[(i64, Standing)], expected: Option<&str>| {
        let earlier: Vec<Earlier> =
            before.iter().map(|(number, standing)| earlier(*number, *standing, None)).collect();
        let since = changed_since(50, 5, &earlier).map(|earlier| earlier.run.as_str());
        assert_eq!(since, expected, "{before:?}");
    };
    check(&[], None);
    check(&[(5, Completed), (4, Failed), (3, Unknown)], None);
    for standing in [Completed, Failed, Pending, Lost, Unknown] {
        check(&[(6, standing), (5, Completed)], Some("run-6"));
    }
    for standing in [Refused, NotStarted] {
        check(&[(6, standing), (5, Completed)], None);
    }
    check(&[(6, Failed), (8, Unknown), (7, Lost)], Some("run-8"));
}
