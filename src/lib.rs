//! Loads ERP exports into Knosc: the pure core of the `knosc:bulk-import` component, and the component itself.
//!
//! Knosc takes a whole file per upload type ("trigger"), answers with a job, and is polled until the job ended. It has no
//! idempotency key, and its default action closes every line that a file leaves out: a file that is sent twice, cut or
//! split destroys data. So everything here turns around one thing: a run is a pure machine, and its journal is its only
//! input ([`run`]).
//!
//! | layer | modules | may touch the outside |
//! |---|---|---|
//! | words | [`trigger`], [`job`], [`blob`], [`origin`], [`session`], [`fault`], [`calendar`] | no |
//! | decisions | [`plan`], [`policy`], [`run`], [`admission`] | no |
//! | wire | [`protocol`] | no: bytes in, values out |
//! | guest | `guest`, on wasm only | yes, through WASI alone |
//!
//! The component is built from this crate by `cargo build --target wasm32-wasip2`; a host links the same crate natively.

pub mod trigger;

pub mod blob;
pub mod calendar;
pub mod fault;
pub mod job;
pub mod origin;
pub mod session;

pub mod admission;
pub mod plan;
pub mod policy;
pub mod run;

pub mod protocol;

#[cfg(target_family = "wasm")]
mod guest;
