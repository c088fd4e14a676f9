//! Sessions against Knosc on this machine: how often it is asked, and what is never asked again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;
mod proof;
mod renewal;
mod second_factor;
mod sign_in;
mod tenants;
