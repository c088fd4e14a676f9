//! The client of one origin against scripted peers on this machine: what is counted, what is denied, what each failure is called.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod addresses;
mod destinations;
mod dripping;
mod expect;
mod failures;
mod kept;
mod meter;
mod names;
mod proxy;
mod scripted;
mod tls;
mod urls;
mod vectors;
