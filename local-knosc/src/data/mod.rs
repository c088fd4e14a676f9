//! Files and what becomes of them: read, checked against what is stored, and applied.
//! Knows nothing of HTTP, sessions or time.

pub(crate) mod check;
pub(crate) mod columns;
pub(crate) mod read;
pub(crate) mod store;
pub(crate) mod tables;
