//! Puts both components beside the library: built from this workspace, or as they were packed with the published crate, or from the
//! folder that `KNOSC_COMPONENTS` names, which may hold the machine code of one of them too (`cargo xtask dist`).
//!
//! Does nothing without the feature `bundled`. Touches no target folder but its own corner of the workspace's.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo in this way")]

mod metadata;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A folder with both components, as `cargo xtask dist` makes it.
const GIVEN: &str = "KNOSC_COMPONENTS";

/// What this library compiled of the component of world `hosted`, for the processor that it is built for.
const COMPILED: &str = "hosted.cwasm";

const TARGET: &str = "wasm32-wasip2";

/// The two worlds, and the features that make them.
const WORLDS: [(&str, &[&str]); 2] = [("portable", &[]), ("hosted", &["--features", "hosted"])];

/// Set by the outer cargo for this crate's own compiler; the inner one has to choose for itself.
const NOT_INHERITED: [&str; 4] =
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "CARGO_BUILD_TARGET"];

fn main() -> ExitCode {
    if env::var_os("CARGO_FEATURE_BUNDLED").is_none() {
        println!("cargo::rerun-if-changed=build/main.rs");
        return ExitCode::SUCCESS;
    }
    match bundle() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={}", message.replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn bundle() -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = here.join("..");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-env-changed={GIVEN}");
    // What is not there is an empty file, so that the library can include it.
    fs::write(out.join(COMPILED), []).map_err(|error| format!("{COMPILED}: {error}"))?;
    if let Some(given) = env::var_os(GIVEN) {
        return take(Path::new(&given), &out);
    }
    if !(workspace.join("src/lib.rs").exists() && workspace.join("wit").exists()) {
        return take(&here.join("components"), &out);
    }
    for input in ["src", "wit", "Cargo.toml", ".cargo/config.toml"] {
        println!("cargo::rerun-if-changed=../{input}");
    }
    look_for_target()?;
    for (world, features) in WORLDS {
        let built = build(&workspace, &guest_dir(&out).join(world), features)?;
        let bytes = fs::read(&built).map_err(|error| format!("{}: {error}", built.display()))?;
        let path = out.join(format!("{world}.wasm"));
        fs::write(&path, metadata::embed(world, &bytes))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Both components as they lie in a folder, and the machine code where it is there.
fn take(folder: &Path, out: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for (world, _) in WORLDS {
        let file = format!("{world}.wasm");
        copy(&folder.join(&file), &out.join(&file))?;
    }
    let compiled = folder.join(COMPILED);
    if compiled.exists() { copy(&compiled, &out.join(COMPILED)) } else { Ok(()) }
}

/// Cargo would say it too, in the middle of a hundred lines.
fn look_for_target() -> Result<(), String> {
    let asked = Command::new(variable("RUSTC")?)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let libdir = asked.map_err(|error| format!("rustc does not run: {error}"))?.stdout;
    let libdir = String::from_utf8_lossy(&libdir);
    if Path::new(libdir.trim()).is_dir() {
        return Ok(());
    }
    Err(format!(
        "the component is built for {TARGET}, which is not installed; run: rustup target add {TARGET}"
    ))
}

/// `<target>/guest`; the target folder is the one above us that cargo marked.
fn guest_dir(out: &Path) -> PathBuf {
    let target = out.ancestors().filter(|dir| dir.join("CACHEDIR.TAG").is_file()).last();
    target.unwrap_or(out).join("guest")
}

fn build(workspace: &Path, target_dir: &Path, features: &[&str]) -> Result<PathBuf, String> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(workspace)
        .args([
            "build",
            "--quiet",
            "--profile",
            "guest",
            "--target",
            TARGET,
            "-p",
            "knosc-bulk-import",
        ])
        .args(features)
        .arg("--target-dir")
        .arg(target_dir);
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    let output = cargo.output().map_err(|error| format!("cargo does not run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the component was not built: {said}"));
    }
    Ok(target_dir.join(TARGET).join("guest/knosc_bulk_import.wasm"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}

fn variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))
}
