//! Builds both components and leaves them in `target/components/`. Nested cargo, in target folders of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Failure, component, place};

/// Of the runner's build script, which builds the same components and is published with it; this package is not.
#[path = "../../host-runner/build/metadata.rs"]
mod metadata;

/// One of the two components that this crate is built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For any engine with WASI 0.2 and wasi:http.
    Portable,
    /// For hosts that give handles.
    Hosted,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Portable, Self::Hosted];

    /// The world's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Hosted => "hosted",
        }
    }

    /// What cargo is told besides the target.
    pub fn features(self) -> &'static [&'static str] {
        match self {
            Self::Portable => &[],
            Self::Hosted => &["--features", "hosted"],
        }
    }
}

/// What we want an engine to store, ship and compile, so that growth is a decision.
pub const COMPONENT_BYTES_MAX: usize = 300 * 1024;

/// The target that both are built for.
pub const TARGET: &str = "wasm32-wasip2";

/// A component that was built.
#[derive(Debug)]
pub struct Built {
    /// Which one.
    pub kind: Kind,
    /// `target/components/knosc-portable.wasm` or `…/knosc-hosted.wasm`.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: usize,
    /// What it imports and exports.
    pub names: component::Names,
}

/// A nested cargo: without what an outer cargo sets for the code that it compiles itself, and without flags that would
/// stand in the place of those in `.cargo/config.toml`.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for outer in
        ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_TARGET_DIR"]
    {
        cargo.env_remove(outer);
    }
    // ring's build script looks at these: it, rustls and wasmtime-wasi-http were compiled again, by turns, for a shell and for us.
    for (name, _) in env::vars_os() {
        let of_this_package = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if name.to_str().is_some_and(|name| of_this_package.iter().any(|own| name.starts_with(own)))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Builds one component and checks its size.
///
/// # Errors
/// If cargo fails, if the file is no component, or if it is larger than [`COMPONENT_BYTES_MAX`].
pub fn build(kind: Kind) -> Result<Built, Failure> {
    let root = place::root()?;
    let target = place::target()?;
    let folder = target.join("guest").join(kind.name());
    let status = cargo()
        .current_dir(&root)
        .args(["build", "--profile", "guest", "--target", TARGET, "-p", "knosc-bulk-import"])
        .args(kind.features())
        .arg("--target-dir")
        .arg(&folder)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(_) => return Err(Failure::new(format!("cargo could not build {}", kind.name()))),
        Err(error) => return Err(Failure::file(Path::new("cargo"), &error)),
    }
    let built = folder.join(TARGET).join("guest").join("knosc_bulk_import.wasm");
    let bytes = fs::read(&built).map_err(|error| Failure::file(&built, &error))?;
    let bytes = described(kind, &bytes);
    let path = target.join("components").join(format!("knosc-{}.wasm", kind.name()));
    place_when_changed(&path, &bytes)?;
    let names = component::names(&bytes)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let size = bytes.len();
    if size > COMPONENT_BYTES_MAX {
        let path = path.display();
        return Err(Failure::new(format!("{path}: {size} bytes, more than {COMPONENT_BYTES_MAX}")));
    }
    Ok(Built { kind, path, size_bytes: size, names })
}

/// A component with its name, version, licence, source and description in it.
pub fn described(kind: Kind, component: &[u8]) -> Vec<u8> {
    metadata::embed(kind.name(), component)
}

/// The same bytes are left alone, so that nothing which watches the file's time is built again; new ones appear at once.
fn place_when_changed(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let failed = |error| Failure::file(path, &error);
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&unfinished, bytes).map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)
}
