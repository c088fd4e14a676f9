//! Rules that were once in force, put back one at a time: the simulation has to find what each of them breaks.
//!
//! A mutant that no seed finds means that the world is too kind. None of these rules is used anywhere else.

use crate::world::Rules;
use crate::{Play, play_all, play_one, verbs};
use knosc_bulk_import::admission::{Candidate, Digest, Earlier};
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::protocol::{Answer, Sent, classify, poll, upload};
use knosc_bulk_import::trigger::Trigger;

/// Enough for the rarest of them, many times over.
const SEEDS: u64 = 20_000;

/// Seeds between two looks whether one was found.
const LOOK_SEEDS: u64 = 1_000;

fn is_found(play: Play, rules: Rules) -> bool {
    (0..SEEDS / LOOK_SEEDS).any(|look| {
        let seeds = look * LOOK_SEEDS..(look + 1) * LOOK_SEEDS;
        let (_, broken) = play_all(play, rules, seeds, false, false);
        !broken.is_empty()
    })
}

/// The status alone decided what a refusal is.
fn refused_by_status(answer: &Answer, sent: Sent, now_ms: u64) -> Fault {
    match answer.status {
        300..=399 | 400 | 401 | 403 | 404 | 405 | 411 | 413 | 415 | 422 | 429 | 431 => {
            classify::upload_refused(answer, Sent::Part, now_ms)
        }
        _ => classify::upload_refused(answer, sent, now_ms),
    }
}

fn read_by_status(
    trigger: Trigger,
    answer: &Answer,
    sent: Sent,
    now_ms: u64,
) -> Result<JobReport, Fault> {
    match answer.status {
        200..=299 => upload::read(trigger, answer, sent, now_ms),
        _ => Err(refused_by_status(answer, sent, now_ms)),
    }
}

#[test]
fn refusals_by_status_alone_are_found() {
    let rules = Rules { read: read_by_status, ..Rules::default() };
    assert!(is_found(play_one, rules));
    assert!(is_found(verbs::play, rules));
}

#[test]
fn renewals_after_any_late_401_are_found() {
    let rules = Rules { refused: refused_by_status, ..Rules::default() };
    assert!(is_found(play_one, rules));
}

#[test]
fn successes_before_the_seal_are_found() {
    let read = |trigger, answer: &Answer, sent, now_ms| {
        let sent = if (200..=299).contains(&answer.status) { Sent::Sealed } else { sent };
        upload::read(trigger, answer, sent, now_ms)
    };
    assert!(is_found(play_one, Rules { read, ..Rules::default() }));
}

/// The first entry that named a job was believed.
fn first_entry(
    jobs: &[Job],
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    now_ms: u64,
) -> Result<Vec<JobReport>, Fault> {
    let mut reports = poll::read(jobs, status, headers, body, now_ms)?;
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    for report in &mut reports {
        let named = |entry: &&serde_json::Value| entry["job_id"] == report.job.job_id.as_str();
        let entry = body["jobs"].as_array().and_then(|jobs| jobs.iter().find(named));
        if entry.is_some_and(|entry| entry["status"] == "completed") {
            report.status = JobStatus::Completed;
        }
    }
    Ok(reports)
}

#[test]
fn the_first_of_two_states_is_found() {
    assert!(is_found(play_one, Rules { polled: first_entry, ..Rules::default() }));
}

#[test]
fn journals_that_lost_facts_are_found() {
    assert!(is_found(verbs::play, Rules { doubts: |_, _| false, ..Rules::default() }));
}

/// Size, time and number of a file were taken for its content.
fn by_time(candidate: &Candidate, earlier: &[Earlier]) -> Option<Digest> {
    let is_same = |earlier: &&Earlier| {
        let (now, then) = (candidate.stamp, earlier.step.stamp);
        candidate.path == earlier.step.path
            && (now.size, now.mtime_ns, now.inode) == (then.size, then.mtime_ns, then.inode)
    };
    earlier.iter().filter(is_same).find_map(|earlier| earlier.step.digest)
}

#[test]
fn content_judged_by_time_is_found() {
    assert!(is_found(verbs::play, Rules { known_digest: by_time, ..Rules::default() }));
}
