//! The journals of a pipeline's calls: runs of the store like all others, under the same rules and the same locks.
//!
//! Begins runs and keeps their locks until they end; what is sent and when is the library's.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use knosc_bulk_import::admission::Unchanged;
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::JobReport;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::BlobSource;
use knosc_runner::error::Error;
use knosc_runner::journal::sqlite::{Kind, Locks, NewRun, NewStep, Store, StoreError, id};
use knosc_runner::journal::{Journal, MemoryJournal};
use knosc_runner::platform::journals::{Begun, BegunFile, Function, Journals, NewCall, Release};

use crate::admission::{self, Content, SizeLimit, Wish};
use crate::exit::Exit;
use crate::expecting::expecting;
use crate::pipeline_log;
use crate::problem::Problem;
use crate::render::Shown;
use crate::when;

/// New names that are tried: a thousand calls in one second share some 100,000 of them.
const NAMES_TRIED: u32 = 5;

/// Begins a run of the store for each call.
pub struct Recorded {
    store: Store,
    /// The pipeline's inputs and where they are: these can be sent by a later process too.
    inputs: Vec<(PathBuf, Arc<dyn BlobSource>)>,
    /// A folder for names of files that the pipeline made: none of them is there when the run is over.
    scratch: PathBuf,
    unchanged: Option<Unchanged>,
    limit: SizeLimit,
    log: pipeline_log::Place,
    begun: Mutex<Vec<String>>,
    /// The last run that began and the files that it sends, until somebody asked.
    last: Mutex<Option<(String, Vec<Shown>)>>,
    refused: Mutex<Vec<Problem>>,
}

impl Recorded {
    pub fn new(
        store: Store,
        inputs: Vec<(PathBuf, Arc<dyn BlobSource>)>,
        scratch: PathBuf,
        unchanged: Option<Unchanged>,
        limit: SizeLimit,
        log: pipeline_log::Place,
    ) -> Self {
        let (begun, last, refused) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { store, inputs, scratch, unchanged, limit, log, begun, last, refused }
    }

    /// The runs so far, and why others did not begin.
    pub fn taken(&self) -> (Vec<String>, Vec<Problem>) {
        let begun = std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner));
        let refused =
            std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner));
        (begun, refused)
    }

    /// The run that began since somebody asked last, and the files that it sends.
    pub fn last(&self) -> Option<(String, Vec<Shown>)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn try_begin(&self, call: NewCall<'_>) -> Result<Begun, Problem> {
        let (tenant, now_ms) = (call.origin.to_string(), when::now_ms());
        let run = self.new_name(now_ms).await?;
        let triggers: Vec<Trigger> = call.steps.iter().map(|(trigger, _)| *trigger).collect();
        let locks = self.store.lock(&tenant, triggers, &run, now_ms).await?;
        match self.locked(&call, tenant, run).await {
            Ok((journal, files)) => Ok(Begun { journal, files, release: Some(release(locks)) }),
            Err(problem) => {
                // A lock that could not be given back is free with the process all the same.
                let _ = locks.release().await;
                Err(problem)
            }
        }
    }

    async fn locked(
        &self,
        call: &NewCall<'_>,
        tenant: String,
        run: String,
    ) -> Result<(Arc<dyn Journal>, Vec<BegunFile>), Problem> {
        let wishes = call.steps.iter().map(|(trigger, blob)| self.wish(&run, *trigger, blob));
        let steps = admission::admit(
            &self.store,
            &tenant,
            wishes.collect(),
            self.unchanged_of(call),
            self.limit,
        )
        .await?;
        let files = call.steps.iter().zip(&steps).map(|((_, blob), step)| file(blob, step));
        let files: Vec<BegunFile> = files.collect();
        let new = NewRun {
            id: run.clone(),
            tenant,
            kind: Kind::Pipeline,
            created_ms: when::now_ms(),
            policy: call.policy,
            steps,
        };
        self.store.begin(new).await?;
        self.log.belongs_to(&run);
        let shown = shown(call, &files);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((run.clone(), shown));
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(run.clone());
        let sends = files.iter().any(|file| matches!(file, BegunFile::Sent(_)));
        let journal: Arc<dyn Journal> = if sends {
            Arc::new(self.store.journal(&run).await?)
        } else {
            // Of a run that sends nothing there are no facts.
            Arc::new(MemoryJournal::new())
        };
        Ok((journal, files))
    }

    /// An upload answers with a job, and there is none of a file that is skipped.
    fn unchanged_of(&self, call: &NewCall<'_>) -> Unchanged {
        match (call.function, self.unchanged) {
            (Function::RunOrdered, chosen) => chosen.unwrap_or(Unchanged::Skip),
            (Function::Upload, Some(Unchanged::Send)) => Unchanged::Send,
            (Function::Upload, _) => Unchanged::Refuse,
        }
    }

    fn wish(&self, run: &str, trigger: Trigger, blob: &Arc<dyn BlobSource>) -> Wish {
        let input = self.inputs.iter().find(|(_, input)| Arc::ptr_eq(input, blob));
        let (path, content) = match input {
            Some((path, _)) => (path.clone(), Content::File),
            None => (self.scratch.join(run).join(blob.name()), Content::Given(Arc::clone(blob))),
        };
        Wish { trigger, file_name: blob.name().to_owned(), path, content }
    }

    /// A name that no run has: calls of a pipeline may follow each other within a second.
    async fn new_name(&self, now_ms: u64) -> Result<String, Problem> {
        for _ in 0..NAMES_TRIED {
            let name = id::new_id(now_ms);
            match self.store.run(&name).await {
                Err(StoreError::NoRun { .. }) => return Ok(name),
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::Internal("no new name for a run was found".to_owned()))
    }
}

impl Journals for Recorded {
    fn begin<'a>(&'a self, call: NewCall<'a>) -> BoxFuture<'a, Result<Begun, Error>> {
        Box::pin(async move {
            self.try_begin(call).await.map_err(|problem| {
                let fault = told(&problem);
                self.refused.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                Error::Fault(fault)
            })
        })
    }

    fn observed<'a>(&'a self, origin: &'a Origin, reports: &'a [JobReport]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let tenant = origin.to_string();
            for report in reports {
                let recorded = self.store.observe(&tenant, report, when::now_ms()).await;
                if let Err(error) = recorded {
                    tracing::warn!(%error, job = report.job.job_id, "what a poll said is not recorded");
                }
            }
        })
    }
}

fn release(locks: Locks) -> Release {
    Box::new(move || {
        Box::pin(async move {
            if let Err(error) = locks.release().await {
                tracing::debug!(%error, "locks are free with this process alone");
            }
        })
    })
}

fn file(blob: &Arc<dyn BlobSource>, step: &NewStep) -> BegunFile {
    match &step.unchanged_of {
        Some(run) => BegunFile::Unchanged(run.clone()),
        None => BegunFile::Sent(expecting(Arc::clone(blob), step.expected)),
    }
}

/// The files that are sent, as they are told of while they are.
fn shown(call: &NewCall<'_>, files: &[BegunFile]) -> Vec<Shown> {
    let both = call.steps.iter().zip(files);
    let sent = both.filter(|(_, file)| matches!(file, BegunFile::Sent(_)));
    let shown = sent.zip(1..).map(|(((trigger, blob), _), position)| Shown {
        trigger: *trigger,
        file_name: blob.name().to_owned(),
        path: String::new(),
        size: blob.size(),
        position,
    });
    shown.collect()
}

/// What the pipeline hears: its own files and runs, and nothing of the host.
fn told(problem: &Problem) -> Fault {
    match problem.exit() {
        Exit::Locked => Fault::Transient(Refusal::unanswered(
            "another run loads this trigger now; nothing was sent",
        )),
        Exit::Unknown | Exit::SameFile => Fault::PermanentDenied(problem.to_string()),
        Exit::CheckFailed => Fault::PermanentRejected(Refusal::unanswered(
            "a file of this size was refused as too large within a week; nothing was sent",
        )),
        _ => Fault::PermanentDenied("the host can record no run now; nothing was sent".to_owned()),
    }
}
