//! Where things are: the repository, the target folder, what cargo leaves there. Reads the environment, creates nothing.

use std::{env, path::PathBuf};

use crate::Failure;

/// The repository's root: the parent of the package that cargo runs (`xtask/` or `tests/`).
///
/// # Errors
/// Outside of cargo, where `CARGO_MANIFEST_DIR` is not set.
pub fn root() -> Result<PathBuf, Failure> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(std::path::Path::parent).map(PathBuf::from);
    root.ok_or_else(|| Failure::new("not started by cargo").hint("cargo xtask"))
}

/// The target folder, which `CARGO_TARGET_DIR` moves.
///
/// # Errors
/// As [`root`].
pub fn target() -> Result<PathBuf, Failure> {
    let moved = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let root = root()?;
    Ok(moved.map_or_else(|| root.join("target"), |dir| root.join(dir)))
}

/// A program of this workspace as cargo leaves it: `knosc-runner` or `local-knosc`, profile folder `debug` or `release`.
///
/// # Errors
/// As [`root`].
pub fn program(profile_folder: &str, name: &str) -> Result<PathBuf, Failure> {
    Ok(target()?.join(profile_folder).join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}
