//! Which imports a pipeline may have, by name: its world, what languages bring along, and what the operator grants.
//!
//! One table, read before any code is compiled.

/// How an import is looked upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Part of the world, or linked over nothing: closed streams, no variables, no folder.
    Given,
    /// Needs a `[[tenant.egress]]`.
    Http,
    /// Part of what this host gives to its own component alone.
    HostOnly,
    /// Never given to a pipeline.
    Socket,
    /// This host does not know it.
    Unknown,
}

/// Linked always: `wasi:cli`, `wasi:filesystem` and the rest come with Rust's standard library and componentize-py.
const GIVEN: [&str; 25] = [
    "knosc:bulk-import/types",
    "knosc:bulk-import/blobs",
    "knosc:bulk-import/pieces",
    "knosc:bulk-import/scratch",
    "knosc:bulk-import/jobs",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

const HTTP: [&str; 2] = ["wasi:http/outgoing-handler", "wasi:http/types"];

const HOST_ONLY: [&str; 2] = ["knosc:bulk-import/journal", "knosc:bulk-import/tenancy"];

/// What a pipeline has to export.
pub(super) const PIPELINE: &str = "knosc:bulk-import/pipeline";

/// How an import of this name is looked upon.
pub(super) fn standing(name: &str) -> Standing {
    let Some((interface, version)) = name.split_once('@') else { return Standing::Unknown };
    let expected = if interface.starts_with("knosc:") { "0.1." } else { "0.2." };
    // Another minor version is another interface; a later patch adds, and what it added is missed when it is linked.
    let patch = version.strip_prefix(expected);
    if interface.starts_with("wasi:sockets/") {
        return Standing::Socket;
    }
    if patch.is_none_or(|patch| patch.is_empty() || !patch.bytes().all(|b| b.is_ascii_digit())) {
        return Standing::Unknown;
    }
    if GIVEN.contains(&interface) {
        Standing::Given
    } else if HTTP.contains(&interface) {
        Standing::Http
    } else if HOST_ONLY.contains(&interface) {
        Standing::HostOnly
    } else {
        Standing::Unknown
    }
}

/// Whether this is the export that makes a component a pipeline.
pub(super) fn is_pipeline(name: &str) -> bool {
    name.split_once('@')
        .is_some_and(|(interface, version)| interface == PIPELINE && version.starts_with("0.1."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings() {
        for (name, expected) in [
            ("knosc:bulk-import/jobs@0.1.0", Standing::Given),
            ("knosc:bulk-import/jobs@0.2.0", Standing::Unknown),
            ("knosc:bulk-import/journal@0.1.0", Standing::HostOnly),
            ("wasi:io/streams@0.2.6", Standing::Given),
            ("wasi:io/streams@0.3.0", Standing::Unknown),
            ("wasi:io/streams@0.2.0-rc-2024", Standing::Unknown),
            ("wasi:io/streams", Standing::Unknown),
            ("wasi:http/outgoing-handler@0.2.12", Standing::Http),
            ("wasi:http/incoming-handler@0.2.12", Standing::Unknown),
            ("wasi:sockets/tcp@0.2.12", Standing::Socket),
            ("wasi:sockets/tcp@0.3.0", Standing::Socket),
            ("env", Standing::Unknown),
        ] {
            assert_eq!(standing(name), expected, "{name}");
        }
        assert!(is_pipeline("knosc:bulk-import/pipeline@0.1.7"));
        assert!(!is_pipeline("knosc:bulk-import/jobs@0.1.0"));
    }
}
