//! How fast a tenant's requests may follow each other: opening connections costs the host, and no limit of a store counts that.
//!
//! Lets wait, and refuses nothing; whoever gives up leaves the line.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// The line of one tenant, for all its runs and origins.
pub(in crate::platform) struct Pace {
    gap: Duration,
    /// When the next one may begin.
    next: Mutex<Instant>,
}

impl Pace {
    /// So many requests a second.
    pub(in crate::platform) fn new(per_second: u64) -> Self {
        let gap = Duration::from_secs(1) / u32::try_from(per_second.max(1)).unwrap_or(u32::MAX);
        Self { gap, next: Mutex::new(Instant::now()) }
    }

    /// Waits in line.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_follow_each_other_and_whoever_leaves_takes_none() {
        // A gap that a busy machine does not sleep through while somebody leaves the line.
        let pace = Pace::new(2);
        let began = Instant::now();
        for _ in 0..3 {
            pace.turn().await;
            for _ in 0..20 {
                let left = tokio::time::timeout(Duration::ZERO, pace.turn()).await;
                assert!(left.is_err());
            }
        }
        assert!(began.elapsed() >= Duration::from_secs(1));
        assert!(began.elapsed() < Duration::from_secs(8), "those who left took turns");
    }
}
