//! The durable journal on real files: what survives, what is refused, and who may write.
//!
//! Neither wasm nor sockets; a process of its own where something has to die.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod common;
#[cfg(unix)]
mod damage;
mod events;
mod figures;
mod keys;
mod locks;
mod lookups;
mod restored;
mod versions;
