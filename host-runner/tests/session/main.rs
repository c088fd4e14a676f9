//! Sessions against Knosc on this machine: how often it is asked, and what is never asked again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
mod renewal;
mod second_factor;
mod sign_in;
mod tenants;
