//! The engine's clock: lets other tasks run while a component computes, and its computing time be counted.
//!
//! One thread for each engine; it ends with the engine.

use std::io;
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// How long a component may hold a thread: shorter than anybody notices, and a hundredth of a per cent of overhead.
const TICK: Duration = Duration::from_millis(10);

/// Starts the thread. It holds the engine weakly, so that it ends within a tick of the engine's last clone.
pub(crate) fn start(engine: &Engine) -> io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new().name("knosc-epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(())
}
