//! Waits for what other programs do, each with an end: a command that hangs must not keep a trigger locked.
//!
//! Gives up waiting and decides nothing else.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Between two looks at a child process.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Blocking work on a thread of its own; `None` if it takes longer. The thread ends with the process then.
pub fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, answer) = mpsc::channel();
    let worker = std::thread::Builder::new().spawn(move || {
        // No one may wait any more.
        let _ = done.send(work());
    });
    worker.ok()?;
    answer.recv_timeout(limit).ok()
}

/// Waits for a child process; one that takes longer is ended, and there is no status then.
pub fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::process::Command;

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    #[test]
    fn work_that_hangs_is_given_up() {
        assert_eq!(within(Duration::from_mins(1), || 7), Some(7));
        assert_eq!(within(SHORT, || std::thread::sleep(Duration::from_mins(1))), None);
    }

    #[test]
    fn a_child_that_hangs_is_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(wait(&mut child, SHORT).unwrap().is_none());
        let mut child = Command::new("true").spawn().unwrap();
        assert!(wait(&mut child, Duration::from_mins(1)).unwrap().unwrap().success());
    }
}
