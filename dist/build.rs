//! Makes the WIT package of `wit/`: the contract as registries want it, a component of types alone.
//!
//! In a build script, since what reads WIT is compiled for wasmtime's macros anyway; as an ordinary dependency it would give wasmtime's
//! own parts other features, and compile all of them anew.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo in this way")]

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name| std::env::var_os(name).ok_or(format!("cargo did not set {name}"));
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../wit");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(&folder)?;
    let file = PathBuf::from(variable("OUT_DIR")?).join("wit.wasm");
    std::fs::write(file, wit_component::encode(&resolve, package)?)?;
    Ok(())
}
