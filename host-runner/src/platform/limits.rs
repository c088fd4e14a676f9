//! What a pipeline may use: each limit's key in `tenants.toml`, its unit, default and range, as one table.
//!
//! Values only. What enforces a limit names it when it is met, and sits elsewhere.

use std::fmt;
use std::time::Duration;

use crate::manifest::duration;

/// Something that a pipeline can use too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipelineLimit {
    /// The component's file.
    ComponentBytes,
    /// Linear memory, all memories of the store together.
    Memory,
    /// Memories of the store.
    Memories,
    /// Core instances of the store.
    Instances,
    /// Tables of the store.
    Tables,
    /// Elements of all tables together.
    TableElements,
    /// Stack of a pipeline's own code. One figure for all tenants: it belongs to the engine.
    Stack,
    /// Computing time of a run; waiting is free.
    Cpu,
    /// Time of a run from its start to its end, without its `jobs` calls.
    Wall,
    /// Bytes that one call hands to the host.
    HostcallBytes,
    /// Live handles.
    Handles,
    /// Host resources.
    Resources,
    /// Files that are read at one time.
    OpenFiles,
    /// One set of headers.
    HeaderBytes,
    /// One answer of an origin that the operator granted.
    AnswerBytes,
    /// Lines on standard output and error.
    LogBytes,
    /// Files that the pipeline writes, together.
    ScratchBytes,
    /// How many of them.
    ScratchFiles,
    /// Requests at one time.
    RequestsInFlight,
    /// Requests of a run.
    Requests,
    /// Requests of a tenant in a second; more wait.
    RequestRate,
    /// `jobs` calls of a run.
    JobCalls,
    /// Runs of a tenant at one time.
    Runs,
    /// Machine code of a tenant's components in the cache.
    Code,
    /// Components of a tenant that are validated or compiled at one time.
    Compiles,
    /// Components of a tenant that wait for that.
    CompilesWaiting,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, written as `64 MiB`.
    Bytes,
    /// A number.
    Count,
    /// Milliseconds, written as `30s`.
    Time,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// In `[limits]` and `[tenant.limits]`.
    pub key: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Where the operator says nothing.
    pub default: u64,
    /// The least that makes sense.
    pub min: u64,
    /// The most that this host gives to anybody.
    pub max: u64,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;

/// Runs of all tenants at one time that an operator may set at most: each has address space of its own in the pool of instances.
pub const RUNS_MAX: u64 = 256;

impl PipelineLimit {
    /// Each of them, in the order of the documentation.
    pub const ALL: [Self; 26] = [
        Self::ComponentBytes,
        Self::Memory,
        Self::Memories,
        Self::Instances,
        Self::Tables,
        Self::TableElements,
        Self::Stack,
        Self::Cpu,
        Self::Wall,
        Self::HostcallBytes,
        Self::Handles,
        Self::Resources,
        Self::OpenFiles,
        Self::HeaderBytes,
        Self::AnswerBytes,
        Self::LogBytes,
        Self::ScratchBytes,
        Self::ScratchFiles,
        Self::RequestsInFlight,
        Self::Requests,
        Self::RequestRate,
        Self::JobCalls,
        Self::Runs,
        Self::Code,
        Self::Compiles,
        Self::CompilesWaiting,
    ];

    /// Its line of the table.
    pub const fn row(self) -> Row {
        match self {
            // A Python pipeline has 18 MiB.
            Self::ComponentBytes => bytes("component", 32 * MIB, KIB, 256 * MIB),
            // CPython needs 20 MiB before the first line; the rest is room for the tenant's tables.
            Self::Memory => bytes("memory", 128 * MIB, MIB, 4_096 * MIB),
            Self::Memories => count("memories", 4, 1, 16),
            // A Python pipeline has 41.
            Self::Instances => count("instances", 64, 1, 256),
            Self::Tables => count("tables", 64, 1, 128),
            Self::TableElements => count("table-elements", 100_000, 1, 200_000),
            // What wasmtime gives by default.
            Self::Stack => bytes("stack", 512 * KIB, 64 * KIB, MIB),
            Self::Cpu => time("cpu", 60 * SECOND, 10, 24 * HOUR),
            Self::Wall => time("wall", 900 * SECOND, 100, 168 * HOUR),
            // `scratch` takes 1 MiB a call.
            Self::HostcallBytes => bytes("hostcall", 4 * MIB, 64 * KIB, 64 * MIB),
            Self::Handles => count("handles", 8_192, 16, 100_000),
            Self::Resources => count("resources", 8_192, 64, 1_000_000),
            // Up to 3 MiB of each are read ahead.
            Self::OpenFiles => count("open-files", 8, 1, 64),
            // A request needs some hundred bytes, and each of the `resources` may be such a set.
            Self::HeaderBytes => bytes("headers", 4 * KIB, KIB, MIB),
            Self::AnswerBytes => bytes("answer", 256 * MIB, KIB, 16_384 * MIB),
            Self::LogBytes => bytes("log", 256 * KIB, 0, 64 * MIB),
            Self::ScratchBytes => bytes("scratch", 512 * MIB, 0, 65_536 * MIB),
            Self::ScratchFiles => count("scratch-files", 64, 0, 10_000),
            Self::RequestsInFlight => count("requests-in-flight", 6, 0, 64),
            Self::Requests => count("requests", 20_000, 0, 10_000_000),
            Self::RequestRate => count("requests-per-second", 100, 1, 10_000),
            Self::JobCalls => count("job-calls", 1_000, 0, 1_000_000),
            // A tenant that starts more waits for its own, and nobody else waits for it.
            Self::Runs => count("runs", 4, 1, RUNS_MAX),
            // Thirty Python pipelines.
            Self::Code => bytes("code", 1_024 * MIB, KIB, 65_536 * MIB),
            Self::Compiles => count("compiles", 1, 1, 64),
            Self::CompilesWaiting => count("compiles-waiting", 8, 0, 1_000),
        }
    }

    /// The limit of a key, if there is one.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.row().key == key)
    }
}

impl fmt::Display for PipelineLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().key)
    }
}

const fn bytes(key: &'static str, default: u64, min: u64, max: u64) -> Row {
    Row { key, unit: Unit::Bytes, default, min, max }
}

const fn count(key: &'static str, default: u64, min: u64, max: u64) -> Row {
    Row { key, unit: Unit::Count, default, min, max }
}

const fn time(key: &'static str, default: u64, min: u64, max: u64) -> Row {
    Row { key, unit: Unit::Time, default, min, max }
}

impl Unit {
    /// A figure as it is written in `tenants.toml`: `64 MiB`, `30s` or `12`.
    pub fn read(self, text: &str) -> Option<u64> {
        match self {
            Self::Count => text.parse().ok(),
            Self::Time => {
                let given = duration::parse(text).ok()?;
                Some(u64::try_from(given.as_millis()).unwrap_or(u64::MAX))
            }
            Self::Bytes => {
                let digits = text.find(|c: char| !c.is_ascii_digit())?;
                let (number, unit) = text.split_at_checked(digits)?;
                let unit: u64 = match unit.trim_start() {
                    "B" => 1,
                    "KiB" => KIB,
                    "MiB" => MIB,
                    "GiB" => 1024 * MIB,
                    _ => return None,
                };
                number.parse::<u64>().ok()?.checked_mul(unit)
            }
        }
    }

    /// A figure as it is written in `tenants.toml`.
    pub fn show(self, figure: u64) -> String {
        match self {
            Self::Count => figure.to_string(),
            Self::Time if figure.is_multiple_of(SECOND) => format!("{}s", figure / SECOND),
            Self::Time => format!("{figure}ms"),
            Self::Bytes if figure >= MIB && figure.is_multiple_of(MIB) => {
                format!("{} MiB", figure / MIB)
            }
            Self::Bytes if figure >= KIB && figure.is_multiple_of(KIB) => {
                format!("{} KiB", figure / KIB)
            }
            Self::Bytes => format!("{figure} B"),
        }
    }
}

/// A figure for each limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineLimits([u64; PipelineLimit::ALL.len()]);

/// A figure that this host gives to nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} = {} is outside of {} to {}", limit.row().key, show(*limit, *given), show(*limit, limit.row().min), show(*limit, limit.row().max))]
pub struct OutOfRange {
    /// Which limit.
    pub limit: PipelineLimit,
    /// What was asked for.
    pub given: u64,
}

fn show(limit: PipelineLimit, figure: u64) -> String {
    limit.row().unit.show(figure)
}

impl PipelineLimits {
    /// The figure of a limit: bytes, a count, or milliseconds.
    pub fn get(&self, limit: PipelineLimit) -> u64 {
        self.0.get(limit as usize).copied().unwrap_or(0)
    }

    /// The figure of a limit where the machine counts in its own words.
    pub fn get_usize(&self, limit: PipelineLimit) -> usize {
        usize::try_from(self.get(limit)).unwrap_or(usize::MAX)
    }

    /// The figure of a limit of time.
    pub fn get_time(&self, limit: PipelineLimit) -> Duration {
        Duration::from_millis(self.get(limit))
    }

    /// Changes one figure.
    ///
    /// # Errors
    /// [`OutOfRange`] for a figure that makes no sense, or that this host gives to nobody.
    pub fn set(&mut self, limit: PipelineLimit, figure: u64) -> Result<(), OutOfRange> {
        let row = limit.row();
        if figure < row.min || figure > row.max {
            return Err(OutOfRange { limit, given: figure });
        }
        if let Some(place) = self.0.get_mut(limit as usize) {
            *place = figure;
        }
        Ok(())
    }

    /// The smaller of two figures for each limit: a tenant may narrow what its operator gave, and never widen it.
    #[must_use]
    pub fn narrowed(&self, own: &Self) -> Self {
        let mut narrowed = self.clone();
        for (place, own) in narrowed.0.iter_mut().zip(own.0) {
            *place = (*place).min(own);
        }
        narrowed
    }
}

impl Default for PipelineLimits {
    fn default() -> Self {
        Self(PipelineLimit::ALL.map(|limit| limit.row().default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_each_default_is_in_its_range() {
        let limits = PipelineLimits::default();
        for (index, limit) in PipelineLimit::ALL.into_iter().enumerate() {
            let row = limit.row();
            assert_eq!(limit as usize, index, "{limit}");
            assert!(row.min <= row.default && row.default <= row.max, "{limit}");
            assert_eq!(limits.get(limit), row.default);
            assert_eq!(PipelineLimit::of_key(row.key), Some(limit));
        }
    }

    #[test]
    fn a_tenant_narrows_and_never_widens() {
        let (mut given, mut own) = (PipelineLimits::default(), PipelineLimits::default());
        given.set(PipelineLimit::Cpu, 1_000).unwrap();
        own.set(PipelineLimit::Memory, MIB).unwrap();
        own.set(PipelineLimit::Cpu, 2_000).unwrap();
        let narrowed = given.narrowed(&own);
        assert_eq!(narrowed.get(PipelineLimit::Cpu), 1_000);
        assert_eq!(narrowed.get(PipelineLimit::Memory), MIB);
    }

    #[test]
    fn figures_as_they_are_written() {
        let error = PipelineLimits::default().set(PipelineLimit::Memory, 1).unwrap_err();
        assert_eq!(error.to_string(), "memory = 1 B is outside of 1 MiB to 4096 MiB");
        assert_eq!(Unit::Time.show(1_500), "1500ms");
        assert_eq!(Unit::Bytes.show(64 * KIB), "64 KiB");
        for limit in PipelineLimit::ALL {
            let row = limit.row();
            assert_eq!(row.unit.read(&row.unit.show(row.default)), Some(row.default), "{limit}");
        }
        let nonsense = ["", "MiB", "1 MB", "-1", "1.5 MiB", "99999999999999999999 B"];
        assert!(nonsense.iter().all(|text| Unit::Bytes.read(text).is_none()));
    }
}
