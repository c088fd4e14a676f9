//! Knosc on this machine: a pure model of the documented API, and a loopback server around it.
//!
//! It depends on none of the project's other crates, so that it cannot share their mistakes, and it must never be
//! reachable from another machine. What the documentation leaves open is a knob named `assumed_*`, see [`Knobs`].
//!
//! [`Model`] answers requests and knows no clock and no socket. [`spawn`] puts one behind a server for tests.

mod config;
mod data;
mod faults;
mod http;
mod knobs;
mod model;
mod multipart;
mod server;

pub use config::{
    Config, DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_TOTP_SECRET, DEFAULT_USER, TenantConfig,
    UserConfig, UserKind,
};
pub use data::{
    columns::TABLES,
    tables::{ACTION, Column, Kind, Life, Refers, Table},
};
pub use faults::{AnswerFault, Faults, JobFaults, PollFaults, When};
pub use http::{Fate, Request, Response};
pub use knobs::{
    AssumedCodes, HeaderCheck, Knobs, PartialCommit, QueuedBody, RowBase, SessionRefusals,
    UnknownJob,
};
pub use model::{Begin, IntegrationLock, Model, RequestRecord, UploadRecord, time::totp_code};
pub use multipart::{ReadPlan, Upload, UploadError};
pub use server::{Running, Server, ServerError, spawn};
