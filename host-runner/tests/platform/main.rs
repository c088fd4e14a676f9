//! Tenants' pipelines: admission, limits, egress, and what a hostile one can do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::duplicate_mod,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; the example that is run here brings the template of components too"
)]

mod admission;
mod built;
mod compile;
mod egress;
mod example;
mod guest;
mod host;
mod hostile;
#[path = "../isolation/in_memory.rs"]
mod in_memory;
mod inspect;
mod jobs;
mod kept;
#[path = "../isolation/peer.rs"]
mod peer;
mod recorder;
mod runs;
mod secrets;
#[path = "../../../tests/guests/hostile/template.rs"]
mod template;
