//! Foreign code is compiled in a process of its own, with limits of the operating system: compiling is not bounded by wasmtime.
//!
//! The child reads wasm on standard input and writes machine code on standard output; it has no file, no socket and no secret.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wasmtime::Engine;

use crate::engine::compiling_config;

/// Address space of the child. A Python pipeline of 18 MiB takes 305 MB; cranelift reserves more than it uses.
const ADDRESS_SPACE_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Computing time of the child. A Python pipeline takes 10 s; a busy machine three times as long.
const CPU_SECONDS: u64 = 60;

/// From start to end, with a machine that has other things to do.
const WALL: Duration = Duration::from_mins(2);

/// Machine code of one component; a Python pipeline has 60 MB.
const CODE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The environment variable by which the child knows what it is.
pub const COMPILE_WORKER: &str = "KNOSC_COMPILE_WORKER";

/// How a platform compiles.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Compiler {
    /// In this process: for code that the operator knows.
    InProcess,
    /// In a child: this program calls [`compile_worker`] first of all when it finds [`COMPILE_WORKER`] in its environment.
    Child(PathBuf),
}

/// Why a component was not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The child cannot be started or talked to.
    #[error("the compiler cannot be run: {0}")]
    Worker(String),
    /// It took longer than a component may.
    #[error("compiling took more than {} s", WALL.as_secs())]
    Wall,
    /// It was ended by the system: too much memory, or too much computing.
    #[error("compiling took more memory than {} MiB or more computing than {CPU_SECONDS} s", ADDRESS_SPACE_BYTES / 1024 / 1024)]
    Limits,
    /// wasmtime does not take it.
    #[error("the component cannot be compiled: {0}")]
    Wasm(String),
}

/// Compiles in a child and gives the machine code.
pub(super) async fn in_child(program: &Path, wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
    let broken = |error: io::Error| CompileError::Worker(error.to_string());
    let mut child = tokio::process::Command::new(program)
        .env_clear()
        .env(COMPILE_WORKER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(broken)?;
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
        let (mut code, mut said) = (Vec::new(), String::new());
        let mut code_of = stdout.take(CODE_BYTES_MAX);
        let mut said_of = stderr.take(4 * 1024);
        let ((), code_read, said_read) =
            tokio::join!(give, code_of.read_to_end(&mut code), said_of.read_to_string(&mut said));
        code_read.map_err(broken)?;
        said_read.map_err(broken)?;
        let status = child.wait().await.map_err(broken)?;
        Ok((status, code, said))
    };
    let (status, code, said) =
        tokio::time::timeout(WALL, working).await.map_err(|_| CompileError::Wall)??;
    match status.code() {
        Some(0) => Ok(code),
        Some(REFUSED) => Err(CompileError::Wasm(said)),
        // Ended by a signal, or by an allocation that failed.
        _ => Err(CompileError::Limits),
    }
}

/// The child's exit code for wasm that cannot be compiled.
const REFUSED: i32 = 3;

/// The whole life of the child; returns its exit code.
///
/// Call it first of all in `main` if [`COMPILE_WORKER`] is set. Its memory and computing time are limited before a byte is read.
pub fn compile_worker() -> u8 {
    match work() {
        Ok(()) => 0,
        Err(CompileError::Wasm(message)) => {
            let _ = io::stderr().write_all(message.as_bytes());
            u8::try_from(REFUSED).unwrap_or(1)
        }
        Err(error) => {
            let _ = io::stderr().write_all(error.to_string().as_bytes());
            1
        }
    }
}

fn work() -> Result<(), CompileError> {
    let broken = |error: io::Error| CompileError::Worker(error.to_string());
    #[cfg(unix)]
    limit_myself().map_err(|error| broken(error.into()))?;
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm).map_err(broken)?;
    let refused = |error: wasmtime::Error| CompileError::Wasm(format!("{error:#}"));
    let engine = Engine::new(&compiling_config()).map_err(refused)?;
    let code = engine.precompile_component(&wasm).map_err(refused)?;
    io::stdout().lock().write_all(&code).map_err(broken)
}

#[cfg(unix)]
fn limit_myself() -> rustix::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |figure| Rlimit { current: Some(figure), maximum: Some(figure) };
    setrlimit(Resource::As, at_most(ADDRESS_SPACE_BYTES))?;
    setrlimit(Resource::Cpu, at_most(CPU_SECONDS))?;
    setrlimit(Resource::Core, at_most(0))?;
    // It opens nothing more than the streams that it has.
    setrlimit(Resource::Nofile, at_most(16))
}
