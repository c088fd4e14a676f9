//! What a tenant hands in, and why it was not run.
//!
//! Values; [`Platform::submit`](super::Platform::submit) takes and gives them.

use std::fmt;
use std::sync::Arc;

use super::admission::Refused;
use super::compile::CompileError;
use super::host_limits::HostLimit;
use super::limits::{PipelineLimit, PipelineLimits};
use super::tenants::UnreadableSecret;
use crate::blobs::BlobSource;
use crate::error::Error;

/// What a tenant hands in.
pub struct Submission {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// The files that it gets.
    pub inputs: Vec<Arc<dyn BlobSource>>,
    /// Its own settings.
    pub settings: Vec<(String, String)>,
    /// Limits of the tenant's own; they narrow the operator's, and never widen them.
    pub limits: Option<PipelineLimits>,
}

/// Why a submission was not run; none of its code ran.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// No such tenant in the operator's file.
    #[error("there is no tenant '{0}' in the operator's file")]
    UnknownTenant(String),
    /// The platform takes nothing more.
    #[error("the platform is being drained")]
    Draining,
    /// The tenant has as many runs under way as it may.
    #[error("the tenant has {0} runs under way, as many as it may have at one time")]
    TenantBusy(u64),
    /// All tenants together have as many runs under way as this host takes.
    #[error("{0} runs are under way, as many as this host takes at one time")]
    HostBusy(u64),
    /// As many components of the tenant wait to be compiled as may.
    #[error("{0} components of the tenant wait to be compiled, as many as may")]
    TenantCompiles(u64),
    /// As many components of all tenants wait to be compiled as may.
    #[error("{0} components wait to be compiled, as many as may on this host")]
    HostCompiles(u64),
    /// The operator stopped the tenant while its component was prepared.
    #[error("the operator stopped it before it ran")]
    Stopped,
    /// The component is not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It cannot be compiled within the compiler's limits.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A secret that the operator's file names is not there.
    #[error(transparent)]
    Secret(#[from] UnreadableSecret),
    /// The tenant's connections cannot be set up.
    #[error(transparent)]
    Setup(#[from] Error),
}

impl SubmitError {
    /// What the caller can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownTenant(_) => "the operator adds a [[tenant]] to tenants.toml".to_owned(),
            Self::TenantBusy(runs) => format!(
                "submit it when one has ended; the operator allows more in tenants.toml: [tenant.limits] {} = {}",
                PipelineLimit::Runs,
                runs.saturating_add(1)
            ),
            Self::TenantCompiles(waiting) => format!(
                "submit it when one of them runs; the operator allows more in tenants.toml: [tenant.limits] {} = {}",
                PipelineLimit::CompilesWaiting,
                waiting.saturating_add(1)
            ),
            Self::HostBusy(runs) => elsewhere(HostLimit::Runs, *runs),
            Self::HostCompiles(waiting) => elsewhere(HostLimit::CompilesWaiting, *waiting),
            Self::Draining | Self::Stopped => "submit it to another host, or later".to_owned(),
            Self::Refused(refused) => refused.hint(),
            Self::Compile(error) => error.hint(),
            Self::Secret(_) => "the operator puts the secret where tenants.toml says".to_owned(),
            Self::Setup(error) => error.hint().to_owned(),
        }
    }
}

fn elsewhere(limit: HostLimit, value: u64) -> String {
    let more = value.saturating_add(1);
    format!(
        "submit it to another host, or later; the operator allows more in tenants.toml: [host] {limit} = {more}"
    )
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("component_bytes", &self.component.len())
            .field("inputs", &self.inputs.len())
            .finish_non_exhaustive()
    }
}
