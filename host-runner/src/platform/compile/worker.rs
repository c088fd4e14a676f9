//! The child's own side: limits first, then wasm from standard input, machine code to standard output.
//!
//! It opens no file and no socket, and its environment holds nothing but its marker. What it reads is not trusted.

use std::env;
use std::io::{self, Read as _, Write as _};
use std::process::ExitStatus;

use wasmtime::{Engine, OutOfMemory};

use super::{CompileLimit, CompileLimits};
use crate::engine::compiling_config;

/// The environment variable by which a child knows what it is: `bytes seconds`, its limits.
///
/// Only a process that was started without any argument looks at it, and only the host starts such a child. A tenant sets neither.
pub const COMPILE_WORKER: &str = "KNOSC_COMPILE_WORKER";

/// The child's exit code for streams that do not work.
pub(super) const BROKEN: i32 = 1;
/// For wasm that cannot be compiled.
pub(super) const REFUSED: i32 = 3;
/// For limits that the system does not set.
pub(super) const UNLIMITED: i32 = 4;
/// For memory that ran out where wasmtime can say so.
pub(super) const NO_MEMORY: i32 = 5;

/// Seconds from the first signal of the system to the one that nobody survives.
#[cfg(unix)]
const CPU_GRACE_SECONDS: u64 = 2;

/// Why the child gives no code.
enum Failure {
    Broken(io::Error),
    Refused(wasmtime::Error),
    Unlimited(String),
}

/// What a child is told by its environment.
pub(super) fn marker(limits: CompileLimits) -> String {
    format!("{} {}", limits.memory_bytes, limits.cpu_seconds)
}

/// Compiles and gives the exit code, if this process was started for just that; none in any other process.
///
/// Call it first of all in `main`, before arguments are read. Memory and computing time are limited before a byte is read; where
/// the system does not limit them, nothing is compiled.
pub fn compile_worker() -> Option<u8> {
    let marker = env::var(COMPILE_WORKER).ok()?;
    if env::args_os().len() > 1 {
        return None;
    }
    let (code, said) = match work(&marker) {
        Ok(()) => (0, String::new()),
        Err(Failure::Broken(error)) => (BROKEN, error.to_string()),
        Err(Failure::Unlimited(message)) => (UNLIMITED, message),
        Err(Failure::Refused(error)) if error.is::<OutOfMemory>() => (NO_MEMORY, String::new()),
        Err(Failure::Refused(error)) => (REFUSED, format!("{error:#}")),
    };
    // Nobody is left to tell that the host is gone.
    let _ = io::stderr().write_all(said.as_bytes());
    Some(u8::try_from(code).unwrap_or(1))
}

fn work(marker: &str) -> Result<(), Failure> {
    limit_myself(marker).map_err(Failure::Unlimited)?;
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm).map_err(Failure::Broken)?;
    let engine = Engine::new(&compiling_config()).map_err(Failure::Refused)?;
    let code = engine.precompile_component(&wasm).map_err(Failure::Refused)?;
    io::stdout().lock().write_all(&code).map_err(Failure::Broken)
}

#[cfg(unix)]
fn limit_myself(marker: &str) -> Result<(), String> {
    use rustix::process::Resource;
    let figures = marker.split_once(' ').map(|(bytes, seconds)| (bytes.parse(), seconds.parse()));
    let Some((Ok(bytes), Ok(seconds))) = figures else {
        return Err(format!("{COMPILE_WORKER} holds no limits"));
    };
    let seconds: u64 = seconds;
    for (resource, what, soft, hard) in [
        (Resource::As, "memory", bytes, bytes),
        // Two figures: at the first one the system says by its signal that it was this limit.
        (Resource::Cpu, "computing time", seconds, seconds.saturating_add(CPU_GRACE_SECONDS)),
        (Resource::Core, "core files", 0, 0),
        (Resource::Fsize, "files", 0, 0),
        // It opens nothing more than the streams that it has.
        (Resource::Nofile, "open files", 16, 16),
    ] {
        let limits = rustix::process::Rlimit { current: Some(soft), maximum: Some(hard) };
        rustix::process::setrlimit(resource, limits).map_err(|error| format!("{what}: {error}"))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn limit_myself(_: &str) -> Result<(), String> {
    Err("this system sets no limits for processes, as far as is known here".to_owned())
}

/// The limit whose signal ended a child.
#[cfg(unix)]
pub(super) fn limit_of(status: ExitStatus) -> Option<CompileLimit> {
    use rustix::process::Signal;
    match std::os::unix::process::ExitStatusExt::signal(&status) {
        Some(signal) if signal == Signal::XCPU.as_raw() => Some(CompileLimit::Cpu),
        // Rust ends a process in this way when it gets no memory.
        Some(signal) if signal == Signal::ABORT.as_raw() => Some(CompileLimit::Memory),
        _ => None,
    }
}

#[cfg(not(unix))]
pub(super) const fn limit_of(_: ExitStatus) -> Option<CompileLimit> {
    None
}
