//! Patience: how often a job is polled, how long it may queue and run, when a failing poll gives up.
//!
//! Numbers in, numbers out; no clock and no randomness, so that a replay waits exactly as the first run did.

/// How an ordered run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Shortest time between two polls of a job.
    pub poll_interval_min_ms: u32,
    /// Longest time between two polls of a job.
    pub poll_interval_max_ms: u32,
    /// Longest time that one job may stay `queued`: an integration may hold the tables.
    pub queued_max_ms: u64,
    /// Longest time that one job may stay `running`.
    pub running_max_ms: u64,
    /// Take two files of one trigger, in the order given.
    pub allow_repeated_trigger: bool,
}

impl Default for Policy {
    /// The guide polls every 5 s; we start at 1 s, since small files are done by then, and end at 30 s.
    fn default() -> Self {
        Self {
            poll_interval_min_ms: 1_000,
            poll_interval_max_ms: 30_000,
            queued_max_ms: 4 * HOUR_MS,
            running_max_ms: 2 * HOUR_MS,
            allow_repeated_trigger: false,
        }
    }
}

const HOUR_MS: u64 = 3_600_000;

/// Polling faster than this is rude to a server that is not on this machine.
pub const POLL_INTERVAL_FLOOR_MS: u32 = 100;

/// On a loopback origin nobody is bothered, and tests want to be quick.
pub const POLL_INTERVAL_FLOOR_LOOPBACK_MS: u32 = 10;

/// Slower than this, a person believes that the run hangs.
pub const POLL_INTERVAL_CEILING_MS: u32 = 600_000;

/// The range of both patiences: a second to a week.
pub const PATIENCE_MS: std::ops::RangeInclusive<u64> = 1_000..=7 * 24 * HOUR_MS;

/// Polls that may fail one after the other before a run stops watching: with the default policy three to four minutes,
/// which outlasts a restart of the service and not an evening.
pub const POLL_FAILURES_MAX: u32 = 10;

/// Answers in a row that do not name the job before it is called lost: one may be a replica that lags.
pub const MISSING_POLLS_MAX: u32 = 5;

/// Longest wait that we accept from `Retry-After`: more is a mistake or a way to hold us.
pub const RETRY_AFTER_MAX_MS: u64 = 300_000;

/// Longest wait between two failing polls.
const POLL_BACKOFF_MAX_MS: u64 = 30_000;

/// A policy whose numbers make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// `floor` ≤ min ≤ max ≤ 10 min does not hold.
    #[error(
        "poll intervals are {min_ms} to {max_ms} ms; {floor_ms} ms ≤ min ≤ max ≤ {POLL_INTERVAL_CEILING_MS} ms is needed"
    )]
    Interval {
        /// The shortest interval given.
        min_ms: u32,
        /// The longest interval given.
        max_ms: u32,
        /// The floor for this origin.
        floor_ms: u32,
    },
    /// A patience outside one second to seven days.
    #[error("{field} is {given_ms} ms; 1 s to 7 days are taken")]
    Patience {
        /// Which field.
        field: &'static str,
        /// What was given.
        given_ms: u64,
    },
}

impl Policy {
    /// Checks the numbers; `loopback` allows quicker polls.
    ///
    /// # Errors
    /// - [`PolicyError::Interval`] unless floor ≤ min ≤ max ≤ 10 min.
    /// - [`PolicyError::Patience`] unless both patiences lie in [`PATIENCE_MS`].
    pub fn check(&self, loopback: bool) -> Result<(), PolicyError> {
        let floor_ms =
            if loopback { POLL_INTERVAL_FLOOR_LOOPBACK_MS } else { POLL_INTERVAL_FLOOR_MS };
        let (min_ms, max_ms) = (self.poll_interval_min_ms, self.poll_interval_max_ms);
        if min_ms < floor_ms || max_ms < min_ms || max_ms > POLL_INTERVAL_CEILING_MS {
            return Err(PolicyError::Interval { min_ms, max_ms, floor_ms });
        }
        for (field, given_ms) in
            [("queued-max-ms", self.queued_max_ms), ("running-max-ms", self.running_max_ms)]
        {
            if !PATIENCE_MS.contains(&given_ms) {
                return Err(PolicyError::Patience { field, given_ms });
            }
        }
        Ok(())
    }

    /// Time until the next poll of a job that was accepted `age_ms` ago: a twentieth of its age, so that watching never
    /// adds much more than 5 % to a job, spread by ±10 % so that jobs do not march in step, and within the policy's bounds.
    pub fn poll_interval_ms(&self, age_ms: u64, job_id: &str, polls: u32) -> u64 {
        let min = u64::from(self.poll_interval_min_ms);
        let max = u64::from(self.poll_interval_max_ms).max(min);
        let interval = (age_ms / 20).clamp(min, max);
        let spread = interval / 5;
        let jitter = spread * u64::from(jitter_per_mille(job_id, polls)) / 1_000;
        (interval - interval / 10 + jitter).clamp(min, max)
    }

    /// Time until a poll that failed `failures` times in a row is tried again; what Knosc asked for wins where it is longer.
    pub fn poll_backoff_ms(&self, failures: u32, retry_after_ms: Option<u64>) -> u64 {
        let doubled = u64::from(self.poll_interval_min_ms) << failures.saturating_sub(1).min(16);
        let backoff = doubled.min(POLL_BACKOFF_MAX_MS);
        backoff.max(retry_after_ms.unwrap_or(0).min(RETRY_AFTER_MAX_MS))
    }
}

/// 0 to 999 from the job and the count: a replay waits exactly as long (FNV-1a, for its eight lines).
fn jitter_per_mille(job_id: &str, polls: u32) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in job_id.bytes().chain(polls.to_le_bytes()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    (hash >> 8) % 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_with_the_job_and_stay_in_bounds() {
        let policy = Policy::default();
        assert!((1_000..=1_100).contains(&policy.poll_interval_ms(0, "a", 0)));
        for age_ms in [10_000, 100_000, 400_000, 10_000_000] {
            let interval = policy.poll_interval_ms(age_ms, "a", 3);
            let middle = (age_ms / 20).clamp(1_000, 30_000);
            assert!((middle * 9 / 10..=middle * 11 / 10).contains(&interval.max(middle * 9 / 10)));
            assert!(interval <= 30_000, "longer than the policy's maximum");
        }
        assert_eq!(policy.poll_interval_ms(99, "a", 7), policy.poll_interval_ms(99, "a", 7));
    }

    #[test]
    fn absurd_retry_after_is_capped_and_zero_falls_back() {
        let policy = Policy::default();
        assert_eq!(policy.poll_backoff_ms(1, Some(0)), 1_000);
        assert_eq!(policy.poll_backoff_ms(1, Some(u64::MAX)), RETRY_AFTER_MAX_MS);
        assert_eq!(policy.poll_backoff_ms(60, None), POLL_BACKOFF_MAX_MS);
    }

    #[test]
    fn a_replay_waits_exactly_as_long() {
        // FNV-1a of "foobar" is 0xbf9cf968, by its authors' own table.
        let (job_id, polls) = ("fo", u32::from_le_bytes(*b"obar"));
        assert_eq!(jitter_per_mille(job_id, polls), 0x00bf_9cf9 % 1_000);
        let policy = Policy::default();
        // A twentieth of the age, less a tenth, and 561 thousandths of a fifth.
        assert_eq!(policy.poll_interval_ms(400_000, job_id, polls), 20_000 - 2_000 + 2_244);
        assert_eq!(policy.poll_interval_ms(500_000, job_id, polls), 25_000 - 2_500 + 2_805);
        assert_eq!(policy.poll_interval_ms(u64::MAX, job_id, polls), 30_000);
        assert_eq!(policy.poll_interval_ms(0, job_id, polls), 1_000 - 100 + 112);
    }

    #[test]
    fn failing_polls_wait_twice_as_long_each_time() {
        let policy = Policy::default();
        let waits: Vec<u64> = (0..8).map(|count| policy.poll_backoff_ms(count, None)).collect();
        assert_eq!(waits, [1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(policy.poll_backoff_ms(3, Some(3_999)), 4_000, "the longer one wins");
        assert_eq!(policy.poll_backoff_ms(3, Some(4_001)), 4_001);
    }

    #[test]
    fn the_default_patience_is_the_documented_one() {
        let Policy { queued_max_ms, running_max_ms, .. } = Policy::default();
        assert_eq!((queued_max_ms, running_max_ms), (14_400_000, 7_200_000));
        assert_eq!(Policy::default().check(false), Ok(()));
    }

    #[test]
    fn bounds_are_checked() {
        let check = |min_ms, max_ms, loopback, fits: bool| {
            let policy = Policy {
                poll_interval_min_ms: min_ms,
                poll_interval_max_ms: max_ms,
                ..Policy::default()
            };
            let floor_ms = if loopback { 10 } else { 100 };
            let refused = Err(PolicyError::Interval { min_ms, max_ms, floor_ms });
            assert_eq!(policy.check(loopback), if fits { Ok(()) } else { refused });
        };
        check(10, 10, true, true);
        check(9, 10, true, false);
        check(100, 100, false, true);
        check(99, 100, false, false);
        check(200, 199, false, false);
        check(600_000, 600_000, false, true);
        check(100, 600_001, false, false);
        for (queued_max_ms, running_max_ms, fits) in [
            (1_000, 604_800_000, true),
            (999, 1_000, false),
            (1_000, 999, false),
            (604_800_001, 1_000, false),
        ] {
            let policy = Policy { queued_max_ms, running_max_ms, ..Policy::default() };
            assert_eq!(policy.check(true).is_ok(), fits, "{queued_max_ms} {running_max_ms}");
        }
    }
}
