//! What is told of a tenant's component: that it was taken, and what a run of it loaded.
//!
//! What the pipeline wrote and returned is its own word, shown as such: its lines go to stderr, its note stands apart.

use std::fmt::Write as _;
use std::path::Path;

use data_encoding::HEXLOWER;
use knosc_bulk_import::run::{Outcome, Report};
use knosc_runner::platform::admission::Admitted;
use knosc_runner::platform::tenants::TenantSpec;
use knosc_runner::platform::{LogLine, PipelineEnd, PipelineReport};

use super::text::clean;
use super::{Output, Reporter, Shown, print, print_document, text};
use crate::document::{
    Body, Denied, Event, LoggedLine, PipelineEnding, PipelineEvent, PipelineFinished,
    PipelineReport as Document, PipelineRun, Step, Tenant, Used,
};
use crate::exit::Exit;

/// One run of the journal that a pipeline began.
pub struct Loaded {
    pub run: String,
    pub report: Report,
}

impl Loaded {
    /// All files of all runs.
    pub fn together(all: &[Self]) -> Report {
        let steps = all.iter().flat_map(|loaded| loaded.report.steps.iter().cloned());
        Report { steps: steps.collect(), events: Vec::new() }
    }

    pub fn is_any_accepted(all: &[Self]) -> bool {
        let mut steps = all.iter().flat_map(|loaded| &loaded.report.steps);
        steps.any(|step| {
            !matches!(
                step.outcome,
                Outcome::Refused(_) | Outcome::Unchanged(_) | Outcome::NotStarted
            )
        })
    }
}

/// A pipeline that ended.
pub struct Ran<'a> {
    pub spec: &'a TenantSpec,
    pub component: &'a Path,
    pub report: &'a PipelineReport,
    pub loaded: Vec<Loaded>,
    pub state: Option<&'a Path>,
}

impl Reporter {
    /// A component that would be taken.
    pub fn admitted(&mut self, spec: &TenantSpec, component: &Path, admitted: &Admitted) {
        let sha256 = HEXLOWER.encode(&admitted.sha256);
        let Admitted { bytes, imports, instances, memory_bytes, .. } = admitted;
        let mut sentence = format!(
            "{} may run for tenant '{}'\n  sha256 {sha256}\n  {bytes} bytes, {instances} core instances, begins with {} KiB of memory",
            component.display(),
            spec.name,
            memory_bytes.div_ceil(1024),
        );
        for import in imports {
            _ = write!(sentence, "\n  imports {}", clean(import));
        }
        let body = Body::PipelineCheck {
            tenant: tenant(spec),
            file: component.display().to_string(),
            sha256,
            bytes: *bytes as u64,
            instances: *instances,
            memory_bytes: *memory_bytes,
            imports: imports.clone(),
            exit_code: Exit::Done.code(),
        };
        self.say(&sentence, body);
    }

    /// A pipeline that was admitted and compiled, and begins.
    pub fn started(&mut self, spec: &TenantSpec, component: &Path) {
        if self.output == Output::Ndjson {
            let (verb, tenant) = (self.verb, tenant(spec));
            self.event(&Event::PipelineStarted(PipelineEvent { verb, tenant }));
        }
        self.note(&format!("{} runs for tenant '{}'", component.display(), spec.name));
    }

    /// A line that a pipeline wrote.
    pub fn pipeline_line(&mut self, line: &LogLine) {
        match self.output {
            Output::Text if !self.quiet => {
                self.view.say(&format!("pipeline: {}\n", clean(&line.text)));
            }
            Output::Ndjson => self.event(&Event::PipelineLog(line.into())),
            // The document has them all.
            Output::Text | Output::Json => {}
        }
    }

    /// A call of a pipeline that began a run of the journal.
    pub fn pipeline_call(&mut self, run: String, files: Vec<Shown>) {
        self.run_id = run;
        self.files = files;
        self.sending = None;
    }

    /// What a pipeline loaded, and how it ended.
    pub fn ran(&mut self, ran: &Ran<'_>, exit: Exit) {
        self.view.clear();
        match self.output {
            Output::Text => {
                print(&as_text(ran));
            }
            Output::Json => print_document(Body::PipelineReport(document(ran, exit))),
            Output::Ndjson => {
                for loaded in &ran.loaded {
                    loaded.run.clone_into(&mut self.run_id);
                    self.ended(&loaded.report);
                }
                let (ending, exit_code) = (ending(ran), exit.code());
                self.event(&Event::PipelineFinished(PipelineFinished { ending, exit_code }));
            }
        }
    }
}

fn tenant(spec: &TenantSpec) -> Tenant {
    Tenant { name: spec.name.clone(), ..Tenant::from(&spec.origin) }
}

fn as_text(ran: &Ran<'_>) -> String {
    let (origin, state) = (&ran.spec.origin, state(ran));
    let mut out =
        format!("tenant {} ({}) at {origin}\n", ran.spec.name, origin.environment().word());
    for Loaded { run, report } in &ran.loaded {
        _ = writeln!(out, "run {run}");
        let interrupted = ran.report.end == PipelineEnd::Cancelled;
        out += &text::report(report, &text::lines(origin, report, run, &state, interrupted));
    }
    if ran.loaded.is_empty() {
        out += "no file was given to Knosc\n";
    }
    for denial in &ran.report.denials {
        _ = writeln!(out, "denied: {}\n    {}", clean(&denial.to_string()), clean(&denial.hint()));
    }
    let more = ran.report.denied.saturating_sub(ran.report.denials.len() as u64);
    if more > 0 {
        _ = writeln!(out, "denied: {more} more requests");
    }
    if let PipelineEnd::Returned(Ok(note) | Err(note)) = &ran.report.end
        && !note.is_empty()
    {
        _ = writeln!(out, "the pipeline's note: {}", clean(&shortened(note)));
    }
    if ran.report.log.dropped_bytes > 0 {
        _ = writeln!(out, "{} bytes of its log went over the limit", ran.report.log.dropped_bytes);
    }
    out
}

fn document(ran: &Ran<'_>, exit: Exit) -> Document {
    let (origin, state) = (&ran.spec.origin, state(ran));
    let interrupted = ran.report.end == PipelineEnd::Cancelled;
    let runs = ran.loaded.iter().map(|Loaded { run, report }| {
        let lines = text::lines(origin, report, run, &state, interrupted);
        PipelineRun {
            run_id: run.clone(),
            steps: report.steps.iter().map(Step::from).collect(),
            poll: lines.poll,
            resume: lines.resume,
        }
    });
    Document {
        tenant: tenant(ran.spec),
        file: ran.component.display().to_string(),
        runs: runs.collect(),
        log: ran.report.log.lines.iter().map(LoggedLine::from).collect(),
        log_dropped_bytes: ran.report.log.dropped_bytes,
        ending: ending(ran),
        exit_code: exit.code(),
    }
}

/// How the pipeline's own code ended, and what it used.
fn ending(ran: &Ran<'_>) -> PipelineEnding {
    let report = ran.report;
    let (end, note) = match &report.end {
        PipelineEnd::Returned(Ok(note)) => ("returned", Some(shortened(note))),
        PipelineEnd::Returned(Err(note)) => ("returned-error", Some(shortened(note))),
        PipelineEnd::Limit(_) => ("limit", None),
        PipelineEnd::Trapped { .. } => ("trapped", None),
        PipelineEnd::Cancelled => ("cancelled", None),
        _ => ("other", None),
    };
    let denials = report.denials.iter().map(|denial| Denied {
        rule: denial.rule(),
        message: denial.to_string(),
        hint: denial.hint(),
    });
    let used = &report.used;
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    PipelineEnding {
        end,
        note,
        limit: report.limit.map(|limit| limit.row().key),
        denials: denials.collect(),
        denied: report.denied,
        used: Used {
            memory_bytes: used.memory_bytes,
            computed_ms: ms(used.computed),
            took_ms: ms(used.took),
            requests: used.requests,
            job_calls: used.job_calls,
            scratch_bytes: used.scratch_bytes,
        },
    }
}

fn state(ran: &Ran<'_>) -> String {
    ran.state.map_or_else(String::new, |state| format!(" --state {}", state.display()))
}

/// A note is for people: as long as they read on, and no longer.
fn shortened(note: &str) -> String {
    const NOTE_CHARS_MAX: usize = 2_000;
    note.chars().take(NOTE_CHARS_MAX).collect()
}
