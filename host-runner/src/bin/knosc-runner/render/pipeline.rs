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
use serde_json::{Value, json};

use super::text::clean;
use super::{Output, Reporter, Shown, json as values, print, text};
use crate::exit::Exit;
use crate::pipeline_log;

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
        let fields = json!({
            "tenant": tenant(spec), "file": component.display().to_string(), "sha256": sha256, "bytes": bytes,
            "instances": instances, "memory_bytes": memory_bytes, "imports": imports, "exit_code": Exit::Done.code(),
        });
        self.say(&sentence, &fields);
    }

    /// A pipeline that was admitted and compiled, and begins.
    pub fn started(&mut self, spec: &TenantSpec, component: &Path) {
        if self.output == Output::Ndjson {
            let fields = json!({ "verb": self.verb, "tenant": tenant(spec) });
            self.event("pipeline_started", &fields);
        }
        self.note(&format!("{} runs for tenant '{}'", component.display(), spec.name));
    }

    /// A line that a pipeline wrote.
    pub fn pipeline_line(&mut self, line: &LogLine) {
        match self.output {
            Output::Text if !self.quiet => {
                self.view.say(&format!("pipeline: {}\n", clean(&line.text)));
            }
            Output::Ndjson => self.event("pipeline_log", &pipeline_log::as_json(line)),
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
            Output::Json => print(&format!("{}\n", document(ran, exit))),
            Output::Ndjson => {
                for loaded in &ran.loaded {
                    loaded.run.clone_into(&mut self.run_id);
                    for step in &loaded.report.steps {
                        for row_error in values::row_errors(step) {
                            self.event("row_error", &row_error);
                        }
                        self.event("step_finished", &values::step(step));
                    }
                }
                let mut fields = ending(ran);
                values::merge(&mut fields, &json!({ "exit_code": exit.code() }));
                self.event("pipeline_finished", &fields);
            }
        }
    }
}

fn tenant(spec: &TenantSpec) -> Value {
    let mut value = values::tenant(&spec.origin);
    values::merge(&mut value, &json!({ "name": spec.name }));
    value
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

fn document(ran: &Ran<'_>, exit: Exit) -> Value {
    let (origin, state) = (&ran.spec.origin, state(ran));
    let interrupted = ran.report.end == PipelineEnd::Cancelled;
    let runs = ran.loaded.iter().map(|Loaded { run, report }| {
        let lines = text::lines(origin, report, run, &state, interrupted);
        json!({
            "run_id": run, "steps": report.steps.iter().map(values::step).collect::<Vec<_>>(),
            "poll": lines.poll, "resume": lines.resume,
        })
    });
    let mut document = json!({
        "schema": values::SCHEMA, "type": "pipeline_report", "tenant": tenant(ran.spec),
        "file": ran.component.display().to_string(), "runs": runs.collect::<Vec<_>>(),
        "log": log(ran.report), "log_dropped_bytes": ran.report.log.dropped_bytes, "exit_code": exit.code(),
    });
    values::merge(&mut document, &ending(ran));
    document
}

/// How the pipeline's own code ended, and what it used.
fn ending(ran: &Ran<'_>) -> Value {
    let report = ran.report;
    let (end, note) = match &report.end {
        PipelineEnd::Returned(Ok(note)) => ("returned", Some(shortened(note))),
        PipelineEnd::Returned(Err(note)) => ("returned-error", Some(shortened(note))),
        PipelineEnd::Limit(_) => ("limit", None),
        PipelineEnd::Trapped { .. } => ("trapped", None),
        PipelineEnd::Cancelled => ("cancelled", None),
        _ => ("other", None),
    };
    let denials = report.denials.iter().map(|denial| {
        json!({ "rule": denial.rule(), "message": denial.to_string(), "hint": denial.hint() })
    });
    let used = &report.used;
    json!({
        "end": end, "note": note, "limit": report.limit.map(|limit| limit.row().key),
        "denials": denials.collect::<Vec<_>>(), "denied": report.denied,
        "used": {
            "memory_bytes": used.memory_bytes, "computed_ms": used.computed.as_millis(), "took_ms": used.took.as_millis(),
            "requests": used.requests, "job_calls": used.job_calls, "scratch_bytes": used.scratch_bytes,
        },
    })
}

fn log(report: &PipelineReport) -> Vec<Value> {
    report.log.lines.iter().map(pipeline_log::as_json).collect()
}

fn state(ran: &Ran<'_>) -> String {
    ran.state.map_or_else(String::new, |state| format!(" --state {}", state.display()))
}

/// A note is for people: as long as they read on, and no longer.
fn shortened(note: &str) -> String {
    const NOTE_CHARS_MAX: usize = 2_000;
    note.chars().take(NOTE_CHARS_MAX).collect()
}
