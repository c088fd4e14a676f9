//! Tenants' pipelines: admission, limits, egress, and what a hostile one can do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod admission;
mod guest;
mod host;
mod runs;
