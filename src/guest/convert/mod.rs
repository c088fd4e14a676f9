//! Between the contract's values and the core's: total, and nothing else.
//!
//! Decides nothing but whether a trigger's name is known.

use crate::fault::Fault;

pub(super) mod to_core;
pub(super) mod to_wit;

/// Each of some values, converted.
pub(super) fn all<T, U>(values: Vec<T>, convert: fn(T) -> U) -> Vec<U> {
    let mut converted = Vec::with_capacity(values.len());
    for value in values {
        converted.push(convert(value));
    }
    converted
}

/// Each of some values, or the first that cannot be converted.
pub(super) fn try_all<T, U>(
    values: Vec<T>,
    convert: fn(T) -> Result<U, Fault>,
) -> Result<Vec<U>, Fault> {
    let mut converted = Vec::with_capacity(values.len());
    for value in values {
        converted.push(convert(value)?);
    }
    Ok(converted)
}
