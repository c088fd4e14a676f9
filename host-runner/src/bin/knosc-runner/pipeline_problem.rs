//! Why a tenant's component was not taken, did not run to its end, or had a call refused.
//!
//! Values, codes and sentences, as in `problem`. What would allow something is named with its line of the operator's file.

use std::path::PathBuf;

use knosc_runner::manifest::ManifestError;
use knosc_runner::platform::admission::{Form, Refused};
use knosc_runner::platform::compile::CompileError;
use knosc_runner::platform::limits::{PipelineLimit, PipelineLimits};
use knosc_runner::platform::tenants::TenantSpec;
use knosc_runner::platform::{PipelineEnd, SubmitError};

use crate::exit::Exit;
use crate::problem::Problem;

/// Where a tenant stands in the operator's file.
#[derive(Clone, Debug)]
pub struct Entry {
    pub path: PathBuf,
    pub name: String,
    pub line: usize,
    /// The operator's.
    pub given: PipelineLimits,
    /// Those of this call: these, or less.
    pub limits: PipelineLimits,
}

impl Entry {
    pub fn new(path: PathBuf, spec: &TenantSpec) -> Self {
        let TenantSpec { name, line, limits, .. } = spec;
        let (given, limits) = (limits.clone(), limits.clone());
        Self { path, name: name.clone(), line: *line, given, limits }
    }

    fn place(&self) -> String {
        format!("tenant '{}' is at {}:{}", self.name, self.path.display(), self.line)
    }
}

/// What went wrong with a tenant's component.
#[derive(Debug, thiserror::Error)]
pub enum PipelineProblem {
    /// Everything that is wrong in the operator's file.
    #[error(transparent)]
    Tenants(ManifestError),
    #[error("there is no tenant '{name}' in {}; there is {known}", path.display())]
    NoTenant { name: String, path: PathBuf, known: String },
    #[error("{}: {refused}", component.display())]
    NotTaken { component: PathBuf, refused: Refused, entry: Entry },
    #[error("--limit {}={} is no figure from {} to {}, which is the operator's", limit.row().key, show(*limit, *figure), show(*limit, limit.row().min), show(*limit, entry.limits.get(*limit)))]
    NotNarrower { limit: PipelineLimit, figure: u64, entry: Entry },
    #[error("{}: {error}", component.display())]
    NotSubmitted { component: PathBuf, error: SubmitError },
    /// A call of the pipeline that sent nothing, by the host's own word.
    #[error("a call of the pipeline was refused: {problem}")]
    Call { problem: Box<Problem>, exit: Exit },
    /// The same, because the host itself could not make it.
    #[error("a call of the pipeline was not made: {message}")]
    Failed { message: String, hint: &'static str, exit: Exit },
    #[error("{}", ended(end, *limit, *denied, entry))]
    Ended {
        end: PipelineEnd,
        /// The first limit that it met.
        limit: Option<PipelineLimit>,
        /// How many of its requests were denied.
        denied: u64,
        entry: Entry,
        exit: Exit,
    },
}

impl From<PipelineProblem> for Problem {
    fn from(problem: PipelineProblem) -> Self {
        Self::Pipeline(Box::new(problem))
    }
}

impl PipelineProblem {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Tenants(_) => "tenants",
            Self::NoTenant { .. } => "no-tenant",
            Self::NotTaken { refused, .. } => match refused {
                Refused::Form(_) => "component-form",
                Refused::Import { .. } => "component-import",
                Refused::Figure { .. } | Refused::Shape { .. } => "component-figure",
                _ => "component-invalid",
            },
            Self::NotSubmitted { error: SubmitError::Compile(_), .. } => "component-compile",
            Self::NotSubmitted { .. } => "not-submitted",
            Self::NotNarrower { .. } => "limit-not-narrower",
            Self::Call { problem, .. } => problem.code(),
            Self::Failed { .. } => "call-failed",
            Self::Ended { end, .. } => match end {
                PipelineEnd::Limit(_) => "pipeline-limit",
                PipelineEnd::Trapped { .. } => "pipeline-trapped",
                _ => "pipeline-error",
            },
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Tenants(_) | Self::NoTenant { .. } => Exit::Usage,
            Self::NotNarrower { .. } => Exit::Denied,
            Self::NotTaken { refused, .. } => match refused {
                Refused::Import { .. }
                | Refused::Figure { .. }
                | Refused::Shape { .. }
                | Refused::Form(Form::Precompiled) => Exit::Denied,
                _ => Exit::Usage,
            },
            Self::NotSubmitted { error, .. } => match error {
                SubmitError::Compile(CompileError::Limit { .. })
                | SubmitError::TenantBusy(_)
                | SubmitError::TenantCompiles(_)
                | SubmitError::HostCompiles(_)
                | SubmitError::HostBusy(_) => Exit::Denied,
                SubmitError::Compile(CompileError::Wasm(_) | CompileError::Cache(_))
                | SubmitError::Secret(_)
                | SubmitError::Setup(_) => Exit::Usage,
                _ => Exit::Internal,
            },
            Self::Call { exit, .. } | Self::Failed { exit, .. } | Self::Ended { exit, .. } => *exit,
        }
    }

    pub const fn known(&self) -> &'static str {
        match self {
            Self::Tenants(_)
            | Self::NoTenant { .. }
            | Self::NotTaken { .. }
            | Self::NotNarrower { .. }
            | Self::NotSubmitted { .. } => "none of its code ran, and nothing was sent",
            Self::Call { .. } | Self::Failed { .. } => {
                "that call sent nothing; what others loaded is in the lines above"
            }
            Self::Ended { .. } => "what it loaded is in the lines above, from the journal",
        }
    }

    pub fn hint(&self) -> String {
        match self {
            Self::Tenants(_) => {
                "mend the operator's file; examples/tenants.toml shows every key".to_owned()
            }
            Self::NoTenant { .. } => "name one of these, or add a [[tenant]] there".to_owned(),
            Self::NotTaken { refused, entry, .. } => match refused {
                Refused::Import { .. } | Refused::Figure { .. } => {
                    format!("{}; {}", refused.hint(), entry.place())
                }
                _ => refused.hint(),
            },
            Self::NotSubmitted { error, .. } => error.hint(),
            Self::NotNarrower { limit, entry, .. } => {
                format!("a tenant's own limits narrow the operator's; {}", more(*limit, entry))
            }
            Self::Call { problem, .. } => problem.hint(),
            Self::Failed { hint, .. } => (*hint).to_owned(),
            Self::Ended { end, limit, denied, entry, .. } => match (end, limit) {
                (PipelineEnd::Limit(limit), _) | (_, Some(limit)) => more(*limit, entry),
                _ if *denied > 0 => {
                    format!("the lines above say what would allow it; {}", entry.place())
                }
                (PipelineEnd::Trapped { .. }, None) => {
                    "its author has to look at it; its own lines are above".to_owned()
                }
                _ => "its note and its own lines are above; its author knows more".to_owned(),
            },
        }
    }
}

fn show(limit: PipelineLimit, figure: u64) -> String {
    limit.row().unit.show(figure)
}

/// What the operator would write so that a limit is met later.
fn more(limit: PipelineLimit, entry: &Entry) -> String {
    let row = limit.row();
    let given = entry.given.get(limit);
    if entry.limits.get(limit) < given {
        return format!("the operator gives {}; this call asked for less", row.unit.show(given));
    }
    let most = row.unit.show(row.max);
    format!(
        "the operator may allow more, up to {most}: [tenant.limits] {}; {}",
        row.key,
        entry.place()
    )
}

fn ended(end: &PipelineEnd, limit: Option<PipelineLimit>, denied: u64, entry: &Entry) -> String {
    let figure = |limit: PipelineLimit| {
        format!("{limit} = {}", limit.row().unit.show(entry.limits.get(limit)))
    };
    let mut met = limit.map_or_else(String::new, |limit| format!("; it had met {}", figure(limit)));
    if denied > 0 {
        met += "; requests of it were denied";
    }
    match end {
        PipelineEnd::Limit(limit) => format!("the pipeline was stopped at {}", figure(*limit)),
        PipelineEnd::Trapped { message } => {
            let message: String = message.chars().filter(|c| !c.is_control()).take(500).collect();
            format!("the pipeline trapped: {message}{met}")
        }
        _ => format!("the pipeline returned an error{met}"),
    }
}
