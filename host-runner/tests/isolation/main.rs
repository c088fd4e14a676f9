//! What a hostile pipeline can do to its host and to its neighbour: nothing but be stopped, within figures.
//!
//! In a process of its own, one test at a time, because memory, sockets and tasks are counted for the whole of it.
//! `cargo xtask isolation` plays it in full and prints the figures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and shows its figures"
)]

#[path = "../../../tests/guests/hostile/mod.rs"]
mod hostile;
mod in_memory;
mod kills;
mod peer;
mod process;
mod shares;
mod stopped;
mod submissions;
mod world;

use tokio::sync::{Mutex, MutexGuard};

/// One test at a time.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// So many times in full, and so many where the tests of every day run.
fn times(in_full: usize, every_day: usize) -> usize {
    if std::env::var_os("ISOLATION").is_some() { in_full } else { every_day }
}
