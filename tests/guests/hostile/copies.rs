//! Components that look small and are instantiated many times: admission counts what is written once, the store counts the rest.

use knosc_runner::platform::limits::PipelineLimit;

use super::{Ends, Guest, OK};

pub(super) fn guests() -> Vec<Guest> {
    [
        ("instances-in-copies", String::new(), 80, PipelineLimit::Instances),
        ("memories-in-copies", "(memory 1)".to_owned(), 10, PipelineLimit::Memories),
        ("tables-in-copies", "(table 1 funcref)".repeat(4), 20, PipelineLimit::Tables),
    ]
    .map(|(name, module, copies, limit)| {
        let copy = "(instance (instantiate $part))";
        let parts = format!(
            "(component $part (core module $m {module}) (core instance (instantiate $m))) {}",
            copy.repeat(copies)
        );
        Guest { name, parts, fields: "", body: OK.to_owned(), ends: Ends::Limit(limit) }
    })
    .into()
}
