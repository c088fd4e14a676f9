//! What people and programs see: results on stdout and nothing else there, everything else on stderr.
//!
//! Decides nothing. With `--output json` or `ndjson` there are no bars, so that `2>&1` stays parseable.

mod checks;
mod doctor;
mod findings;
mod guard;
mod json;
mod log;
mod pipeline;
mod progress;
pub mod results;
mod runs;
pub mod text;
mod undecided;

use std::io::Write as _;
use std::path::Path;

use knosc_bulk_import::job::JobReport;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::run::{Event, Fact, Report};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::progress::Progress;
use serde_json::{Value, json};

use crate::args::Output;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::when;
pub use pipeline::{Loaded, Ran};
use progress::View;
use text::Lines;
pub use text::bytes;

/// One file of a run, as it is told.
pub struct Shown {
    pub trigger: Trigger,
    pub file_name: String,
    pub path: String,
    pub size: u64,
    /// In the order of sending, from 1; [`Reporter::begin`] knows it.
    pub position: usize,
}

/// Tells what happens.
pub struct Reporter {
    output: Output,
    quiet: bool,
    verb: &'static str,
    run_id: String,
    /// The run in the journal, and what has to be typed to find that.
    recorded: Option<(String, String)>,
    seq: u64,
    origin: Option<Origin>,
    files: Vec<Shown>,
    /// What the checks found, for documents that come later.
    found: Option<Vec<Value>>,
    /// The report, once there is one.
    summary: Option<Value>,
    /// What files leave out, for the same.
    compared: Vec<Value>,
    /// The lines of a plan about it, by the file's place.
    compared_lines: Vec<Option<String>>,
    first_loads: String,
    /// The file that is on its way: one that is only looked at tells of bytes too.
    sending: Option<usize>,
    view: View,
}

impl Reporter {
    pub fn new(output: Output, quiet: bool, verb: &'static str) -> Self {
        let run_id = format!("{:x}-{:x}", when::now_ms(), std::process::id());
        let view = View::new(output == Output::Text && !quiet);
        let recorded = None;
        Self {
            output,
            quiet,
            verb,
            run_id,
            recorded,
            seq: 0,
            origin: None,
            files: Vec::new(),
            found: None,
            summary: None,
            compared: Vec::new(),
            compared_lines: Vec::new(),
            first_loads: String::new(),
            sending: None,
            view,
        }
    }

    /// The run's id in the journal of this state folder.
    pub fn run_id(&mut self, run: &str, state: Option<&Path>) {
        run.clone_into(&mut self.run_id);
        let state = state.map_or_else(String::new, |state| format!(" --state {}", state.display()));
        self.recorded = Some((run.to_owned(), state));
    }

    /// Somebody wants this to end.
    pub fn interrupted(&mut self) {
        let run =
            self.run_line("resume").map_or_else(String::new, |line| format!("; later: {line}"));
        self.note(&format!(
            "ending at the next safe moment, and at once with another Ctrl-C; an accepted job goes on{run}"
        ));
    }

    /// What has to be typed for this run.
    fn run_line(&self, words: &str) -> Option<String> {
        let (run, state) = self.recorded.as_ref()?;
        Some(format!("knosc-runner {words} {run}{state}"))
    }

    /// The tenant and the files, in the order of sending.
    pub fn begin(&mut self, origin: &Origin, files: Vec<Shown>, order: &[usize]) {
        self.origin = Some(origin.clone());
        self.files = files;
        for (index, position) in order.iter().zip(1..) {
            if let Some(file) = self.files.get_mut(*index) {
                file.position = position;
            }
        }
        match self.output {
            Output::Text => {
                let run = self.recorded.as_ref().map(|(run, _)| run.as_str());
                print(&text::header(origin, run));
                if self.verb == "plan" {
                    print(&text::plan(&self.files, order, &self.compared_lines));
                    print(&self.first_loads);
                }
            }
            Output::Json if self.verb == "plan" => {
                let steps: Vec<Value> = order
                    .iter()
                    .filter_map(|index| self.files.get(*index))
                    .zip(1..)
                    .map(|(file, position)| json::planned(file, position))
                    .collect();
                let mut document = json!({
                    "schema": json::SCHEMA, "type": "plan", "verb": self.verb,
                    "tenant": json::tenant(origin), "steps": steps,
                });
                self.add_findings(&mut document);
                print(&format!("{document}\n"));
            }
            Output::Json => {}
            Output::Ndjson => {
                self.event(
                    "run_started",
                    &json!({ "verb": self.verb, "tenant": json::tenant(origin) }),
                );
                let planned: Vec<Value> = order
                    .iter()
                    .filter_map(|index| self.files.get(*index))
                    .zip(1..)
                    .map(|(file, position)| json::planned(file, position))
                    .collect();
                for step in planned {
                    self.event("step_planned", &step);
                }
                for finding in self.found.take().into_iter().flatten() {
                    self.event("check_finding", &finding);
                }
                for compared in std::mem::take(&mut self.compared) {
                    self.event("refresh_compared", &compared);
                }
            }
        }
    }

    /// One piece of news.
    pub fn news(&mut self, news: &Progress) {
        match news {
            Progress::UploadProgress { step, .. } if self.sending != Some(*step) => return,
            Progress::Event(Event { step, fact: Fact::UploadStarted(_), .. }) => {
                self.sending = Some(*step);
            }
            _ => {}
        }
        log::news(news, &self.files);
        if self.output == Output::Ndjson {
            self.news_event(news);
        }
        self.view.news(news, &self.files);
    }

    fn news_event(&mut self, news: &Progress) {
        match news {
            Progress::UploadProgress { step, sent_bytes, total_bytes } => {
                let due = self.view.is_due(*sent_bytes == *total_bytes);
                let mut fields = self.step(*step);
                let sent = json!({ "sent_bytes": sent_bytes, "total_bytes": total_bytes });
                json::merge(&mut fields, &sent);
                if due {
                    self.event("upload_progress", &fields);
                }
            }
            Progress::SessionRenewed => self.event("auth_refreshed", &json!({})),
            Progress::Event(event) => self.fact_event(event),
            _ => {}
        }
    }

    fn fact_event(&mut self, event: &Event) {
        let mut fields = self.step(event.step);
        match &event.fact {
            Fact::UploadAccepted(job) => {
                json::merge(&mut fields, &json!({ "job_id": job.job_id }));
                self.event("upload_accepted", &fields);
            }
            Fact::UploadEnded(knosc_bulk_import::fault::Fault::PermanentOutcomeUnknown(
                refusal,
            )) => {
                json::merge(&mut fields, &json!({ "message": refusal.message }));
                self.event("upload_unknown", &fields);
            }
            Fact::JobObserved(report) => {
                json::add_job(&mut fields, report);
                self.event("job_status", &fields);
            }
            _ => {}
        }
    }

    /// What is known of the step for events: its trigger and file.
    fn step(&self, index: usize) -> Value {
        self.files.get(index).map_or_else(
            || json!({}),
            |file| json!({ "trigger": file.trigger.name(), "file": file.file_name }),
        )
    }

    /// The end of a run.
    pub fn finish(&mut self, report: &Report, exit: Exit, interrupted: bool) {
        self.view.clear();
        let lines = match (&self.origin, &self.recorded) {
            (Some(origin), Some((run, state))) => {
                text::lines(origin, report, run, state, interrupted)
            }
            _ => Lines::default(),
        };
        let mut document = json!({
            "schema": json::SCHEMA, "type": "report", "verb": self.verb, "run_id": self.run_id,
            "tenant": self.origin.as_ref().map(json::tenant),
            "steps": report.steps.iter().map(json::step).collect::<Vec<_>>(),
            "poll": lines.poll, "resume": lines.resume, "exit_code": exit.code(),
        });
        self.add_findings(&mut document);
        match self.output {
            Output::Text => print(&text::report(report, &lines)),
            Output::Json => print(&format!("{document}\n")),
            Output::Ndjson => {
                for step in &report.steps {
                    for row_error in json::row_errors(step) {
                        self.event("row_error", &row_error);
                    }
                    self.event("step_finished", &json::step(step));
                }
                self.event("run_finished", &json!({ "exit_code": exit.code(), "poll": lines.poll, "resume": lines.resume }));
            }
        }
        self.summary = Some(document);
    }

    /// How it ended, as one JSON document: the report, or why there is none.
    pub fn summary(&self, problem: Option<&Problem>) -> Option<Value> {
        match (&self.summary, problem.map(json::problem)) {
            (Some(report), Some(error)) => {
                let mut document = report.clone();
                json::merge(&mut document, &json!({ "error": error }));
                Some(document)
            }
            (Some(report), None) => Some(report.clone()),
            (None, error) => error,
        }
    }

    /// What polls said.
    pub fn jobs(&mut self, origin: &Origin, jobs: &[JobReport], exit: Exit) {
        self.view.clear();
        match self.output {
            Output::Text => print(&text::jobs(jobs)),
            Output::Json => {
                let document = json!({
                    "schema": json::SCHEMA, "type": "jobs", "verb": self.verb, "tenant": json::tenant(origin),
                    "jobs": jobs.iter().map(json::job).collect::<Vec<_>>(), "exit_code": exit.code(),
                });
                print(&format!("{document}\n"));
            }
            Output::Ndjson => {
                for job in jobs {
                    self.event("job_status", &json::job(job));
                }
                self.event("run_finished", &json!({ "exit_code": exit.code() }));
            }
        }
    }

    /// Facts of a small verb: a sentence for people, fields for programs.
    pub fn say(&mut self, sentence: &str, fields: &Value) {
        match self.output {
            Output::Text => print(&format!("{sentence}\n")),
            Output::Json | Output::Ndjson => {
                let mut document = json!({ "schema": json::SCHEMA, "type": self.verb });
                json::merge(&mut document, fields);
                print(&format!("{document}\n"));
            }
        }
    }

    /// How far a job without a file is.
    pub fn job(&mut self, report: &JobReport) {
        if self.output == Output::Ndjson {
            self.event("job_status", &json::job(report));
        }
        self.view.job(&report.job.job_id, report);
    }

    /// A note for people, on stderr.
    pub fn note(&mut self, sentence: &str) {
        self.view.note(sentence);
    }

    fn event(&mut self, kind: &str, fields: &Value) {
        let mut event = json!({
            "schema": json::SCHEMA, "type": kind, "ts": when::rfc3339(when::now_ms()),
            "run_id": self.run_id, "seq": self.seq,
        });
        self.seq += 1;
        json::merge(&mut event, fields);
        print(&format!("{event}\n"));
    }

    /// Why the process ends early: on stderr, as text or one JSON object.
    pub fn fatal(&mut self, problem: &Problem) {
        self.view.clear();
        print_problem(self.output, problem);
    }
}

/// For problems before there is a reporter.
pub fn print_problem(output: Output, problem: &Problem) {
    let text = match output {
        Output::Text => text::problem(problem),
        Output::Json | Output::Ndjson => format!("{}\n", json::problem(problem)),
    };
    // Nobody is left to tell that stderr is closed.
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Writes to stdout; a reader that went away (`| head`) is no error of ours.
pub fn print(text: &str) {
    let mut stdout = anstream::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
