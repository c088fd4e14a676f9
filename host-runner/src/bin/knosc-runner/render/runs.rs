//! Runs of the past, as text and as JSON.
//!
//! Makes values; prints through the reporter.

use std::fmt::Write as _;

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::run::{Fact, Report, Resolution};
use knosc_runner::journal::sqlite::{RecordedEvent, RecordedRun};
use knosc_runner::platform::{Log, LogLine};

use super::undecided::Undecided;
use super::{Output, Reporter, print, print_document, text};
use crate::document::{
    Body, LoggedLine, NumberedStep, PastEvent, PastRun, RecordedRun as Document, Runs, Step,
};
use crate::when;

impl Reporter {
    /// The last runs.
    pub fn runs(&mut self, runs: &[RecordedRun]) {
        match self.output {
            Output::Text => print(&runs.iter().map(line).collect::<String>()),
            Output::Json | Output::Ndjson => {
                let runs = runs.iter().map(past).collect();
                print_document(Body::Runs(Runs::List { runs }));
            }
        }
    }

    /// All that is known of one run.
    pub fn recorded_run(
        &mut self,
        run: &RecordedRun,
        report: &Report,
        events: &[RecordedEvent],
        log: Option<&Log>,
    ) {
        let state = self.recorded.as_ref().map_or("", |(_, state)| state);
        let steps = || report.steps.iter().zip(1_usize..);
        let undecided = |(step, number)| Undecided::of(run, step, number, state);
        match self.output {
            Output::Text => {
                print(&line(run));
                print(&text::report(report, &text::Lines::default()));
                print(&steps().filter_map(undecided).map(|step| step.text()).collect::<String>());
                print(&events.iter().map(|event| event_line(run, event)).collect::<String>());
                print(&log.map_or_else(String::new, log_text));
            }
            Output::Json | Output::Ndjson => {
                let numbered = steps().map(|(step, number)| NumberedStep {
                    step: number,
                    check: undecided((step, number)).map(Undecided::lookup),
                    ended: Step::from(step),
                });
                print_document(Body::RecordedRun(Document {
                    run: past(run),
                    steps: numbered.collect(),
                    events: events.iter().map(|event| fact(run, event)).collect(),
                    log: log.map(|log| log.lines.iter().map(LoggedLine::from).collect()),
                    log_dropped_bytes: log.map(|log| log.dropped_bytes),
                }));
            }
        }
    }

    /// A decision that was recorded, and what it makes possible.
    pub fn resolved(&mut self, sentence: &str, decided: Runs) {
        let line = self.run_line("resume").unwrap_or_default();
        let sentence = format!("{sentence}\nto go on with this run:\n  {line}");
        self.say(&sentence, Body::Runs(decided));
    }
}

/// How many steps stand where, in words.
fn summary(run: &RecordedRun) -> String {
    let order = [
        Standing::Unknown,
        Standing::Failed,
        Standing::Lost,
        Standing::Refused,
        Standing::Pending,
        Standing::NotStarted,
        Standing::Unchanged,
        Standing::Completed,
    ];
    let counted = order.into_iter().filter_map(|standing| {
        let count = run.steps.iter().filter(|step| step.standing == standing).count();
        (count > 0).then(|| format!("{count} {}", standing.word()))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn line(run: &RecordedRun) -> String {
    let (began, kind) = (when::rfc3339(run.created_ms), run.kind.word());
    format!("{}  {began}  {kind:<8}  {}  {}\n", run.id, run.tenant, summary(run))
}

/// What the pipeline of a run wrote, in its own words.
fn log_text(log: &Log) -> String {
    let line = |line: &LogLine| format!("  pipeline: {}\n", text::clean(&line.text));
    let mut said: String = log.lines.iter().map(line).collect();
    if log.dropped_bytes > 0 {
        _ = writeln!(said, "  {} bytes of its log went over the limit", log.dropped_bytes);
    }
    said
}

fn past(run: &RecordedRun) -> PastRun {
    PastRun {
        run_id: run.id.clone(),
        tenant: run.tenant.clone(),
        kind: run.kind.word(),
        began: when::rfc3339(run.created_ms),
        finished: run.finished_ms.map(when::rfc3339),
        summary: summary(run),
    }
}

fn fact_words(fact: &Fact) -> String {
    match fact {
        Fact::UploadStarted(_) => "upload started".to_owned(),
        Fact::UploadSealed(_) => "last bytes about to leave".to_owned(),
        Fact::UploadAccepted(job) => format!("accepted as {}", job.job_id),
        Fact::UploadEnded(fault) => format!("not accepted, or not known: {}", fault.message()),
        Fact::JobObserved(report) => format!("job {}", report.status.word()),
        Fact::PollFailed(fault) => format!("poll failed: {}", fault.message()),
        Fact::Resolved(Resolution::Accepted(job)) => {
            format!("decided: accepted as {}", job.job_id)
        }
        Fact::Resolved(Resolution::NotAccepted) => "decided: not accepted".to_owned(),
    }
}

/// The trigger of an event's step.
fn trigger(run: &RecordedRun, event: &RecordedEvent) -> &'static str {
    run.steps.get(event.event.step).map_or("", |step| step.trigger.name())
}

fn event_line(run: &RecordedRun, event: &RecordedEvent) -> String {
    let who = event.actor.as_ref().map_or_else(String::new, |who| format!(" by {who}"));
    let at = when::rfc3339(event.event.at_ms);
    let words = text::clean(&fact_words(&event.event.fact));
    format!("  {at}  {:<20}  {words}{who}\n", trigger(run, event))
}

fn fact(run: &RecordedRun, event: &RecordedEvent) -> PastEvent {
    PastEvent {
        ts: when::rfc3339(event.event.at_ms),
        trigger: trigger(run, event),
        fact: fact_words(&event.event.fact),
        who: event.actor.clone(),
    }
}
