//! `pipeline check | run`: a tenant's own component, admitted by the operator's file, in a sandbox, over the journal of runs.
//!
//! The exit code and the report come from the journal. What the pipeline says of itself is a note, and can only make them worse.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use knosc_runner::blobs::BlobSource;
use knosc_runner::engine::{ComponentSource, RuntimeConfig};
use knosc_runner::error::Error;
use knosc_runner::platform::admission::{self, Refused};
use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::limits::{PipelineLimit, PipelineLimits};
use knosc_runner::platform::tenants::{TenantSpec, Tenants};
use knosc_runner::platform::{
    JobCall, LogLine, PipelineEnd, PipelineEvent, PipelineReport, Platform, PlatformConfig,
    Submission, SubmitError,
};

use knosc_runner::journal::sqlite::id;
use tokio::sync::mpsc::Receiver;

use super::runs;
use crate::admission::SizeLimit;
use crate::args::{Global, PipelineRun, Tenanted};
use crate::credentials::TenantSignIns;
use crate::exit::{self, Exit};
use crate::interrupt::Interrupt;
use crate::pinned::PinnedBlob;
use crate::pipeline_log::{self, PipelineLog};
use crate::pipeline_problem::{Entry, PipelineProblem};
use crate::problem::{FileProblem, Problem, library_exit};
use crate::recorded::Recorded;
use crate::render::{Loaded, Ran, Reporter};
use crate::state::State;
use crate::{connect, state, when};

/// One pipeline runs here. A second thread lets the host watch its clock while the first one computes.
const THREADS: usize = 2;

/// Whether a component would be taken.
pub async fn check(args: &Tenanted, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let (tenants, spec, entry) = tenant(args)?;
    let component = component(args, &spec, &entry)?;
    let compiler = Compiler::Child { program: myself()? };
    let admitted = admission::admit_apart(&compiler, &tenants, &spec, component.into())
        .await
        .map_err(|error| not_submitted(&args.component, error, &entry))?;
    reporter.admitted(&spec, &args.component, &admitted);
    Ok(Exit::Done)
}

/// Runs a component, and reports what it loaded.
pub async fn run(
    global: &Global,
    args: &PipelineRun,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let (tenants, spec, mut entry) = tenant(&args.of)?;
    let component = component(&args.of, &spec, &entry)?;
    let limits = narrowed(&args.limit, &spec, &entry)?;
    entry.limits = limits.clone();
    let inputs = args.input.iter().map(|path| input(path)).collect::<Result<Vec<_>, _>>()?;
    let interrupt = Interrupt::listen();
    let store = state::store(global)?;
    let paths = args.input.iter().map(|path| std::path::absolute(path).unwrap_or(path.clone()));
    let known = paths.zip(inputs.iter().cloned()).collect();
    let unchanged = args.unchanged.map(Into::into);
    let limit = SizeLimit::new(args.ignore_size_limit);
    let folder = state::folder(global)?;
    let name = format!("{}-{}", id::new_id(when::now_ms()), std::process::id());
    let place = pipeline_log::Place::new(folder.pipeline_logs(), name);
    let recorded =
        Recorded::new(store.clone(), known, std::env::temp_dir(), unchanged, limit, place.clone());
    let recorded = Arc::new(recorded);
    let platform = platform(global, args, tenants, Arc::clone(&recorded), folder)?;
    let settings = args.setting.clone();
    let submission = Submission { component, inputs, settings, limits: Some(limits) };
    let mut running = platform
        .submit(&spec.name, submission)
        .await
        .map_err(|error| not_submitted(&args.of.component, error, &entry))?;
    reporter.started(&spec, &args.of.component);
    let signal = interrupt.token();
    let stop = running.stopper();
    let mut watched =
        Watched { news: running.events(), told: Vec::new(), log: PipelineLog::new(place) };
    let ended = running.report();
    tokio::pin!(ended);
    let report = loop {
        tokio::select! {
            biased;
            report = &mut ended => break report,
            () = signal.cancelled(), if !stop.is_cancelled() => {
                reporter.interrupted();
                stop.cancel();
            }
            Some(event) = watched.next() => watched.hear(event, &recorded, reporter),
        }
    };
    watched.rest(&report, &recorded, reporter);
    let (begun, refused) = recorded.taken();
    watched.log.finish(&report.log, &begun);
    let mut loaded = Vec::with_capacity(begun.len());
    for run in begun {
        let (recorded, report) = runs::known(&store, &run).await?;
        loaded.push(Loaded { run: recorded.id, report });
    }
    let verdict = Verdict::new(&report, &loaded, refused, entry, interrupt.seen());
    let state = global.state.as_deref();
    reporter.ran(
        &Ran { spec: &spec, component: &args.of.component, report: &report, loaded, state },
        verdict.exit,
    );
    verdict.why.map_or(Ok(verdict.exit), Err)
}

/// A platform for one pipeline, over this user's journal and folders.
fn platform(
    global: &Global,
    args: &PipelineRun,
    tenants: Tenants,
    journals: Arc<Recorded>,
    folder: State,
) -> Result<Platform, Problem> {
    Ok(Platform::new(PlatformConfig {
        importer: RuntimeConfig {
            component: ComponentSource::Bundled,
            cache_dir: state::user_folder("XDG_CACHE_HOME", ".cache"),
        },
        tenants,
        compiler: Compiler::Child { program: myself()? },
        cache_dir: pipelines_folder()?,
        scratch_dir: std::env::temp_dir(),
        journals,
        client: connect::client(global),
        sign_ins: Some(Arc::new(TenantSignIns(folder))),
        threads: THREADS,
        audit_file: args.audit_file.clone(),
    })?)
}

/// What a pipeline tells while it runs.
struct Watched {
    news: Option<Receiver<PipelineEvent>>,
    /// Its lines so far: who does not keep up misses some, and hears of them at the end.
    told: Vec<LogLine>,
    log: PipelineLog,
}

impl Watched {
    async fn next(&mut self) -> Option<PipelineEvent> {
        self.news.as_mut()?.recv().await
    }

    fn hear(&mut self, event: PipelineEvent, recorded: &Recorded, reporter: &mut Reporter) {
        match event {
            PipelineEvent::Log(line) => {
                self.log.line(&line);
                reporter.pipeline_line(&line);
                self.told.push(line);
            }
            PipelineEvent::Progress(news) => {
                if let Some((run, files)) = recorded.last() {
                    reporter.pipeline_call(run, files);
                }
                reporter.news(&news);
            }
            // The report has the denials; of calls the news tell.
            _ => {}
        }
    }

    /// What was not heard before the end.
    fn rest(&mut self, report: &PipelineReport, recorded: &Recorded, reporter: &mut Reporter) {
        while let Some(Ok(event)) = self.news.as_mut().map(Receiver::try_recv) {
            self.hear(event, recorded, reporter);
        }
        let mut told = self.told.iter().peekable();
        for line in &report.log.lines {
            if told.next_if(|told| *told == line).is_none() {
                reporter.pipeline_line(line);
            }
        }
    }
}

/// What a tenant gives its own pipeline: less than its operator gave, or as much.
fn narrowed(
    own: &[(PipelineLimit, u64)],
    spec: &TenantSpec,
    entry: &Entry,
) -> Result<PipelineLimits, Problem> {
    let mut limits = spec.limits.clone();
    for (limit, figure) in own {
        let wider = *figure > spec.limits.get(*limit);
        if wider || limits.set(*limit, *figure).is_err() {
            let (limit, figure, entry) = (*limit, *figure, entry.clone());
            return Err(PipelineProblem::NotNarrower { limit, figure, entry }.into());
        }
    }
    Ok(limits)
}

/// How the process ends, and why where that is no file's fault.
struct Verdict {
    exit: Exit,
    why: Option<Problem>,
}

impl Verdict {
    fn new(
        report: &PipelineReport,
        loaded: &[Loaded],
        mut refused: Vec<Problem>,
        entry: Entry,
        interrupted: bool,
    ) -> Self {
        if interrupted {
            return Self { exit: Exit::Interrupted, why: Some(Problem::Interrupted) };
        }
        let files = exit::of_report(&Loaded::together(loaded));
        for call in &report.calls {
            match call {
                JobCall::Refused(fault) => refused.push(Error::Fault(fault.clone()).into()),
                JobCall::Failed(error) => refused.push(of_failed(error)),
                _ => {}
            }
        }
        let end = of_end(report);
        let worst = refused
            .iter()
            .fold(files.or_worse(end), |worst, problem| worst.or_worse(problem.exit()));
        // 10 promises that nothing was accepted.
        let is_safe = worst != Exit::Temporary || !Loaded::is_any_accepted(loaded);
        let exit = if is_safe { worst } else { Exit::NotRun };
        let why = match refused.into_iter().find(|problem| problem.exit() == worst) {
            _ if worst == Exit::Done || (worst == files && worst != end) => None,
            Some(problem @ Problem::Pipeline(_)) => Some(problem),
            Some(problem) => {
                Some(PipelineProblem::Call { problem: Box::new(problem), exit }.into())
            }
            None => {
                let (end, limit, denied) = (report.end.clone(), report.limit, report.denied);
                Some(PipelineProblem::Ended { end, limit, denied, entry, exit }.into())
            }
        };
        Self { exit, why }
    }
}

/// The code of how the pipeline's own code ended: a policy's word goes before its own.
fn of_end(report: &PipelineReport) -> Exit {
    match &report.end {
        PipelineEnd::Returned(Ok(_)) => Exit::Done,
        PipelineEnd::Limit(_) => Exit::Denied,
        PipelineEnd::Cancelled => Exit::Interrupted,
        _ if report.limit.is_some() || !report.denials.is_empty() => Exit::Denied,
        _ => Exit::NotRun,
    }
}

/// A call that the host itself could not make: what it sent, if anything, is in its journal.
fn of_failed(error: &Error) -> Problem {
    let (message, hint, exit) = (error.to_string(), error.hint(), library_exit(error));
    PipelineProblem::Failed { message, hint, exit }.into()
}

/// The operator's file, and the tenant in it.
fn tenant(args: &Tenanted) -> Result<(Tenants, TenantSpec, Entry), Problem> {
    let (tenants, spec) = named(&args.tenant, &args.tenants)?;
    let entry = Entry::new(args.tenants.clone(), &spec);
    Ok((tenants, spec, entry))
}

/// The same, without its component.
pub fn named(name: &str, path: &Path) -> Result<(Tenants, TenantSpec), Problem> {
    let tenants = Tenants::read(path).map_err(PipelineProblem::Tenants)?;
    let Some(spec) = tenants.get(name).cloned() else {
        let known: Vec<&str> = tenants.all().iter().map(|spec| spec.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let (name, path) = (name.to_owned(), path.to_owned());
        return Err(PipelineProblem::NoTenant { name, path, known }.into());
    };
    Ok((tenants, spec))
}

/// The component's bytes, if there are no more than this tenant may hand in: a larger file is not read.
fn component(args: &Tenanted, spec: &TenantSpec, entry: &Entry) -> Result<Vec<u8>, Problem> {
    let path = &args.component;
    let unfit = |problem| Problem::File { path: path.clone(), problem };
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => unfit(FileProblem::Missing),
        _ => unfit(FileProblem::Unreadable(error.to_string())),
    };
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::Usage {
            message: format!("{}: this is no file", path.display()),
            hint: "name the component's file, such as tenant.wasm",
        });
    }
    let limit = PipelineLimit::ComponentBytes;
    let (wanted, allowed) = (metadata.len(), spec.limits.get(limit));
    if wanted > allowed {
        return Err(not_taken(path, Refused::Figure { limit, wanted, allowed }, entry));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    // A file that grows meanwhile is cut, and then no valid component.
    file.take(allowed.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn not_submitted(path: &Path, error: SubmitError, entry: &Entry) -> Problem {
    match error {
        SubmitError::Refused(refused) => not_taken(path, refused, entry),
        error => PipelineProblem::NotSubmitted { component: path.to_owned(), error }.into(),
    }
}

fn not_taken(path: &Path, refused: Refused, entry: &Entry) -> Problem {
    let (component, entry) = (path.to_owned(), entry.clone());
    PipelineProblem::NotTaken { component, refused, entry }.into()
}

/// An input as it is now: whoever changes it while the pipeline runs has it refused.
fn input(path: &Path) -> Result<Arc<dyn BlobSource>, Problem> {
    let blob = PinnedBlob::open(path).map_err(Error::Blob)?;
    Ok(Arc::new(blob))
}

/// The program that compiles: this one, started anew.
fn myself() -> Result<std::path::PathBuf, Problem> {
    std::env::current_exe()
        .map_err(|error| Problem::Internal(format!("this program does not find itself: {error}")))
}

/// Where compiled pipelines are kept.
fn pipelines_folder() -> Result<std::path::PathBuf, Problem> {
    let folder = state::user_folder("XDG_CACHE_HOME", ".cache").ok_or_else(|| Problem::Usage {
        message: "there is no folder to keep compiled pipelines in".to_owned(),
        hint: "set XDG_CACHE_HOME, or HOME",
    })?;
    Ok(folder.join("pipelines"))
}
