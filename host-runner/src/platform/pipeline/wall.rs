//! The time that a pipeline's run may take, with its `jobs` calls left out: how long Knosc needs is not the tenant's doing.
//!
//! Only counts; who is stopped by it is the run's to decide.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// A clock that stands still while Knosc works.
pub(super) struct Wall {
    budget: Duration,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    started: Instant,
    /// Of the pauses that ended.
    paused: Duration,
    /// How many pauses there are now, and since when.
    pauses: u32,
    since: Instant,
}

impl Wall {
    /// Starts now.
    pub(super) fn start(budget: Duration) -> Arc<Self> {
        let now = Instant::now();
        let state = State { started: now, paused: Duration::ZERO, pauses: 0, since: now };
        Arc::new(Self { budget, state: Mutex::new(state), changed: Notify::new() })
    }

    /// Stands still until the pause is dropped.
    pub(super) fn pause(self: &Arc<Self>) -> Pause {
        self.change(|state| {
            if state.pauses == 0 {
                state.since = Instant::now();
            }
            state.pauses += 1;
        });
        Pause(Arc::clone(self))
    }

    /// Ready when the budget is used up.
    pub(super) async fn over(&self) {
        loop {
            let changed = self.changed.notified();
            let Some(deadline) = self.deadline() else {
                changed.await;
                continue;
            };
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => {
                    if self.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
                        return;
                    }
                }
                () = changed => {}
            }
        }
    }

    /// When the budget ends; none while it stands still.
    fn deadline(&self) -> Option<Instant> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.pauses > 0 {
            return None;
        }
        Some(state.started + self.budget + state.paused)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }
}

/// A time that does not count.
pub(super) struct Pause(Arc<Wall>);

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.pauses = state.pauses.saturating_sub(1);
            if state.pauses == 0 {
                state.paused += state.since.elapsed();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_does_not_count() {
        let wall = Wall::start(Duration::from_millis(50));
        let began = Instant::now();
        let (one, two) = (wall.pause(), wall.pause());
        let ends_pauses = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(one);
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(two);
        };
        tokio::join!(wall.over(), ends_pauses);
        assert!(began.elapsed() >= Duration::from_millis(250));
    }
}
