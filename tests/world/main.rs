//! What the two components may reach: their exact imports and exports, their size, the written contract, and the same
//! component from cargo-component. Builds them by the command that everybody uses, in target folders of their own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::{fs, process::Command};

use xtask::{
    component::{self, Names},
    components::{self, Kind},
    machine::Tool,
    place, wit,
};

/// Any engine with WASI 0.2 and wasi:http gives these: `types` has no functions, `cli` is what Rust's standard library asks
/// for. No draft interface, no socket.
const PORTABLE: [&str; 21] = [
    "knosc:bulk-import/types@0.1.0",
    "wasi:cli/environment@0.2.12",
    "wasi:cli/exit@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:cli/stdin@0.2.12",
    "wasi:cli/stdout@0.2.12",
    "wasi:cli/terminal-input@0.2.12",
    "wasi:cli/terminal-output@0.2.12",
    "wasi:cli/terminal-stderr@0.2.12",
    "wasi:cli/terminal-stdin@0.2.12",
    "wasi:cli/terminal-stdout@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:filesystem/types@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:random/random@0.2.12",
];

/// Beyond that, only what the host hands out. No file and no socket; our host's `cli` is empty.
const HOSTED: [&str; 22] = [
    "knosc:bulk-import/blobs@0.1.0",
    "knosc:bulk-import/journal@0.1.0",
    "knosc:bulk-import/tenancy@0.1.0",
    "knosc:bulk-import/types@0.1.0",
    "wasi:cli/environment@0.2.12",
    "wasi:cli/exit@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:cli/stdin@0.2.12",
    "wasi:cli/stdout@0.2.12",
    "wasi:cli/terminal-input@0.2.12",
    "wasi:cli/terminal-output@0.2.12",
    "wasi:cli/terminal-stderr@0.2.12",
    "wasi:cli/terminal-stdin@0.2.12",
    "wasi:cli/terminal-stdout@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:random/random@0.2.12",
];

const PORTABLE_EXPORTS: [&str; 3] = [
    "knosc:bulk-import/importer@0.1.0",
    "knosc:bulk-import/planner@0.1.0",
    "knosc:bulk-import/sessions@0.1.0",
];

const HOSTED_EXPORTS: [&str; 1] = ["knosc:bulk-import/jobs@0.1.0"];

fn names(kind: Kind) -> Names {
    components::build(kind).unwrap_or_else(|failure| panic!("{failure}")).names
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names
}

#[test]
fn the_portable_component_imports_what_is_listed() {
    let Names { imports, exports } = names(Kind::Portable);
    assert_eq!(sorted(imports), PORTABLE);
    assert_eq!(sorted(exports), PORTABLE_EXPORTS);
}

#[test]
fn the_hosted_component_imports_what_is_listed() {
    let Names { imports, exports } = names(Kind::Hosted);
    assert_eq!(sorted(imports), HOSTED);
    assert_eq!(sorted(exports), HOSTED_EXPORTS);
}

/// Both are built by one command and described by one file; whoever takes the runner's has the published ones.
#[test]
fn the_runner_carries_what_xtask_builds() {
    for (kind, carried) in [
        (Kind::Portable, knosc_runner::engine::PORTABLE_COMPONENT),
        (Kind::Hosted, knosc_runner::engine::HOSTED_COMPONENT),
    ] {
        let built = components::build(kind).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(fs::read(built.path).unwrap() == carried, "{kind:?}");
    }
}

#[test]
fn the_written_contract_is_the_wit_files() {
    let written = fs::read_to_string(place::root().unwrap().join("docs").join("wit.md")).unwrap();
    let made = wit::reference().unwrap_or_else(|failure| panic!("{failure}"));
    assert!(written == made, "docs/wit.md is not what the .wit files say; type: cargo xtask wit");
}

#[test]
fn cargo_component_builds_the_same_worlds() {
    let test = "world::cargo_component_builds_the_same_worlds";
    if !Tool::is_there_for("cargo-component", test).unwrap() {
        return;
    }
    let folder = place::target().unwrap().join("guest").join("cargo-component");
    let mut build = Command::new("cargo-component");
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    build.current_dir(place::root().unwrap()).args(["component", "build", "--profile", "guest"]);
    build
        .args(["--target", components::TARGET, "-p", "knosc-bulk-import"])
        .arg("--target-dir")
        .arg(&folder);
    let ended = build.status().unwrap();
    // It writes megabytes of bindings into the source, which nobody of us reads.
    let _ = fs::remove_file(place::root().unwrap().join("src").join("bindings.rs"));
    assert!(ended.success());
    let path = folder.join(components::TARGET).join("guest").join("knosc_bulk_import.wasm");
    let theirs = component::names(&fs::read(path).unwrap()).unwrap();
    let ours = names(Kind::Portable);
    assert_eq!(sorted(theirs.imports), sorted(ours.imports));
    assert_eq!(sorted(theirs.exports), sorted(ours.exports));
}
