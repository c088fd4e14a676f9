//! `dist-parts PART…`: what a release has beside its programs. Started by `cargo xtask dist`, which has no dependencies of its own.
//!
//! Writes the files that it is told to write, and the same bytes each time.

#![allow(clippy::print_stderr, reason = "a program for people")]

#[path = "../../host-runner/src/bin/knosc-runner/args/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    missing_docs,
    unreachable_pub,
    reason = "the flags are read here, and not what is typed"
)]
mod args;
mod pages;
mod sbom;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: dist-parts pages FOLDER | code TARGET COMPONENT FILE | wit FILE | sbom PACKAGE TARGET LOCK FILE";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let made = match words.as_slice() {
        ["pages", folder] => pages::write(Path::new(folder)),
        ["code", target, component, file] => code(target, Path::new(component), Path::new(file)),
        ["wit", file] => wit(Path::new(file)),
        ["sbom", package, target, lock, file] => {
            sbom::write(package, target, Path::new(lock), Path::new(file))
        }
        _ => Err(USAGE.into()),
    };
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The machine code that a build of the runner carries.
fn code(target: &str, component: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::write(file, knosc_runner::engine::precompile(target, &std::fs::read(component)?)?)?;
    Ok(())
}

/// The contract as registries want it, as the build script made it of this tree.
fn wit(file: &Path) -> Result<(), Box<dyn Error>> {
    Ok(std::fs::write(file, include_bytes!(concat!(env!("OUT_DIR"), "/wit.wasm")))?)
}
