//! Between the contract's values and the core's: total, and nothing else.
//!
//! Decides nothing but whether a trigger's name is known.

pub(super) mod to_core;
pub(super) mod to_wit;
