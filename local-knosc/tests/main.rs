//! All tests of the stand-in in one program, because linking is what costs time; one area a file.
//! Offline, in any order; the model's clock is turned by hand, so nothing sleeps.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod client;
mod coverage;
mod data;
mod exports;
mod faults;
mod lists;
mod polls;
mod server;
mod sessions;
mod sign_in;
mod uploads;
