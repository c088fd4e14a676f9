//! The small embedding: `knosc-runner` without its features has few dependencies, and all are known. Reads what cargo resolves,
//! compiles nothing.

use std::{collections::BTreeSet, process::Command};

/// What an embedder compiles beside ours, named in `host-runner/Cargo.toml` and not optional.
const DIRECT: [&str; 22] = [
    "bytes",
    "futures-util",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "knosc-bulk-import",
    "rustix",
    "rustls",
    "rustls-native-certs",
    "rustls-pki-types",
    "socket2",
    "thiserror",
    "tokio",
    "tokio-rustls",
    "tokio-util",
    "tracing",
    "twox-hash",
    "wasmtime",
    "wasmtime-wasi",
    "wasmtime-wasi-http",
];

/// What belongs to the command line, the durable journal and the checks.
const ABSENT: [&str; 5] = ["axum", "calamine", "clap", "indicatif", "rusqlite"];

/// All of it, one name a line, as resolved for Linux on x86-64.
const RESOLVED: &str = include_str!("small-dependencies.txt");

#[test]
fn the_small_embedding_brings_what_is_listed_and_nothing_else() {
    let direct = dependencies(&["--depth", "1"]);
    let expected: BTreeSet<String> = DIRECT.into_iter().map(str::to_owned).collect();
    assert_eq!(direct, expected, "direct dependencies");
    let resolved = dependencies(&[]);
    for name in ABSENT {
        assert!(!resolved.contains(name), "{name} is not part of the small embedding");
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let expected: BTreeSet<String> = RESOLVED.lines().map(str::to_owned).collect();
        assert_eq!(resolved, expected, "tests/tidy/small-dependencies.txt lists all of them");
    }
}

/// The packages that `knosc-runner` without features is compiled with, itself left out.
fn dependencies(more: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fixed =
        "tree -p knosc-runner --no-default-features -e normal --offline --locked --prefix none";
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(fixed.split(' '))
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| !["", "knosc-runner"].contains(name)).map(str::to_owned).collect()
}
