//! What compiling may use: each limit's key below `[compile]` in `tenants.toml`, its unit, default and range, as one table.
//!
//! Values only.

use std::fmt;
use std::time::Duration;

use crate::platform::limits::{Row, Unit};

const MIB: u64 = 1024 * 1024;
const SECOND: u64 = 1_000;

/// Which limit of compiling was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileLimit {
    /// [`CompileLimits::memory_bytes`].
    Memory,
    /// [`CompileLimits::cpu_seconds`].
    Cpu,
    /// [`CompileLimits::wall`].
    Wall,
    /// [`CompileLimits::code_bytes`].
    Code,
    /// [`CompileLimits::kept_bytes`]; nothing is refused for it.
    Kept,
}

impl CompileLimit {
    /// Each of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Memory, Self::Cpu, Self::Wall, Self::Code, Self::Kept];

    /// Its line of the table.
    pub const fn row(self) -> Row {
        let (key, unit, default, min, max) = match self {
            // The compiler itself takes some 90 MiB of address space before it reads a byte.
            Self::Memory => ("memory", Unit::Bytes, 4_096 * MIB, 128 * MIB, 65_536 * MIB),
            // The system counts in seconds.
            Self::Cpu => ("cpu", Unit::Time, 60 * SECOND, SECOND, 3_600 * SECOND),
            Self::Wall => ("wall", Unit::Time, 120 * SECOND, 100, 4 * 3_600 * SECOND),
            Self::Code => ("code", Unit::Bytes, 1_024 * MIB, 1_024, 16_384 * MIB),
            // Some sixty Python pipelines. What was made last is kept in any case.
            Self::Kept => ("kept", Unit::Bytes, 2_048 * MIB, 0, 1_024 * 1_024 * MIB),
        };
        Row { key, unit, default, min, max }
    }

    /// The limit of a key, if there is one.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.row().key == key)
    }
}

impl fmt::Display for CompileLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().key)
    }
}

/// What compiling one component may use, and how much code is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompileLimits {
    /// Address space of the child, in bytes. A Python pipeline of 18 MiB takes 305 MB; cranelift reserves more than it uses.
    pub memory_bytes: u64,
    /// Computing time of the child, in seconds. A Python pipeline takes 10; a busy machine three times as long.
    pub cpu_seconds: u64,
    /// From start to end, with a machine that has other things to do.
    pub wall: Duration,
    /// Bytes of machine code of one component.
    pub code_bytes: u64,
    /// Bytes of machine code in the cache, of all tenants' components together: what was not used for longest goes first.
    pub kept_bytes: u64,
}

impl CompileLimits {
    /// Changes one figure: bytes, or milliseconds.
    ///
    /// # Errors
    /// A message for people, for a figure that makes no sense or that this host gives to nobody.
    pub fn set(&mut self, limit: CompileLimit, figure: u64) -> Result<(), String> {
        let Row { key, unit, min, max, .. } = limit.row();
        if figure < min || figure > max {
            let [figure, min, max] = [figure, min, max].map(|figure| unit.show(figure));
            return Err(format!("{key} = {figure} is outside of {min} to {max}"));
        }
        match limit {
            CompileLimit::Memory => self.memory_bytes = figure,
            CompileLimit::Cpu if !figure.is_multiple_of(SECOND) => {
                return Err(format!("{key} = {} is no number of whole seconds", unit.show(figure)));
            }
            CompileLimit::Cpu => self.cpu_seconds = figure / SECOND,
            CompileLimit::Wall => self.wall = Duration::from_millis(figure),
            CompileLimit::Code => self.code_bytes = figure,
            CompileLimit::Kept => self.kept_bytes = figure,
        }
        Ok(())
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        let of = |limit: CompileLimit| limit.row().default;
        Self {
            memory_bytes: of(CompileLimit::Memory),
            cpu_seconds: of(CompileLimit::Cpu) / SECOND,
            wall: Duration::from_millis(of(CompileLimit::Wall)),
            code_bytes: of(CompileLimit::Code),
            kept_bytes: of(CompileLimit::Kept),
        }
    }
}
