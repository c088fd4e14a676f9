//! What somebody reads on a machine that lacks something: one line with the command to type, and an exit code that is not 0.
//!
//! The machine is a folder of small scripts as the whole `PATH`; nothing is installed or downloaded.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::tests_outside_test_module, reason = "a test")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A toolchain without the wasm target: its library folder is not there.
const RUSTC: (&str, &str) = ("rustc", "echo /nowhere/lib");
const CC: (&str, &str) = ("cc", "exit 0");
const ROOM: (&str, &str) = ("df", "echo head; echo /dev/disk 9 9 99999999 1% /");

/// Runs `cargo xtask setup` where only these programs are, and gives what it says.
fn set_up(name: &str, programs: &[(&str, &str)]) -> String {
    let folder = env::temp_dir().join(format!("knosc-lacking-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for (program, body) in programs {
        let path = folder.join(program);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let said = run(&folder);
    fs::remove_dir_all(&folder).unwrap();
    said
}

fn run(folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("setup").env_clear().env("PATH", folder);
    command.env("CARGO_MANIFEST_DIR", PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let output = command.env("CARGO_TARGET_DIR", folder.join("target")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"", "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[track_caller]
fn check(name: &str, programs: &[(&str, &str)], expected: &str) {
    assert_eq!(set_up(name, programs), format!("error: {expected}\n"), "{name}");
}

#[test]
fn what_is_missing_is_one_line_with_the_command_to_type() {
    check(
        "compiler",
        &[RUSTC, ROOM],
        "no C compiler (it builds SQLite and the TLS library's assembly); type: sudo apt-get install -y gcc libc6-dev    (macOS: xcode-select --install)",
    );
    check(
        "disk",
        &[RUSTC, CC, ("df", "echo head; echo /dev/disk 9 9 1048576 99% /")],
        "1024 MiB free, 4096 are needed; type: CARGO_TARGET_DIR=/another/disk cargo xtask demo",
    );
    check(
        "rustup",
        &[RUSTC, CC, ROOM],
        "Rust's wasm32-wasip2 library is missing, and rustup is not there; type: curl https://sh.rustup.rs -sSf | sh    (then again)",
    );
    check(
        "network",
        &[RUSTC, CC, ROOM, ("rustup", "[ \"$1\" = --version ]")],
        "rustup could not install wasm32-wasip2: is there a network?; type: rustup target add wasm32-wasip2",
    );
}
