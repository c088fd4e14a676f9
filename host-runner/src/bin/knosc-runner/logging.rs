//! The log: off unless asked for, to stderr or a file, as text or JSON.
//!
//! Sets it up and says nothing itself.

use std::sync::Mutex;

use tracing::level_filters::LevelFilter;

use crate::args::{Global, LogFormat, Output};
use crate::problem::Problem;

/// Sets the log up; `-v` tells what was done, `-vv` everything.
pub fn start(global: &Global) -> Result<(), Problem> {
    let builder = tracing_subscriber::fmt().with_max_level(level(global)).with_ansi(false);
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

/// A file is asked for in order to hold something. Without one, programs that read both streams get nothing that they did not
/// ask for, and people get warnings.
fn level(global: &Global) -> LevelFilter {
    match (global.verbose, &global.log_file) {
        (2.., _) => LevelFilter::DEBUG,
        (1, _) | (0, Some(_)) => LevelFilter::INFO,
        (0, None) if global.quiet => LevelFilter::ERROR,
        (0, None) if global.output != Output::Text => LevelFilter::OFF,
        (0, None) => LevelFilter::WARN,
    }
}
