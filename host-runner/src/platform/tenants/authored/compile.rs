//! `[compile]` in `tenants.toml`.
//!
//! Reads figures; what they limit is `compile`'s.

use super::{Reader, Value, figure_of};
use crate::platform::compile::{CompileLimit, CompileLimits};

/// As a person looks for them; a test compares it with the table.
pub(super) const COMPILE_KEYS: &str = "memory, cpu, wall, code, kept, admission-memory, admission-cpu, nesting, sections, types, declared-instances, functions, names";

pub(super) fn compile<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> CompileLimits {
    let mut limits = CompileLimits::default();
    let Some(table) = reader.table_of("compile", value) else { return limits };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let Some(limit) = CompileLimit::of_key(name) else {
            reader.unknown(key.span().start, name, COMPILE_KEYS);
            continue;
        };
        let Some(figure) = figure_of(reader, name, limit.row().unit, value) else { continue };
        if let Err(message) = limits.set(limit, figure) {
            reader.bad(value, message);
        }
    }
    limits
}
