//! How long ago Knosc last took the session: an upload asks first where that is too long.
//!
//! A session that ended is then refused before a byte of the file leaves, which proves that nothing was accepted. Asks no server itself.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An answer from this long ago proves the session no more.
const FRESH_MAX: Duration = Duration::from_mins(1);

/// When Knosc last took which session.
#[derive(Debug, Default)]
pub(super) struct Freshness(Mutex<Option<Taken>>);

#[derive(Clone, Copy, Debug)]
struct Taken {
    generation: u64,
    at: Instant,
    wall_ms: u64,
}

impl Freshness {
    /// Knosc answered as it answers a signed-in user.
    pub(super) fn note(&self, generation: u64, wall_ms: u64) {
        let taken = Taken { generation, at: Instant::now(), wall_ms };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An answer to a session of before says nothing of the one that there is now.
        if last.is_none_or(|last| last.generation <= generation) {
            *last = Some(taken);
        }
    }

    /// Whether Knosc took this session just now.
    pub(super) fn is_fresh(&self, generation: u64, wall_ms: u64) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|last| last.generation == generation)
            .is_some_and(|last| is_fresh(last.at.elapsed(), last.wall_ms, wall_ms))
    }
}

/// Both clocks have to say so: the monotonic one stands still while a machine sleeps, and the other one may be set back.
fn is_fresh(elapsed: Duration, then_ms: u64, now_ms: u64) -> bool {
    let by_wall = now_ms.checked_sub(then_ms).map(Duration::from_millis);
    elapsed < FRESH_MAX && by_wall.is_some_and(|by_wall| by_wall < FRESH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_have_to_say_fresh() {
        let check = |elapsed_s, then_ms, now_ms, expected| {
            let found = is_fresh(Duration::from_secs(elapsed_s), then_ms, now_ms);
            assert_eq!(found, expected, "{elapsed_s} {then_ms} {now_ms}");
        };
        check(0, 1_000, 1_000, true);
        check(59, 0, 59_999, true);
        check(60, 0, 59_999, false);
        check(59, 0, 60_000, false);
        // The machine slept, or its clock was set forward.
        check(1, 0, 3_600_000, false);
        // The clock was set back.
        check(1, 1_000, 999, false);
    }

    #[test]
    fn an_answer_proves_its_own_session_only() {
        let freshness = Freshness::default();
        assert!(!freshness.is_fresh(1, 0));
        freshness.note(1, 0);
        assert!(freshness.is_fresh(1, 0) && !freshness.is_fresh(2, 0));
        freshness.note(2, 0);
        freshness.note(1, 0);
        assert!(freshness.is_fresh(2, 0) && !freshness.is_fresh(1, 0));
    }
}
