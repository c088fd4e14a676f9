//! Foreign code is compiled in a process of its own, with limits of the operating system: compiling is not bounded by wasmtime.
//!
//! Here is how a platform compiles and what may go wrong; `child` starts the processes, `queue` says how many there may be, `verdicts`
//! remembers what they found, and `worker` is their own side.

mod child;
mod limits;
mod queue;
mod verdicts;
mod worker;

use std::path::PathBuf;

pub(super) use self::child::Children;
pub use self::limits::{CompileLimit, CompileLimits};
pub(super) use self::queue::{Place, Queue, QueueLimits};
pub(super) use self::verdicts::Verdicts;
pub use self::worker::{COMPILE_WORKER, compile_worker};

const MIB: u64 = 1024 * 1024;

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
    #[error("{} it takes more than {}", doing(*limit), of(*limit, *limits))]
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
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Worker(_) => "look at the program that compiles, and at what it may do here",
            Self::Unlimited(_) => {
                "compiling without limits is refused: look at this system's limits for processes (ulimit -H)"
            }
            Self::Limit { limit, .. } => {
                let tenant = match limit {
                    CompileLimit::Code => ", and [tenant.limits] code",
                    _ => "",
                };
                let row = limit.row();
                let most = row.unit.show(row.max);
                return format!(
                    "build a smaller component, or leave its debug information out; the operator allows more, up to {most}, in tenants.toml: [compile] {}{tenant}",
                    row.key
                );
            }
            Self::Ended(_) => {
                "it may have been ended from outside, for want of memory say; if it happens again, report it with the component"
            }
            Self::Cache(_) => {
                "the folder has to be this user's alone (mode 0700), with space left, and the compiler of the same version as this program"
            }
            Self::Wasm(_) => "build the component anew, for the world knosc:bulk-import/tenant",
        };
        hint.to_owned()
    }
}

const fn doing(limit: CompileLimit) -> &'static str {
    match limit {
        CompileLimit::AdmissionMemory | CompileLimit::AdmissionCpu => "validating",
        _ => "compiling",
    }
}

fn of(limit: CompileLimit, limits: CompileLimits) -> String {
    let mib = |bytes: u64| format!("{} MiB", bytes.div_ceil(MIB));
    match limit {
        CompileLimit::Memory | CompileLimit::AdmissionMemory => {
            format!("{} of memory", mib(limits.get(limit)))
        }
        CompileLimit::Cpu => format!("{} s of computing", limits.cpu_seconds),
        CompileLimit::AdmissionCpu => format!("{} s of computing", limits.admission_cpu_seconds),
        CompileLimit::Wall => format!("{} s", limits.wall.as_secs_f32()),
        CompileLimit::Code | CompileLimit::Kept => {
            format!("{} of machine code", mib(limits.code_bytes))
        }
        other => format!("{other} = {}", other.row().unit.show(limits.get(other))),
    }
}
