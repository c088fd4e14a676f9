//! Tenants' own pipelines, run in a sandbox beside each other: who may run what, with how much of everything.
//!
//! | module | is for |
//! |---|---|
//! | [`tenants`] | the operator's file |
//! | [`limits`] | how much of everything a pipeline may use |
//! | [`host_limits`] | how much of a host all of them may use |
//! | [`admission`] | whether a component is taken, before any of its code runs |
//! | [`inspect`] | what a component says of itself |
//! | [`compile`], `preparing` | validating and compiling it, in a process of its own |
//! | `pipeline` | one run of one pipeline |
//! | `platform`, `running`, `handle`, `events` | all of them side by side |
//! | [`journals`] | where what pipelines load is recorded |
//! | `submission` | what a tenant hands in |
//! | `audit` | what is written down for good |
//! | `connections` | each tenant's own |
//! | [`counters`] | what happened, by tenant |
//!
//! The operator's word decides; a tenant's may only narrow it.

pub mod admission;
pub mod compile;
pub mod counters;
pub mod host_limits;
pub mod inspect;
pub mod journals;
pub mod limits;
pub mod tenants;

mod audit;
mod connections;
mod events;
mod handle;
mod pipeline;
#[expect(clippy::module_inception, reason = "the platform is what this module is about")]
mod platform;
mod preparing;
mod running;
mod submission;

pub use self::connections::SignIns;
pub use self::events::PipelineEvent;
pub use self::handle::PipelineRun;
pub use self::journals::Journals;
pub use self::pipeline::{
    JobCall, Log, LogLine, PipelineDenial, PipelineEnd, PipelineReport, PoolUse, Stream, Used,
};
pub use self::platform::{Platform, PlatformConfig};
pub use self::running::RunningPipeline;
pub use self::submission::{Submission, SubmitError};
