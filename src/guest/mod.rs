//! The component: the core's machine and protocol on WASI's HTTP, clocks and files. The one place that touches the outside.
//!
//! | module | what it is |
//! |---|---|
//! | `bindings`, `convert` | the contract, generated and translated |
//! | `http`, `errors`, `clock`, `feed` | the outside: requests, what became of them, time, bytes |
//! | `grants` | what an engine calls that which it did not grant |
//! | `upload`, `calls`, `drive` | one upload, one question, one run |
//! | `portable`, `hosted` | the exports of the two worlds, one of them in a build |
//!
//! Stateless between two calls: what has to last is the caller's history or the host's journal.

mod access;
mod bindings;
mod calls;
mod clock;
mod convert;
mod drive;
mod errors;
mod feed;
mod grants;
mod http;
mod upload;

#[cfg(feature = "hosted")]
mod hosted;
#[cfg(not(feature = "hosted"))]
mod portable;
