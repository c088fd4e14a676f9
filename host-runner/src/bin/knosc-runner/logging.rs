//! The log: off unless asked for, to stderr or a file, as text or JSON; its spans to a collector, where one is named.
//!
//! Sets it up and says nothing itself.

use std::sync::Mutex;

#[cfg(feature = "otlp")]
use knosc_runner::otlp::Otlp;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::{Global, LogFormat, Output};
use crate::problem::Problem;

/// What a log needs until the end of its process.
pub struct Log {
    #[cfg(feature = "otlp")]
    otlp: Option<Otlp>,
}

/// Sets the log up; `-v` tells what was done, `-vv` everything.
pub fn start(global: &Global) -> Result<Log, Problem> {
    let writer = match &global.log_file {
        None => BoxMakeWriter::new(std::io::stderr),
        Some(path) => {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| Problem::Io {
                what: path.display().to_string(),
                message: error.to_string(),
            })?;
            BoxMakeWriter::new(Mutex::new(file))
        }
    };
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let lines = match global.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(level(global)));
    #[cfg(feature = "otlp")]
    let otlp = collector(global)?;
    #[cfg(feature = "otlp")]
    let subscriber = subscriber.with(otlp.as_ref().map(Otlp::layer));
    subscriber.try_init().map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(Log {
        #[cfg(feature = "otlp")]
        otlp,
    })
}

impl Log {
    /// Sends what waits for a collector. One that is not there changes nothing of how a run ended.
    #[cfg_attr(not(feature = "otlp"), allow(clippy::unused_self, reason = "nothing waits then"))]
    pub fn finish(self) {
        #[cfg(feature = "otlp")]
        if let Some(Err(error)) = self.otlp.map(Otlp::finish) {
            tracing::warn!(%error, "spans were lost");
        }
    }
}

/// The collector that was named, if any; reached as the tenant is.
#[cfg(feature = "otlp")]
fn collector(global: &Global) -> Result<Option<Otlp>, Problem> {
    let Some(origin) = &global.otlp.endpoint else { return Ok(None) };
    let config = crate::connect::client(global);
    let started = Otlp::start(origin, "knosc-runner", &config);
    Ok(Some(started.map_err(|error| Problem::Usage {
        message: error.to_string(),
        hint: "look at --otlp-endpoint, --ca-file and the proxy",
    })?))
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
