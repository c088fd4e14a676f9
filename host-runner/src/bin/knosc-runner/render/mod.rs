//! What people and programs see: results on stdout and nothing else there, everything else on stderr.
//!
//! Decides nothing. With `--output json` or `ndjson` there are no bars, so that `2>&1` stays parseable.

mod checks;
mod doctor;
mod findings;
mod guard;
mod log;
mod pipeline;
mod progress;
pub mod results;
mod runs;
pub mod text;
mod undecided;

use std::io::Write as _;
use std::path::Path;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::JobReport;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::run::{Event, Fact, Report};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::progress::Progress;
use serde_json::Value;

use crate::args::Output;
use crate::document::{
    self, Body, Document, ErrorBody, Event as Told, Job, JobStatus, Line, Looked, Next, Planned,
    RunFinished, Step, StepFile, StepRowError, Tenant, UploadProgress,
};
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
    /// What was looked at before, for documents that come later.
    looked: Looked,
    /// The report, once there is one.
    summary: Option<document::Report>,
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
            looked: Looked::default(),
            summary: None,
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
                let (verb, tenant, steps) = (self.verb, origin.into(), self.planned(order));
                print_document(Body::Plan { verb, tenant, steps, looked: self.looked.clone() });
            }
            Output::Json => {}
            Output::Ndjson => self.begin_events(origin, order),
        }
    }

    fn begin_events(&mut self, origin: &Origin, order: &[usize]) {
        self.event(&Told::RunStarted { verb: self.verb, tenant: origin.into() });
        for step in self.planned(order) {
            self.event(&Told::StepPlanned(step));
        }
        let Looked { findings, refresh } = std::mem::take(&mut self.looked);
        for finding in findings.into_iter().flatten() {
            self.event(&Told::CheckFinding(finding));
        }
        for compared in refresh {
            self.event(&Told::RefreshCompared(compared));
        }
    }

    fn planned(&self, order: &[usize]) -> Vec<Planned> {
        let files = order.iter().filter_map(|index| self.files.get(*index));
        files.zip(1..).map(|(file, position)| Planned::new(file, position)).collect()
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
                let (sent_bytes, total_bytes) = (*sent_bytes, *total_bytes);
                if self.view.is_due(sent_bytes == total_bytes) {
                    let of = self.step(*step);
                    let progress = UploadProgress { of, sent_bytes, total_bytes };
                    self.event(&Told::UploadProgress(progress));
                }
            }
            Progress::SessionRenewed => self.event(&Told::AuthRefreshed {}),
            Progress::Event(event) => self.fact_event(event),
            _ => {}
        }
    }

    fn fact_event(&mut self, event: &Event) {
        let of = self.step(event.step);
        match &event.fact {
            Fact::UploadAccepted(job) => {
                self.event(&Told::UploadAccepted { of, job_id: job.job_id.clone() });
            }
            Fact::UploadEnded(Fault::PermanentOutcomeUnknown(refusal)) => {
                self.event(&Told::UploadUnknown { of, message: refusal.message.clone() });
            }
            Fact::JobObserved(report) => {
                self.event(&Told::JobStatus(JobStatus::of_step(of, report)));
            }
            _ => {}
        }
    }

    /// What is known of the step for events: its trigger and file.
    fn step(&self, index: usize) -> Option<StepFile> {
        let file = self.files.get(index)?;
        Some(StepFile { trigger: file.trigger.into(), file: file.file_name.clone() })
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
        let Lines { poll, resume, .. } = &lines;
        let document = document::Report {
            verb: self.verb,
            run_id: self.run_id.clone(),
            tenant: self.origin.as_ref().map(Tenant::from),
            steps: report.steps.iter().map(Step::from).collect(),
            poll: poll.clone(),
            resume: resume.clone(),
            exit_code: exit.code(),
            looked: self.looked.clone(),
            error: None,
        };
        match self.output {
            Output::Text => print(&text::report(report, &lines)),
            Output::Json => print_document(Body::Report(document.clone())),
            Output::Ndjson => {
                self.ended(report);
                let next = Some(Next { poll: poll.clone(), resume: resume.clone() });
                self.event(&Told::RunFinished(RunFinished { exit_code: exit.code(), next }));
            }
        }
        self.summary = Some(document);
    }

    /// How each file ended, as events.
    fn ended(&mut self, report: &Report) {
        for step in &report.steps {
            for row_error in StepRowError::of(step) {
                self.event(&Told::RowError(row_error));
            }
            self.event(&Told::StepFinished(step.into()));
        }
    }

    /// How it ended, as one JSON document: the report, or why there is none.
    pub fn summary(&self, problem: Option<&Problem>) -> Option<Value> {
        let error = problem.map(error);
        let document = match &self.summary {
            Some(report) => {
                let error = error.map(document::Error::from);
                Body::Report(document::Report { error, ..report.clone() }).into()
            }
            None => Document::from(error?),
        };
        Some(document::value(&document))
    }

    /// What polls said.
    pub fn jobs(&mut self, origin: &Origin, jobs: &[JobReport], exit: Exit) {
        self.view.clear();
        let exit_code = exit.code();
        match self.output {
            Output::Text => print(&text::jobs(jobs)),
            Output::Json => {
                let jobs = jobs.iter().map(Job::from).collect();
                print_document(Body::Jobs {
                    verb: self.verb,
                    tenant: origin.into(),
                    jobs,
                    exit_code,
                });
            }
            Output::Ndjson => {
                for job in jobs {
                    self.event(&Told::JobStatus(JobStatus::of_job(job)));
                }
                self.event(&Told::RunFinished(RunFinished { exit_code, next: None }));
            }
        }
    }

    /// Facts of a small verb: a sentence for people, a document for programs.
    pub fn say(&mut self, sentence: &str, body: Body) {
        match self.output {
            Output::Text => print(&format!("{sentence}\n")),
            Output::Json | Output::Ndjson => print_document(body),
        }
    }

    /// How far a job without a file is.
    pub fn job(&mut self, report: &JobReport) {
        if self.output == Output::Ndjson {
            self.event(&Told::JobStatus(JobStatus::of_job(report)));
        }
        self.view.job(&report.job.job_id, report);
    }

    /// A note for people, on stderr.
    pub fn note(&mut self, sentence: &str) {
        self.view.note(sentence);
    }

    /// What is wrong, and what to do about it, though this call goes on; on stderr, also where no notes are wanted.
    pub fn warn(&mut self, sentence: &str, hint: &str) {
        self.view.say(&text::warning(sentence, hint));
    }

    fn event(&mut self, event: &Told) {
        let line = Line {
            schema: document::SCHEMA,
            ts: when::rfc3339(when::now_ms()),
            run_id: &self.run_id,
            seq: self.seq,
            event,
        };
        print(&format!("{}\n", document::value(&line)));
        self.seq += 1;
    }

    /// Why the process ends early: on stderr, as text or one JSON object.
    pub fn fatal(&mut self, problem: &Problem) {
        self.view.clear();
        print_problem(self.output, problem);
    }
}

/// Why a verb ended before it had a result.
fn error(problem: &Problem) -> ErrorBody {
    let findings = match problem {
        Problem::Unfit(denying) => Some(denying.iter().map(document::Finding::from).collect()),
        _ => None,
    };
    let refresh = match problem {
        Problem::Dropped(refused) => Some(refused.iter().map(document::Refresh::from).collect()),
        _ => None,
    };
    ErrorBody {
        code: problem.code(),
        message: problem.to_string(),
        known: problem.known(),
        hint: problem.hint(),
        exit_code: problem.exit().code(),
        findings,
        refresh,
    }
}

/// For problems before there is a reporter.
pub fn print_problem(output: Output, problem: &Problem) {
    let text = match output {
        Output::Text => text::problem(problem),
        Output::Json | Output::Ndjson => {
            format!("{}\n", document::value(&Document::from(error(problem))))
        }
    };
    // Nobody is left to tell that stderr is closed.
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Writes a document to stdout.
fn print_document(body: Body) {
    print(&format!("{}\n", document::value(&Document::from(body))));
}

/// Writes to stdout; a reader that went away (`| head`) is no error of ours.
pub fn print(text: &str) {
    let mut stdout = anstream::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
