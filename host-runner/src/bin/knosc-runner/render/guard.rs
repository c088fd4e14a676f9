//! What refreshing files leave out, as text.
//!
//! Makes text; prints nothing.

use std::fmt::Write as _;

use super::text::{YELLOW, paint};
use crate::guard::Guarded;

/// What a person should read before files are sent: a line for each that leaves something out, and one for all first loads.
pub fn text(guarded: &[Guarded]) -> String {
    let mut text = String::new();
    for one in guarded.iter().filter(|one| one.is_worth_a_word() && !one.is_refused()) {
        let _ = writeln!(text, "{} {}: {}", paint("warn:", YELLOW), one.file, one.sentence());
    }
    text + &first_loads(guarded)
}

/// Each file's line of a plan, in the order of sending; none for first loads, which have one together.
pub fn lines(guarded: &[Guarded]) -> Vec<Option<String>> {
    let line = |one: &Guarded| (!one.is_first_load()).then(|| one.sentence());
    guarded.iter().map(line).collect()
}

/// One line for all files that have nothing to be compared with.
pub fn first_loads(guarded: &[Guarded]) -> String {
    let first: Vec<&Guarded> = guarded.iter().filter(|one| one.is_first_load()).collect();
    match first.as_slice() {
        [] => String::new(),
        [one] => format!("note: {}: {}\n", one.file, one.sentence()),
        several => {
            let names: Vec<&str> = several.iter().map(|one| one.trigger.name()).collect();
            let names = names.join(", ");
            format!(
                "note: nothing to compare with: of these no file completed from here that was looked into: {names}\n"
            )
        }
    }
}
