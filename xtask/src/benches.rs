//! The names of the benches, for `cargo xtask bench`, which asks before it builds, and for the program that it starts.

use crate::Failure;

/// In the order in which they run.
pub const NAMES: [&str; 9] = [
    "upload",
    "tls",
    "portable",
    "cold-start",
    "ordered-run",
    "journal",
    "tenants",
    "in-process",
    "check",
];

/// Leaves out 2 GiB and the long jobs, and takes three samples a case.
pub const QUICK: &str = "--quick";

/// Looks at what was typed: names of benches, and [`QUICK`].
///
/// # Errors
/// If a word is neither.
pub fn check(words: &[&str]) -> Result<(), Failure> {
    let unknown = words.iter().find(|word| **word != QUICK && !NAMES.contains(word));
    unknown.map_or(Ok(()), |word| {
        let known = NAMES.join(", ");
        Err(Failure::new(format!("there is no bench {word}; there are: {known} (and {QUICK})")))
    })
}
