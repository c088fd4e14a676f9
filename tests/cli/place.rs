//! A folder of its own for a test, and the binary in it against a Knosc.
//!
//! Gone when it is dropped.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Running};

use super::{binary, schemas};

/// A folder that is removed again.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("knosc-{test}-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Copies a sample export under another name.
    pub(crate) fn export(&self, export: &str, name: &str) -> PathBuf {
        self.file(name, std::fs::read(exports().join(export)).unwrap())
    }

    /// The binary in this folder, as the demo user.
    pub(crate) fn runner(&self, url: &str, words: &[&str]) -> Command {
        let mut command = binary::command(&self.0);
        command.args(words).current_dir(&self.0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("KNOSC_BASE_URL", url).env("KNOSC_POLL_INTERVAL", "10ms");
        command.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exports")
}

pub(crate) fn knosc() -> Running {
    local_knosc::spawn(Config::default()).unwrap()
}

/// What a process printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: i32,
}

/// What it printed for programs is what its schemas say, whichever test it is.
pub(crate) fn ended(output: Output) -> Ended {
    let ended = Ended {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        exit: output.status.code().unwrap(),
    };
    schemas::hold(&ended.stdout);
    schemas::hold(&ended.stderr);
    ended
}

pub(crate) fn run(command: &mut Command) -> Ended {
    ended(command.output().unwrap())
}

/// A process that may not have ended yet; where it has, what it said.
pub(crate) fn runs_still(child: &mut Child) {
    let Some(status) = child.try_wait().unwrap() else { return };
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut said).unwrap();
    }
    panic!("the process ended: {status}: {said}");
}

/// Waits for something that another process or thread does; a minute is longer than any of it takes on a busy machine.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what} did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}
