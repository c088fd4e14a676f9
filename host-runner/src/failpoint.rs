//! Places where a test may kill the process, so that what survives a crash at any instant can be proved.
//!
//! Compiled in with the feature `failpoints` only, which nothing that is shipped has; without it a place is nothing at all.
//!
//! | place | is reached |
//! |---|---|
//! | `append`, `appended` | before the component's fact goes to the journal, and before the component learns that it is there |
//! | `commit`, `committed` | before a transaction of the durable journal, and when it is on disk |
//! | `published` | when the journal's generation is on disk outside of it too, before the answer |
//! | `connect`, `connected` | before a connection is opened, and when it is open |
//! | `write`, `written` | before bytes are handed to a socket, and when the system took some |
//! | `answered` | when an answer's head is there |

/// Kills the process at the place and the time that `KNOSC_FAILPOINT` names: `written:7` is the seventh.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(place: &str) {
    armed::reach(place);
}

/// Nothing.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn reach(_: &str) {}

#[cfg(feature = "failpoints")]
mod armed {
    use std::process::Command;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Armed {
        place: String,
        left: AtomicU64,
    }

    pub(super) fn reach(place: &str) {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let armed = ARMED.get_or_init(|| {
            let text = std::env::var("KNOSC_FAILPOINT").ok()?;
            let (place, time) = text.split_once(':')?;
            let left = AtomicU64::new(time.parse().ok()?);
            Some(Armed { place: place.to_owned(), left })
        });
        if let Some(armed) = armed
            && armed.place == place
            && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            die();
        }
    }

    /// By a signal that nothing catches: no destructor, handler or buffer has a say.
    fn die() {
        let id = std::process::id().to_string();
        _ = Command::new("kill").args(["-KILL", &id]).status();
        loop {
            std::thread::park();
        }
    }
}
