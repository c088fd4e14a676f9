//! The log: off unless asked for, to stderr or a file, as text or JSON.
//!
//! Sets it up and says nothing itself.

use std::sync::Mutex;

use tracing::Level;

use crate::args::{Global, LogFormat};
use crate::problem::Problem;

/// Sets the log up; without `-v` only warnings are told.
pub fn start(global: &Global) -> Result<(), Problem> {
    let level = match (global.quiet, global.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::DEBUG,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_ansi(false);
    let started = match (&global.log_file, global.log_format) {
        (None, LogFormat::Text) => builder.with_writer(std::io::stderr).try_init(),
        (None, LogFormat::Json) => builder.json().with_writer(std::io::stderr).try_init(),
        (Some(path), format) => {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| Problem::Io {
                what: path.display().to_string(),
                message: error.to_string(),
            })?;
            match format {
                LogFormat::Text => builder.with_writer(Mutex::new(file)).try_init(),
                LogFormat::Json => builder.json().with_writer(Mutex::new(file)).try_init(),
            }
        }
    };
    started.map_err(|error| Problem::Internal(error.to_string()))
}
