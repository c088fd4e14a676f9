//! `[host]` in `tenants.toml`: what all tenants together may use.
//!
//! Reads values; what they limit is elsewhere.

use super::{Reader, Value, figure_of};
use crate::platform::host_limits::{HostLimit, HostLimits};

/// As a person looks for them; a test compares it with the table.
pub(super) const HOST_KEYS: &str = "runs, compiles, compiles-waiting, nice";

pub(super) fn host<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> HostLimits {
    let mut limits = HostLimits::default();
    let Some(table) = reader.table_of("host", value) else { return limits };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let Some(limit) = HostLimit::of_key(name) else {
            reader.unknown(key.span().start, name, HOST_KEYS);
            continue;
        };
        let Some(given) = figure_of(reader, name, limit.row().unit, value) else { continue };
        if let Err(message) = limits.set(limit, given) {
            reader.bad(value, message);
        }
    }
    limits
}
