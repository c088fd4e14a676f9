//! What all tenants together may use of a host: each limit's key below `[host]` in `tenants.toml`, its default and range.
//!
//! Values only.

use std::fmt;

use super::limits::{RUNS_MAX, Row, Unit};

/// A limit of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostLimit {
    /// Runs of all tenants at one time. What the process started with holds until it ends: each run has its place in the pool.
    Runs,
    /// Components that are validated or compiled at one time, each in a process of its own.
    Compiles,
    /// Components that wait for that.
    CompilesWaiting,
    /// How nice the threads of pipelines and the processes that compile are to everything else. What the process started with
    /// holds for its threads.
    Nice,
}

impl HostLimit {
    /// Each of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Runs, Self::Compiles, Self::CompilesWaiting, Self::Nice];

    /// Its line of the table.
    pub const fn row(self) -> Row {
        let (key, default, min, max) = match self {
            Self::Runs => ("runs", 32, 1, RUNS_MAX),
            Self::Compiles => ("compiles", 2, 1, 64),
            Self::CompilesWaiting => ("compiles-waiting", 64, 0, 10_000),
            Self::Nice => ("nice", 10, 0, 19),
        };
        Row { key, unit: Unit::Count, default, min, max }
    }

    /// The limit of a key, if there is one.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.row().key == key)
    }
}

impl fmt::Display for HostLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().key)
    }
}

/// A value for each limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLimits([u64; HostLimit::ALL.len()]);

impl HostLimits {
    /// The value of a limit.
    pub fn get(&self, limit: HostLimit) -> u64 {
        self.0.get(limit as usize).copied().unwrap_or(0)
    }

    /// Changes one value.
    ///
    /// # Errors
    /// A message for people, for a value outside of the limit's range.
    pub fn set(&mut self, limit: HostLimit, value: u64) -> Result<(), String> {
        let Row { key, min, max, .. } = limit.row();
        if value < min || value > max {
            return Err(format!("{key} = {value} is outside of {min} to {max}"));
        }
        if let Some(place) = self.0.get_mut(limit as usize) {
            *place = value;
        }
        Ok(())
    }
}

impl Default for HostLimits {
    fn default() -> Self {
        Self(HostLimit::ALL.map(|limit| limit.row().default))
    }
}
