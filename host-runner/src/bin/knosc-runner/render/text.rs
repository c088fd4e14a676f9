//! Values as text for people.
//!
//! Makes text; prints nothing. Knosc's words stay as they are but for control characters, which could move a cursor.

use std::fmt::Write as _;

use knosc_bulk_import::fault::{Advice, Refusal};
use knosc_bulk_import::job::{JobReport, JobStatus};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::run::{Outcome, Report, StepReport};

use super::Shown;
use crate::problem::Problem;

/// Row errors shown of one job; the others are in the JSON forms.
const ROW_ERRORS_SHOWN: usize = 20;

pub fn header(origin: &Origin, run: Option<&str>) -> String {
    let run = run.map_or_else(String::new, |run| format!("run {run}\n"));
    format!("tenant {} ({}) at {origin}\n{run}", origin.tenant(), origin.environment().word())
}

/// Each file with a line about what it leaves out, in the order of sending.
pub fn plan(files: &[Shown], order: &[usize], compared: &[Option<String>]) -> String {
    let planned = order.iter().filter_map(|index| files.get(*index)).zip(1..).enumerate();
    planned.fold(String::new(), |mut text, (at, (file, position)): (_, (_, usize))| {
        let reason = file.trigger.reason();
        let reason = if reason.is_empty() { String::new() } else { format!("  ({reason})") };
        let _ = writeln!(
            text,
            "{position:>3}  {:<20}  {}  {}{reason}",
            file.trigger.name(),
            clean(&file.path),
            bytes(file.size)
        );
        if let Some(Some(line)) = compared.get(at) {
            let _ = writeln!(text, "     {}", clean(line));
        }
        text
    })
}

pub fn report(report: &Report, lines: &Lines) -> String {
    let mut text = report.steps.iter().fold(String::new(), |text, step| text + &self::step(step));
    for (what, line) in [
        ("to see what can be checked, and to decide:", &lines.show),
        ("to go on with this run:", &lines.resume),
        ("to see how it went on:", &lines.poll),
    ] {
        if let Some(line) = line {
            let _ = writeln!(text, "{what}\n  {line}");
        }
    }
    text
}

/// What to type next.
#[derive(Default)]
pub struct Lines {
    pub show: Option<String>,
    pub resume: Option<String>,
    pub poll: Option<String>,
}

/// What to type next after a report of a run.
pub fn lines(origin: &Origin, report: &Report, run: &str, state: &str, interrupted: bool) -> Lines {
    let any = |is: fn(&Outcome) -> bool| report.steps.iter().any(|step| is(&step.outcome));
    let unknown = any(|outcome| matches!(outcome, Outcome::Unknown(_) | Outcome::Lost(_)));
    let open = any(|outcome| matches!(outcome, Outcome::Pending(_)));
    let done = report.steps.iter().all(|step| step.outcome.is_done());
    let line = |words: &str| format!("knosc-runner {words} {run}{state}");
    Lines {
        show: unknown.then(|| line("runs show")),
        resume: (open || (interrupted && !unknown && !done)).then(|| line("resume")),
        poll: poll_line(origin, report),
    }
}

fn step(step: &StepReport) -> String {
    let mut text = format!(
        "{}  {:<20}  {}",
        paint(&format!("{:<11}", step.outcome.word()), colour(&step.outcome)),
        step.trigger.name(),
        clean(&step.file_name)
    );
    match &step.outcome {
        Outcome::Completed(job) => text += &job_tail(job),
        Outcome::Pending(job) => {
            // Its last word, which may be one that is not documented.
            let _ = write!(text, "  {}", clean(job.status.word()));
            text += &job_tail(job);
        }
        Outcome::Failed(job) => {
            text += &job_tail(job);
            text.push_str(
                "    what was processed before may be stored; mend the whole file, and send it whole\n",
            );
        }
        Outcome::Lost(job) => {
            let _ = writeln!(
                text,
                "  {}\n    Knosc does not name this job any more; look at it there",
                clean(&job.job_id)
            );
        }
        Outcome::Refused(fault) => {
            let status = status(fault.refusal());
            let _ = writeln!(
                text,
                "\n    nothing was accepted: {}{status}\n    {}",
                clean(fault.message()),
                next_of(fault.advice())
            );
        }
        Outcome::Unknown(refusal) => {
            let _ = writeln!(
                text,
                "\n    the file may have been accepted: {}{}\n    nothing was sent again; look in Knosc before you send this file again",
                clean(&refusal.message),
                status(Some(refusal))
            );
        }
        Outcome::Unchanged(run) => {
            let _ = writeln!(text, "  not sent: the same bytes completed in run {run}");
        }
        Outcome::NotStarted => text.push_str("  not sent: a step before it did not complete\n"),
    }
    text
}

fn status(refusal: Option<&Refusal>) -> String {
    let status = refusal.and_then(|refusal| refusal.status);
    status.map_or_else(String::new, |status| format!(" (status {status})"))
}

/// What may be done about a file that was refused.
const fn next_of(advice: Advice) -> &'static str {
    match advice {
        Advice::CallAgain => "this file may be sent again later",
        Advice::SignIn => "sign in again (knosc-runner login), or ask for the privilege in Knosc",
        Advice::MendInput => "the same file would be refused again: mend what was refused",
        Advice::AskOperator => "this machine's policy does not allow it",
        Advice::PollLater | Advice::Decide => "look in Knosc before you send this file again",
    }
}

pub fn jobs(jobs: &[JobReport]) -> String {
    jobs.iter().fold(String::new(), |mut text, job| {
        let _ = write!(text, "{:<11}  {:<20}", clean(job.status.word()), job.job.trigger.name());
        text += &job_tail(job);
        if job.status == JobStatus::Missing {
            text.push_str("    Knosc does not name this job\n");
        }
        text
    })
}

/// Rows, job id, and the first row errors.
fn job_tail(job: &JobReport) -> String {
    let mut text = String::new();
    if let Some(rows) = job.rows_processed {
        let _ = write!(text, "  {rows} rows");
    }
    let _ = writeln!(text, "  {}", clean(&job.job.job_id));
    for error in job.errors.iter().take(ROW_ERRORS_SHOWN) {
        let _ = match error.row {
            Some(row) => writeln!(text, "    row {row}: {}", clean(&error.message)),
            None => writeln!(text, "    {}", clean(&error.message)),
        };
    }
    let hidden = job.errors.len().saturating_sub(ROW_ERRORS_SHOWN);
    let more = u64::try_from(hidden).unwrap_or(u64::MAX).saturating_add(job.errors_omitted);
    if more > 0 || job.errors_cut {
        let least = if job.errors_cut { "at least " } else { "" };
        let _ = writeln!(text, "    … and {least}{more} more");
    }
    text
}

/// What to type for the jobs that were accepted and not seen to end, or whose row errors are not at hand.
fn poll_line(origin: &Origin, report: &Report) -> Option<String> {
    let open = report.steps.iter().filter_map(|step| match &step.outcome {
        Outcome::Pending(report) => Some(&report.job),
        // A journal holds no row errors; Knosc does.
        Outcome::Failed(report) if report.errors.is_empty() => Some(&report.job),
        Outcome::Lost(job) => Some(job),
        _ => None,
    });
    let jobs: Vec<String> = open.map(|job| format!("{}:{}", job.trigger, job.job_id)).collect();
    (!jobs.is_empty()).then(|| format!("knosc-runner poll --base-url {origin} {}", jobs.join(" ")))
}

pub fn problem(problem: &Problem) -> String {
    let error = paint("error:", RED);
    format!("{error} {problem}\nknown: {}\nhint: {}\n", problem.known(), problem.hint())
}

pub fn warning(sentence: &str, hint: &str) -> String {
    format!("{} {sentence}\nhint: {hint}\n", paint("warning:", YELLOW))
}

pub const RED: u8 = 31;
pub const GREEN: u8 = 32;
pub const YELLOW: u8 = 33;

const fn colour(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Completed(_) | Outcome::Unchanged(_) => GREEN,
        Outcome::Failed(_) | Outcome::Unknown(_) | Outcome::Lost(_) => RED,
        Outcome::Refused(_) | Outcome::Pending(_) | Outcome::NotStarted => YELLOW,
    }
}

/// Coloured for terminals. Whoever writes it out takes the colour away elsewhere, or where `NO_COLOR` says so.
pub fn paint(text: &str, colour: u8) -> String {
    format!("\u{1b}[{colour}m{text}\u{1b}[0m")
}

/// A size for people, in powers of 1000.
pub fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..1_000 => return format!("{count} B"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{} {name}", count / unit, count % unit * 10 / unit)
}

/// Without control characters.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_texts() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_234_567), "1.2 MB");
        assert_eq!(clean("a\u{1b}[2Jb\n"), "a [2Jb ");
    }
}
