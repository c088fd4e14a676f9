//! One sign-in at a time for all processes of this user and tenant: the second one then uses what the first one learnt.
//!
//! A lock on a file, which ends with its process. Writes nothing into it.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use knosc_bulk_import::origin::Origin;
use knosc_runner::credentials::CredentialsError;

use crate::state::State;

/// Between two looks at the lock. Not a wait for it: that would hold the one thread, and with it Ctrl-C.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A sign-in may wait half a minute for the next one-time code and two minutes for Knosc; whoever takes longer hangs.
const WAIT_MAX: Duration = Duration::from_mins(3);

/// The right to sign in, until it is dropped.
pub(super) struct Turn {
    _lock: File,
}

/// Waits for the others. `None` where there is no folder for the lock: signing in is then as it is without one.
pub(super) async fn take(state: &State, origin: &Origin) -> Result<Option<Turn>, CredentialsError> {
    let file = match state.sign_in_lock(origin) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!("sign-ins of other processes are not waited for: {error}");
            return Ok(None);
        }
    };
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Turn { _lock: file })),
            Err(TryLockError::WouldBlock) if begun.elapsed() < WAIT_MAX => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(TryLockError::WouldBlock) => {
                let message = "another process is signing in and does not end".to_owned();
                return Err(CredentialsError::Unavailable(message));
            }
            // Some network folders have no locks.
            Err(TryLockError::Error(error)) => {
                tracing::warn!("sign-ins of other processes are not waited for: {error}");
                return Ok(None);
            }
        }
    }
}
