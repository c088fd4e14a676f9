//! Why the process ends early: what happened, what is known of Knosc's side, what to do next.
//!
//! Values, codes and sentences; printing them is `render`'s.

use std::path::PathBuf;

use knosc_bulk_import::admission::AdmissionError;
use knosc_bulk_import::fault::{Advice, Fault};
use knosc_bulk_import::job::Job;
use knosc_bulk_import::origin::OriginError;
use knosc_bulk_import::plan::PlanError;
use knosc_bulk_import::policy::PolicyError;
use knosc_checks::Finding;
use knosc_runner::blobs::BlobSourceError;
use knosc_runner::credentials::CredentialsError;
use knosc_runner::egress::Denial;
use knosc_runner::error::Error;
use knosc_runner::journal::sqlite::StoreError;
use knosc_runner::manifest::ManifestError;
use knosc_runner::net::NetError;
use knosc_runner::session::SignInError;

use crate::exit::{self, Exit};
pub use crate::file_problem::FileProblem;
use crate::guard::{self, Guarded};
use crate::judge;
use crate::pipeline_problem::PipelineProblem;
use crate::when;

/// Why the process ends early.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("{message}")]
    Usage { message: String, hint: &'static str },
    #[error("no tenant was named")]
    NoTarget,
    #[error("no profile is named '{name}' in {}", path.display())]
    NoProfile { name: String, path: PathBuf },
    #[error("'{url}': {source}")]
    Origin { url: String, source: OriginError },
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: FileProblem },
    #[error("{}", judge::told(.0))]
    Unfit(Vec<Finding>),
    #[error("{}", guard::told(.0))]
    Dropped(Vec<Guarded>),
    #[error("{} is there already", path.display())]
    Exists { path: PathBuf },
    #[error("{what}: {message}")]
    Io { what: String, message: String },
    #[error("no session and no credentials for {origin}")]
    NoCredentials { origin: String },
    #[error("Knosc refused this sign-in before ({message}); it was not tried again")]
    RefusedBefore { message: String },
    #[error(transparent)]
    Library(Error),
    #[error("the template lies elsewhere: {denial}")]
    TemplateElsewhere { link: String, denial: Denial },
    #[error("{}", told(.0))]
    Store(#[from] StoreError),
    #[error("{}", joined(.0))]
    Refused(Vec<AdmissionError>),
    #[error("{error}{}", unrecorded.as_deref().map(named).unwrap_or_default())]
    InRun { run: String, is_unknown: bool, unrecorded: Option<Box<Job>>, error: Error },
    #[error(transparent)]
    Pipeline(Box<PipelineProblem>),
    #[error("interrupted")]
    Interrupted,
    #[error("{0}")]
    Internal(String),
}

impl Problem {
    /// A word for programs; never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::NoTarget => "no-base-url",
            Self::NoProfile { .. } => "no-profile",
            Self::Origin { .. } => "base-url",
            Self::Manifest(_) => "manifest",
            Self::Plan(_) => "plan",
            Self::Policy(_) => "policy",
            Self::File { problem, .. } => problem.code(),
            Self::Unfit(_) => "check",
            Self::Dropped(_) => "drop",
            Self::Exists { .. } => "exists",
            Self::Io { .. } => "io",
            Self::NoCredentials { .. } => "no-credentials",
            Self::RefusedBefore { .. } => "refused-before",
            Self::Library(error) | Self::InRun { error, .. } => library_code(error),
            Self::TemplateElsewhere { .. } => "template-elsewhere",
            Self::Store(error) => store_code(error),
            Self::Refused(errors) => match refused_exit(errors) {
                Exit::Unknown => "unknown-before",
                Exit::SameFile => "same-file",
                _ => "overtaken",
            },
            Self::Pipeline(problem) => problem.code(),
            Self::Interrupted => "interrupted",
            Self::Internal(_) => "internal",
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::File { problem, .. } => problem.exit(),
            Self::Unfit(_) | Self::Dropped(_) => Exit::CheckFailed,
            Self::NoCredentials { .. } | Self::RefusedBefore { .. } => Exit::NotSignedIn,
            Self::InRun { is_unknown: true, .. } => Exit::Unknown,
            Self::Library(error) | Self::InRun { error, .. } => library_exit(error),
            Self::TemplateElsewhere { .. } => Exit::Denied,
            Self::Store(error) => store_exit(error),
            Self::Refused(errors) => refused_exit(errors),
            Self::Pipeline(problem) => problem.exit(),
            Self::Interrupted => Exit::Interrupted,
            Self::Internal(_) => Exit::Internal,
            Self::Usage { .. }
            | Self::NoTarget
            | Self::NoProfile { .. }
            | Self::Origin { .. }
            | Self::Manifest(_)
            | Self::Plan(_)
            | Self::Policy(_)
            | Self::Exists { .. }
            | Self::Io { .. } => Exit::Usage,
        }
    }

    /// What is known of Knosc's side.
    pub const fn known(&self) -> &'static str {
        match self {
            Self::Library(Error::Fault(Fault::PermanentOutcomeUnknown(_))) => {
                "the file may have been accepted; nothing was sent again"
            }
            Self::Library(Error::Trap { .. } | Error::Limit(_)) | Self::Interrupted => {
                "what was sent before this is in the lines above"
            }
            Self::InRun { .. } => "what the journal knows of every file is in the lines above",
            Self::Pipeline(problem) => problem.known(),
            Self::Library(_) | Self::RefusedBefore { .. } => "no file was accepted",
            _ => "nothing was sent",
        }
    }

    pub fn hint(&self) -> String {
        match self {
            Self::Usage { hint, .. } => (*hint).to_owned(),
            Self::NoTarget => "say --base-url https://YOUR-TENANT.knosc.com, or set KNOSC_BASE_URL".to_owned(),
            Self::NoProfile { name, .. } => format!("add [profile.{name}] with a base-url there"),
            Self::Origin { source, .. } => source.hint().to_owned(),
            Self::Manifest(error) => error.hint(),
            Self::Plan(error) => error.hint().to_owned(),
            Self::Policy(_) => "mend [policy] of the manifest, or --poll-interval".to_owned(),
            Self::File { problem, .. } => problem.hint().to_owned(),
            Self::Unfit(_) => judge::HINT.to_owned(),
            Self::Dropped(refused) => guard::hint(refused),
            Self::Exists { .. } => {
                "it may hold somebody's work and is not overwritten; name another file".to_owned()
            }
            Self::Io { .. } => "look at the path and its permissions".to_owned(),
            Self::NoCredentials { .. } => {
                "run knosc-runner login, or set KNOSC_USERNAME and KNOSC_PASSWORD".to_owned()
            }
            Self::RefusedBefore { .. } => {
                "three refusals lock the account: change user name, password or one-time secret, or run knosc-runner logout to forget the refusal"
                    .to_owned()
            }
            Self::Library(Error::SignIn(error)) => error.hint().to_owned(),
            Self::Library(error) => error.hint().to_owned(),
            Self::TemplateElsewhere { link, .. } => {
                format!(
                    "your session is for your tenant alone: open the link yourself, or say --allow-origin ORIGIN to have it fetched without: {link}"
                )
            }
            Self::Store(error) => error.hint().to_owned(),
            Self::Refused(errors) => errors.first().map_or("", AdmissionError::hint).to_owned(),
            Self::InRun { run, unrecorded: Some(job), error, .. } => format!(
                "{}; then knosc-runner runs resolve {run} {} --accepted {}",
                error.hint(),
                job.trigger,
                job.job_id
            ),
            Self::InRun { run, error, .. } => {
                format!("{}; then knosc-runner resume {run}", error.hint())
            }
            Self::Pipeline(problem) => problem.hint(),
            Self::Interrupted => "an accepted job goes on in Knosc".to_owned(),
            Self::Internal(_) => "run again with -vv and report this".to_owned(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            // Another process was refused while this one waited for it.
            Error::SignIn(SignInError::Credentials(CredentialsError::Refused(message))) => {
                Self::RefusedBefore { message }
            }
            error => Self::Library(error),
        }
    }
}

/// With the time since when another process holds a trigger.
fn told(error: &StoreError) -> String {
    match error {
        StoreError::Locked { holder: Some(holder), .. } => {
            format!("{error} since {}", when::rfc3339(holder.since_ms))
        }
        _ => error.to_string(),
    }
}

/// A job that Knosc named and the journal could not take.
fn named(job: &Job) -> String {
    format!("; Knosc accepted {} as job {}", job.trigger, job.job_id)
}

fn joined(errors: &[AdmissionError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What has to be decided goes before what needs nothing.
fn refused_exit(errors: &[AdmissionError]) -> Exit {
    errors.iter().fold(Exit::Done, |worst, error| {
        worst.or_worse(match error {
            AdmissionError::UnknownBefore { .. } => Exit::Unknown,
            AdmissionError::Overtaken { .. } => Exit::CheckFailed,
            _ => Exit::SameFile,
        })
    })
}

const fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Locked { .. } => "locked",
        StoreError::Busy => "journal-busy",
        StoreError::NoRun { .. } | StoreError::NoStep { .. } => "no-such-run",
        StoreError::Taken { .. } => "run-id-taken",
        StoreError::Illegal(_) => "not-open",
        StoreError::Corrupt { .. } => "journal-damaged",
        StoreError::MayHaveLost { .. } => "journal-may-have-lost",
        StoreError::Newer { .. } => "journal-newer",
        StoreError::Full { .. } => "journal-full",
        StoreError::ReadOnly { .. } => "journal-read-only",
        StoreError::NetworkFolder { .. } => "journal-on-network",
        _ => "journal",
    }
}

/// A folder that cannot hold a journal is configuration; nothing was sent.
const fn store_exit(error: &StoreError) -> Exit {
    match error {
        StoreError::Locked { .. } | StoreError::Busy | StoreError::Overtaken => Exit::Locked,
        StoreError::Taken { .. } => Exit::Temporary,
        StoreError::Stopped { .. } => Exit::Internal,
        _ => Exit::Usage,
    }
}

fn library_code(error: &Error) -> &'static str {
    match error {
        Error::Fault(fault) => match fault {
            Fault::ExecutionFailed => "execution-failed",
            Fault::PermanentInvalid(_) => "invalid",
            Fault::PermanentDenied(_) => "denied",
            Fault::PermanentUnauthorized(_) => "unauthorized",
            Fault::PermanentRejected(_) => "rejected",
            Fault::PermanentOutcomeUnknown(_) => "outcome-unknown",
            Fault::Transient(_) => "transient",
            Fault::NotFinished(_) => "not-finished",
        },
        Error::Trap { .. } => "trap",
        Error::Limit(_) => "limit",
        Error::Component { .. } => "component",
        Error::Journal(_) => "journal",
        Error::Blob(_) => "file",
        Error::Egress(_) => "egress",
        Error::SignIn(_) => "sign-in",
        Error::Net(NetError::Configuration { .. }) => "setup",
        Error::Net(_) => "net",
        Error::Cancelled { .. } => "interrupted",
        _ => "other",
    }
}

pub fn library_exit(error: &Error) -> Exit {
    match error {
        Error::Fault(fault) => exit::of_fault(fault),
        Error::Journal(knosc_runner::journal::JournalError::Locked { .. }) => Exit::Locked,
        Error::Blob(BlobSourceError::Changed { .. }) => Exit::CheckFailed,
        Error::Blob(_) | Error::Net(NetError::Configuration { .. }) => Exit::Usage,
        Error::Egress(_) | Error::Limit(_) => Exit::Denied,
        Error::SignIn(error) => of_advice(error.advice()),
        Error::Net(error) => of_advice(error.advice()),
        Error::Cancelled { .. } => Exit::Interrupted,
        _ => Exit::Internal,
    }
}

/// The code of a request that the host made itself: a sign-in, a logout, the templates. None of them sends a file.
const fn of_advice(advice: Advice) -> Exit {
    match advice {
        Advice::CallAgain => Exit::Temporary,
        Advice::PollLater => Exit::Unfinished,
        Advice::SignIn => Exit::NotSignedIn,
        Advice::MendInput => Exit::Usage,
        Advice::AskOperator => Exit::Denied,
        Advice::Decide => Exit::Internal,
    }
}
