//! Where the binary is: beside this test, built if it is missing.
//!
//! Starts it with nothing of this machine's environment but the path of programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The command with a state folder of its own and no secrets.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::new(path());
    command.env_clear().env("HOME", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    // Compiled code may be shared: it is no state of a run.
    command.env("XDG_CACHE_HOME", path().parent().unwrap().join("knosc-runner-test-cache"));
    command
}

fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        // target/debug/deps/cli-… → target/debug
        let folder = test.parent().and_then(Path::parent).unwrap();
        let binary = folder.join("knosc-runner").with_extension(std::env::consts::EXE_EXTENSION);
        if !binary.exists() {
            let built = Command::new(env!("CARGO")).args(["build", "-p", "knosc-runner"]).status();
            assert!(built.unwrap().success());
        }
        binary
    })
}
