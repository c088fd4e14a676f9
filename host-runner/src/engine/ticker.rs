//! The engine's clock: lets other tasks run while a component computes, and its computing time be counted.
//!
//! One thread for each runtime; it ends with the runtime.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// How long a component may hold a thread: shorter than anybody notices, and a hundredth of a per cent of overhead.
const TICK: Duration = Duration::from_millis(10);

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    /// Dropping it ends the thread within a tick.
    _alive: Sender<()>,
}

impl Ticker {
    /// Starts the thread. It holds the engine weakly, so that it keeps no code in memory.
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let engine = engine.weak();
        let (alive, ended) = channel::<()>();
        thread::Builder::new().name("knosc-epoch".to_owned()).spawn(move || {
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { _alive: alive })
    }
}
