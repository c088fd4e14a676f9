//! Foreign code is compiled in a process of its own, with limits of the operating system: compiling is not bounded by wasmtime.
//!
//! Here is the side that starts the child, gives it wasm and takes machine code; the child's own side is `worker`.

mod limits;
mod worker;

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub use self::limits::{CompileLimit, CompileLimits};
pub use self::worker::{COMPILE_WORKER, compile_worker};

const MIB: u64 = 1024 * 1024;

/// What a child says on standard error is for people; no message of wasmtime is as long.
const SAID_BYTES_MAX: u64 = 4 * 1024;

/// How a platform compiles.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Compiler {
    /// In this process, without any limit: for code that the operator knows.
    InProcess,
    /// In a child for each component that is not in the cache, with the limits of the operator's file.
    Child {
        /// A program that calls [`compile_worker`] first of all, such as this one itself ([`std::env::current_exe`]) or `knosc-runner`.
        /// Build it together with this one: code of another wasmtime is not taken.
        program: PathBuf,
    },
}

/// Why a component was not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The child cannot be started or talked to.
    #[error("the compiler cannot be run: {0}")]
    Worker(String),
    /// The child could not set its limits, and read nothing of the component.
    #[error("the compiler cannot limit itself, and compiled nothing: {0}")]
    Unlimited(String),
    /// The component needs more than compiling may use.
    #[error("compiling it takes more than {}", of(*limit, *limits))]
    Limit {
        /// Which limit.
        limit: CompileLimit,
        /// All of them.
        limits: CompileLimits,
    },
    /// The child ended in a way that none of its limits explains.
    #[error("the compiler ended in the middle of its work: {0}")]
    Ended(String),
    /// The folder for compiled code cannot be used, or the child's code is of another wasmtime.
    #[error("compiled code cannot be kept: {0}")]
    Cache(String),
    /// wasmtime does not take it.
    #[error("the component cannot be compiled: {0}")]
    Wasm(String),
}

impl CompileError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Worker(_) => "look at the program that compiles, and at what it may do here",
            Self::Unlimited(_) => {
                "compiling without limits is refused: look at this system's limits for processes (ulimit -H)"
            }
            Self::Limit { .. } => {
                "build a smaller component, or leave its debug information out; the operator allows more in tenants.toml: [compile]"
            }
            Self::Ended(_) => {
                "it may have been ended from outside, for want of memory say; if it happens again, report it with the component"
            }
            Self::Cache(_) => {
                "the folder has to be this user's alone (mode 0700), with space left, and the compiler of the same version as this program"
            }
            Self::Wasm(_) => "build the component anew, for the world knosc:bulk-import/tenant",
        }
    }
}

/// Compiles in a child and gives the machine code. A child that is not waited for any more is killed.
pub(super) async fn in_child(
    program: &PathBuf,
    limits: CompileLimits,
    wasm: &[u8],
) -> Result<Vec<u8>, CompileError> {
    let broken = |error: io::Error| CompileError::Worker(error.to_string());
    let mut child = tokio::process::Command::new(program)
        .env_clear()
        .env(COMPILE_WORKER, worker::marker(limits))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| CompileError::Worker(format!("{}: {error}", program.display())))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(CompileError::Worker("it has no standard streams".to_owned()));
    };
    let working = async {
        let give = async {
            // A child that ended early says why on its standard error.
            let _ = stdin.write_all(wasm).await;
            drop(stdin);
        };
        let (mut code, mut said) = (Vec::new(), Vec::new());
        // One byte more tells what is too much from what just fits; with the pipe closed a child that has still more ends.
        let mut code_of = stdout.take(limits.code_bytes.saturating_add(1));
        let mut said_of = stderr.take(SAID_BYTES_MAX);
        let take = async {
            let read = code_of.read_to_end(&mut code).await;
            drop(code_of);
            read
        };
        let ((), code_read, said_read) = tokio::join!(give, take, said_of.read_to_end(&mut said));
        code_read.map_err(broken)?;
        said_read.map_err(broken)?;
        let status = child.wait().await.map_err(broken)?;
        Ok((status, code, String::from_utf8_lossy(&said).trim().to_owned()))
    };
    let met = |limit| CompileError::Limit { limit, limits };
    let (status, code, said) =
        tokio::time::timeout(limits.wall, working).await.map_err(|_| met(CompileLimit::Wall))??;
    if code.len() as u64 > limits.code_bytes {
        return Err(met(CompileLimit::Code));
    }
    if status.success() { Ok(code) } else { Err(ended(status, said, limits)) }
}

/// Why a child that gave no code ended.
fn ended(status: ExitStatus, said: String, limits: CompileLimits) -> CompileError {
    let met = |limit| CompileError::Limit { limit, limits };
    match status.code() {
        Some(worker::REFUSED) => return CompileError::Wasm(said),
        Some(worker::UNLIMITED) => return CompileError::Unlimited(said),
        Some(worker::NO_MEMORY) => return met(CompileLimit::Memory),
        Some(worker::BROKEN) => return CompileError::Worker(said),
        _ => {}
    }
    match worker::limit_of(status) {
        Some(limit) => met(limit),
        None if said.is_empty() => CompileError::Ended(status.to_string()),
        None => CompileError::Ended(format!("{status}: {said}")),
    }
}

fn of(limit: CompileLimit, limits: CompileLimits) -> String {
    let mib = |bytes: u64| format!("{} MiB", bytes.div_ceil(MIB));
    match limit {
        CompileLimit::Memory => format!("{} of memory", mib(limits.memory_bytes)),
        CompileLimit::Cpu => format!("{} s of computing", limits.cpu_seconds),
        CompileLimit::Wall => format!("{} s", limits.wall.as_secs_f32()),
        CompileLimit::Code | CompileLimit::Kept => {
            format!("{} of machine code", mib(limits.code_bytes))
        }
    }
}
