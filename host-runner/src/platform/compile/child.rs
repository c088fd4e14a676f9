//! Starts a child, hands it wasm, and takes its answer: an outline over a pipe, or the end of its work on a file.
//!
//! Trusts nothing that the child writes. Holds no machine code: the child writes it to a file of the cache.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::worker::{self, Marker, Work};
use super::{COMPILE_WORKER, CompileError, CompileLimit, CompileLimits};
use crate::platform::admission::{Outline, Refused};

/// What a child says on standard error is for people; no message of wasmtime is as long.
const SAID_BYTES_MAX: u64 = 4 * 1024;

/// An outline has at most a thousand imports of two hundred characters.
const OUTLINE_BYTES_MAX: u64 = 1024 * 1024;

/// How a child is started.
#[derive(Clone, Copy)]
pub(in crate::platform) struct Children<'a> {
    /// The program.
    pub(in crate::platform) program: &'a Path,
    /// What it may use.
    pub(in crate::platform) limits: CompileLimits,
    /// How nice it is to everything else.
    pub(in crate::platform) nice: u64,
}

impl Children<'_> {
    /// Validates in a child and gives the outline, or why the component is not valid.
    pub(in crate::platform) async fn admit(
        self,
        wasm: &Bytes,
    ) -> Result<Result<Outline, Refused>, CompileError> {
        let text = self.run(Work::Admit, Stdio::piped(), wasm).await?;
        let unreadable = || CompileError::Ended("its answer cannot be read".to_owned());
        if text.len() as u64 > OUTLINE_BYTES_MAX {
            return Err(unreadable());
        }
        let text = std::str::from_utf8(&text).map_err(|_| unreadable())?;
        Outline::decode(text).ok_or_else(unreadable)
    }

    /// Compiles in a child, which writes machine code to this file.
    pub(in crate::platform) async fn compile(
        self,
        wasm: &Bytes,
        code: File,
    ) -> Result<(), CompileError> {
        self.run(Work::Compile, Stdio::from(code), wasm).await.map(drop)
    }

    /// Runs a child to its end and gives what it wrote to a pipe. A child that is not waited for any more is killed.
    async fn run(self, work: Work, output: Stdio, wasm: &Bytes) -> Result<Vec<u8>, CompileError> {
        let Self { program, limits, nice } = self;
        let (memory_bytes, cpu_seconds, file_bytes) = match work {
            Work::Admit => (limits.admission_memory_bytes, limits.admission_cpu_seconds, 0),
            Work::Compile => (limits.memory_bytes, limits.cpu_seconds, limits.code_bytes),
        };
        let marker = Marker { work, memory_bytes, cpu_seconds, file_bytes, nice };
        let mut child = Command::new(program)
            .env_clear()
            .env(COMPILE_WORKER, marker.encode())
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| CompileError::Worker(format!("{}: {error}", program.display())))?;
        let Ok(taken) = tokio::time::timeout(limits.wall, talk(&mut child, wasm)).await else {
            // Waits for its end too, so nothing of it is left.
            let _ = child.kill().await;
            return Err(CompileError::Limit { limit: CompileLimit::Wall, limits });
        };
        let (status, answer, said) =
            taken.map_err(|error| CompileError::Worker(error.to_string()))?;
        if status.success() { Ok(answer) } else { Err(ended(status, said, (work, limits))) }
    }
}

/// Hands over the wasm, and reads both of its streams to their end or their bound.
async fn talk(child: &mut Child, wasm: &Bytes) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // A child that ended early says why on its standard error.
            let _ = stdin.write_all(wasm).await;
        }
    };
    let (mut answer, mut said) = (Vec::new(), Vec::new());
    let take = async {
        match stdout {
            // One byte more separates what is too much from what just fits; the pipe is closed then, and a child with more ends.
            Some(stdout) => stdout.take(OUTLINE_BYTES_MAX + 1).read_to_end(&mut answer).await,
            None => Ok(0),
        }
    };
    let listen = async {
        match stderr {
            Some(stderr) => stderr.take(SAID_BYTES_MAX).read_to_end(&mut said).await,
            None => Ok(0),
        }
    };
    let ((), taken, heard) = tokio::join!(give, take, listen);
    taken?;
    heard?;
    let status = child.wait().await?;
    Ok((status, answer, String::from_utf8_lossy(&said).trim().to_owned()))
}

/// Why a child that gave no answer ended.
fn ended(status: ExitStatus, said: String, (work, limits): (Work, CompileLimits)) -> CompileError {
    let met = |limit| CompileError::Limit { limit, limits };
    match status.code() {
        Some(worker::REFUSED) => return CompileError::Wasm(said),
        Some(worker::UNLIMITED) => return CompileError::Unlimited(said),
        Some(worker::NO_MEMORY) if work == Work::Compile => return met(CompileLimit::Memory),
        Some(worker::NO_MEMORY) => return met(CompileLimit::AdmissionMemory),
        Some(worker::BROKEN) => return CompileError::Worker(said),
        _ => {}
    }
    match worker::limit_of(status, work) {
        Some(limit) => met(limit),
        None if said.is_empty() => CompileError::Ended(status.to_string()),
        None => CompileError::Ended(format!("{status}: {said}")),
    }
}
