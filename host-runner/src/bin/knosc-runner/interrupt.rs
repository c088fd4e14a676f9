//! Ctrl-C and SIGTERM: the first one ends the run at the next safe moment, the second one ends the process.
//!
//! Cancels through the library and decides nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use knosc_runner::CancellationToken;

use crate::exit::Exit;

/// Whether somebody wants this to end.
#[derive(Clone)]
pub struct Interrupt {
    token: CancellationToken,
    seen: Arc<AtomicBool>,
}

impl Interrupt {
    /// Begins to listen; call inside a runtime.
    pub fn listen() -> Self {
        let interrupt =
            Self { token: CancellationToken::new(), seen: Arc::new(AtomicBool::new(false)) };
        let heard = interrupt.clone();
        tokio::spawn(async move {
            if signal().await {
                heard.seen.store(true, Ordering::SeqCst);
                heard.token.cancel();
            }
            if signal().await {
                end_now();
            }
        });
        interrupt
    }

    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    pub fn seen(&self) -> bool {
        self.seen.load(Ordering::SeqCst)
    }
}

#[allow(clippy::exit, reason = "a second Ctrl-C is a wish to end at once, whatever is under way")]
fn end_now() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

/// Waits for a signal; false if none can be heard.
#[cfg(unix)]
async fn signal() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return false;
    };
    tokio::select! {
        heard = interrupt.recv() => heard.is_some(),
        heard = terminate.recv() => heard.is_some(),
    }
}

#[cfg(not(unix))]
async fn signal() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
