//! The binary that cargo built for this test.
//!
//! Starts it with nothing of this machine's environment but the path of programs.

use std::path::Path;
use std::process::Command;

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

/// The one that cargo built for this test.
pub(crate) fn path() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_knosc-runner"))
}
