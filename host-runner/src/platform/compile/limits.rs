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
    /// Address space of the process that validates a component.
    AdmissionMemory,
    /// Computing time of the process that validates a component.
    AdmissionCpu,
    /// How deep modules and components are nested.
    Nesting,
    /// Sections of the component and everything nested in it.
    Sections,
    /// Types that it declares, core types included.
    Types,
    /// Instances that it declares, core instances included.
    DeclaredInstances,
    /// Functions of its modules, and functions that it lifts and lowers.
    Functions,
    /// Bytes of its imports, exports and aliases, which are mostly names.
    Names,
}

impl CompileLimit {
    /// Each of them, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Memory,
        Self::Cpu,
        Self::Wall,
        Self::Code,
        Self::Kept,
        Self::AdmissionMemory,
        Self::AdmissionCpu,
        Self::Nesting,
        Self::Sections,
        Self::Types,
        Self::DeclaredInstances,
        Self::Functions,
        Self::Names,
    ];

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
            Self::AdmissionMemory => {
                ("admission-memory", Unit::Bytes, 1_024 * MIB, 128 * MIB, 65_536 * MIB)
            }
            Self::AdmissionCpu => {
                ("admission-cpu", Unit::Time, 20 * SECOND, SECOND, 3_600 * SECOND)
            }
            Self::Nesting => ("nesting", Unit::Count, 16, 1, 64),
            Self::Sections => ("sections", Unit::Count, 20_000, 16, 1_000_000),
            Self::Types => ("types", Unit::Count, 50_000, 16, 1_000_000),
            Self::DeclaredInstances => ("declared-instances", Unit::Count, 2_000, 1, 100_000),
            Self::Functions => ("functions", Unit::Count, 300_000, 16, 1_000_000),
            // The shared libraries of a Python pipeline export tens of thousands of names.
            Self::Names => ("names", Unit::Bytes, 8 * MIB, 1_024, 64 * MIB),
        };
        Row { key, unit, default, min, max }
    }

    /// The place of a limit of declarations among themselves.
    const fn declared_index(self) -> usize {
        (self as usize).wrapping_sub(Self::Nesting as usize)
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
    /// Address space of the child that validates a component, in bytes.
    pub admission_memory_bytes: u64,
    /// Computing time of the child that validates a component, in seconds.
    pub admission_cpu_seconds: u64,
    /// What a component may declare, in the order of [`CompileLimit::ALL`] from nesting on.
    declared: [u64; 6],
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
            CompileLimit::Cpu | CompileLimit::AdmissionCpu if !figure.is_multiple_of(SECOND) => {
                return Err(format!("{key} = {} is no number of whole seconds", unit.show(figure)));
            }
            CompileLimit::Cpu => self.cpu_seconds = figure / SECOND,
            CompileLimit::Wall => self.wall = Duration::from_millis(figure),
            CompileLimit::Code => self.code_bytes = figure,
            CompileLimit::Kept => self.kept_bytes = figure,
            CompileLimit::AdmissionMemory => self.admission_memory_bytes = figure,
            CompileLimit::AdmissionCpu => self.admission_cpu_seconds = figure / SECOND,
            declared => {
                if let Some(place) = self.declared.get_mut(declared.declared_index()) {
                    *place = figure;
                }
            }
        }
        Ok(())
    }

    /// The value of a limit: bytes, a count, or milliseconds.
    pub fn get(&self, limit: CompileLimit) -> u64 {
        match limit {
            CompileLimit::Memory => self.memory_bytes,
            CompileLimit::Cpu => self.cpu_seconds.saturating_mul(SECOND),
            CompileLimit::Wall => u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX),
            CompileLimit::Code => self.code_bytes,
            CompileLimit::Kept => self.kept_bytes,
            CompileLimit::AdmissionMemory => self.admission_memory_bytes,
            CompileLimit::AdmissionCpu => self.admission_cpu_seconds.saturating_mul(SECOND),
            declared => self.declared.get(declared.declared_index()).copied().unwrap_or(0),
        }
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
            admission_memory_bytes: of(CompileLimit::AdmissionMemory),
            admission_cpu_seconds: of(CompileLimit::AdmissionCpu) / SECOND,
            declared: [
                of(CompileLimit::Nesting),
                of(CompileLimit::Sections),
                of(CompileLimit::Types),
                of(CompileLimit::DeclaredInstances),
                of(CompileLimit::Functions),
                of(CompileLimit::Names),
            ],
        }
    }
}
