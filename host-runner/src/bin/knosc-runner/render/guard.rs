//! What refreshing files leave out, as text and as JSON.
//!
//! Makes values; prints nothing. The names in JSON are a promise to scripts.

use std::fmt::Write as _;

use knosc_bulk_import::admission::refresh::Effect;
use serde_json::{Value, json};

use super::text::{YELLOW, paint};
use crate::guard::{Found, Guarded, Stale, With};

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

pub fn value(guarded: &Guarded) -> Value {
    let mut value = json!({
        "trigger": guarded.trigger.name(), "file": guarded.file, "effect": Effect::of(guarded.trigger).word(),
        "comparison": "not-read", "left_out": null, "of": null, "run": null, "stale_since_run": null,
        "stale": false, "allowed": guarded.allowed.to_string(), "refused": guarded.is_refused(),
        "message": guarded.sentence(),
    });
    let more = match &guarded.found {
        Found::NotRead => json!({}),
        Found::Exempt => json!({ "comparison": "exempt" }),
        Found::Nothing { .. } => json!({ "comparison": "nothing" }),
        Found::Compared { dropped, with, stale } => {
            let run = match with {
                With::Run(run) => Some(run),
                With::File(_) => None,
            };
            let since = match stale {
                Some(Stale::Since { run, .. }) => Some(run),
                Some(Stale::Disordered) | None => None,
            };
            json!({
                "comparison": if dropped.by_key { "keys" } else { "rows" }, "left_out": dropped.left_out,
                "of": dropped.of, "run": run, "stale_since_run": since, "stale": stale.is_some(),
            })
        }
    };
    super::json::merge(&mut value, &more);
    value
}
