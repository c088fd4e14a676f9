//! The fault matrix on real sockets: the runner with the hosted component, a proxy that breaks what its row names, and Knosc on this
//! machine as the witness. `MATRIX.md` says which test is which row's.
//!
//! Rows without sockets are in `tests/pure`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, in its helpers too, and says what it measured"
)]

mod answers;
mod chance;
mod connect;
mod cuts;
mod drops;
mod early;
mod growth;
mod memory;
mod own_store;
mod polls;
mod portable;
mod setup;
mod slow;
mod stock;
mod traps;
mod waits;
