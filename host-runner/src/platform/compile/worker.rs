//! The child's own side: limits first, then wasm from standard input, and its outline or machine code to standard output.
//!
//! It opens no socket and no file but the one that makes it the first to be ended for want of memory; its environment holds nothing
//! but its marker. What it reads is not trusted.

use std::env;
use std::io::{self, Read as _, Write as _};
use std::process::ExitStatus;

use wasmtime::{Engine, OutOfMemory};

use super::CompileLimit;
use crate::engine::compiling_config;
use crate::platform::admission::Outline;

/// The environment variable by which a child knows what it is: `verb memory seconds file nice`, its work and its limits.
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

/// Seconds from the first signal of the system to the one that no process survives.
#[cfg(unix)]
const CPU_GRACE_SECONDS: u64 = 2;

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Validates, and writes the outline to a pipe.
    Admit,
    /// Compiles, and writes machine code to a file that the host opened.
    Compile,
}

/// A child's work and limits, as its environment says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) work: Work,
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
    /// What it may write to a file.
    pub(super) file_bytes: u64,
    pub(super) nice: u64,
}

impl Marker {
    pub(super) fn encode(self) -> String {
        let Self { work, memory_bytes, cpu_seconds, file_bytes, nice } = self;
        let verb = match work {
            Work::Admit => "admit",
            Work::Compile => "compile",
        };
        format!("{verb} {memory_bytes} {cpu_seconds} {file_bytes} {nice}")
    }

    fn decode(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let work = match words.next()? {
            "admit" => Work::Admit,
            "compile" => Work::Compile,
            _ => return None,
        };
        let mut value = || words.next()?.parse::<u64>().ok();
        let (memory_bytes, cpu_seconds, file_bytes, nice) =
            (value()?, value()?, value()?, value()?);
        words.next().is_none().then_some(Self { work, memory_bytes, cpu_seconds, file_bytes, nice })
    }
}

/// Why the child gives no answer.
enum Failure {
    Broken(io::Error),
    Refused(wasmtime::Error),
    Unlimited(String),
}

/// Validates or compiles and gives the exit code, if this process was started for just that; none in any other process.
///
/// Call it first of all in `main`, before arguments are read. Memory and computing time are limited before a byte is read; where
/// the system does not limit them, nothing is read.
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
    // If the host is gone, there is no one left to report to.
    let _ = io::stderr().write_all(said.as_bytes());
    Some(u8::try_from(code).unwrap_or(1))
}

fn work(marker: &str) -> Result<(), Failure> {
    let marker = Marker::decode(marker)
        .ok_or_else(|| Failure::Unlimited(format!("{COMPILE_WORKER} holds no limits")))?;
    limit_myself(marker).map_err(Failure::Unlimited)?;
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm).map_err(Failure::Broken)?;
    let answer = match marker.work {
        Work::Admit => Outline::encode(&Outline::read(&wasm)).into_bytes(),
        Work::Compile => {
            let engine = Engine::new(&compiling_config()).map_err(Failure::Refused)?;
            engine.precompile_component(&wasm).map_err(Failure::Refused)?
        }
    };
    let mut output = io::stdout().lock();
    output.write_all(&answer).and_then(|()| output.flush()).map_err(Failure::Broken)
}

#[cfg(unix)]
fn limit_myself(marker: Marker) -> Result<(), String> {
    use rustix::process::Resource;
    let Marker { memory_bytes, cpu_seconds, file_bytes, nice, .. } = marker;
    give_way(nice);
    for (resource, what, soft, hard) in [
        (Resource::As, "memory", memory_bytes, memory_bytes),
        // Two values: at the first one the system says by its signal that it was this limit.
        (
            Resource::Cpu,
            "computing time",
            cpu_seconds,
            cpu_seconds.saturating_add(CPU_GRACE_SECONDS),
        ),
        (Resource::Core, "core files", 0, 0),
        (Resource::Fsize, "files", file_bytes, file_bytes),
        // It opens nothing more than the streams that it has.
        (Resource::Nofile, "open files", 16, 16),
    ] {
        let limits = rustix::process::Rlimit { current: Some(soft), maximum: Some(hard) };
        rustix::process::setrlimit(resource, limits).map_err(|error| format!("{what}: {error}"))?;
    }
    Ok(())
}

/// Runs when nothing else does, and is the first to be ended when the machine has no memory left.
///
/// A system that does not let it may still compile: both make the host safer, and neither is what limits the child.
#[cfg(unix)]
fn give_way(nice: u64) {
    let _ = rustix::process::setpriority_process(None, i32::try_from(nice).unwrap_or(19));
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

#[cfg(not(unix))]
fn limit_myself(_: Marker) -> Result<(), String> {
    Err("this system sets no limits for processes, as far as is known here".to_owned())
}

/// The limit whose signal ended a child.
#[cfg(unix)]
pub(super) fn limit_of(status: ExitStatus, work: Work) -> Option<CompileLimit> {
    use rustix::process::Signal;
    let (memory, cpu) = match work {
        Work::Admit => (CompileLimit::AdmissionMemory, CompileLimit::AdmissionCpu),
        Work::Compile => (CompileLimit::Memory, CompileLimit::Cpu),
    };
    match std::os::unix::process::ExitStatusExt::signal(&status) {
        Some(signal) if signal == Signal::XCPU.as_raw() => Some(cpu),
        Some(signal) if signal == Signal::XFSZ.as_raw() => Some(CompileLimit::Code),
        // Rust ends a process in this way when it gets no memory.
        Some(signal) if signal == Signal::ABORT.as_raw() => Some(memory),
        _ => None,
    }
}

#[cfg(not(unix))]
pub(super) const fn limit_of(_: ExitStatus, _: Work) -> Option<CompileLimit> {
    None
}
