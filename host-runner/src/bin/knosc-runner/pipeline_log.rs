//! What a pipeline wrote on standard output and error, kept in the state folder for `runs show`: as long as it may be, without control
//! characters and without the secrets of its operator, as the library gives it.
//!
//! A file for each call of the tool, and a line for each run of the journal that says which. For people: nothing is decided by it, and where
//! it cannot be kept a warning is all.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use knosc_runner::platform::{Log, LogLine, Stream};
use serde_json::{Value, json};

use crate::document::{self, LoggedLine};
use crate::private;

/// More than any limit of `tenants.toml` lets a pipeline write, with what JSON adds.
const READ_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The log of one pipeline while it runs.
#[derive(Debug)]
pub struct PipelineLog {
    place: Place,
    file: Option<File>,
}

/// Where it is kept.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    pub const fn new(folder: PathBuf, name: String) -> Self {
        Self { folder, name }
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    fn pointer(&self, run: &str) -> PathBuf {
        self.folder.join(format!("{run}.of"))
    }

    /// Says whose log it is, before the run can end in whatever way.
    pub fn belongs_to(&self, run: &str) {
        let said = private::folder(&self.folder)
            .and_then(|()| private::file(&self.pointer(run)))
            .and_then(|mut file| file.write_all(self.name.as_bytes()));
        warned(said);
    }
}

impl PipelineLog {
    pub const fn new(place: Place) -> Self {
        Self { place, file: None }
    }

    /// A line as it is written: it is kept also where this process is killed.
    pub fn line(&mut self, line: &LogLine) {
        let written = self.file().and_then(|file| writeln!(file, "{}", as_json(line)));
        warned(written);
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            private::folder(&self.place.folder)?;
            self.file = Some(private::file(&self.place.log())?);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The whole log, in its order; nothing of a pipeline that began no run.
    pub fn finish(self, log: &Log, runs: &[String]) {
        let Self { place, file } = self;
        drop(file);
        if runs.is_empty() || (log.lines.is_empty() && log.dropped_bytes == 0) {
            for path in runs.iter().map(|run| place.pointer(run)).chain([place.log()]) {
                // Mostly it was never there.
                let _ = fs::remove_file(path);
            }
            return;
        }
        let dropped =
            (log.dropped_bytes > 0).then(|| json!({ "dropped_bytes": log.dropped_bytes }));
        let mut text = String::new();
        for value in log.lines.iter().map(as_json).chain(dropped) {
            text += &value.to_string();
            text.push('\n');
        }
        let beside = place.log().with_extension("part");
        let written = private::folder(&place.folder)
            .and_then(|()| private::file(&beside))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&beside, place.log()));
        warned(written);
    }
}

/// What the pipeline of a run wrote, if it is kept.
pub fn of_run(folder: &Path, run: &str) -> Option<Log> {
    let place = |name: &str| Place::new(folder.to_owned(), name.to_owned());
    let name = fs::read_to_string(place("").pointer(run)).ok()?;
    // A file's name, and no way out of the folder.
    if Path::new(&name).file_name()? != name.as_str() {
        return None;
    }
    let file = File::open(place(&name).log()).ok()?;
    let mut log = Log::default();
    for line in BufReader::new(file.take(READ_BYTES_MAX)).lines().map_while(Result::ok) {
        // Of a process that was killed the last line may be cut.
        let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
        if let Some(bytes) = value.get("dropped_bytes").and_then(Value::as_u64) {
            log.dropped_bytes = bytes;
        }
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        if let (Some(stream), Some(text)) = (text("stream"), text("text")) {
            let stream = if stream == "stderr" { Stream::Err } else { Stream::Out };
            log.lines.push(LogLine { stream, text: text.to_owned() });
        }
    }
    Some(log)
}

/// A line as programs read it.
fn as_json(line: &LogLine) -> Value {
    document::value(&LoggedLine::from(line))
}

fn warned(kept: io::Result<()>) {
    if let Err(error) = kept {
        tracing::warn!("what the pipeline wrote is not kept: {error}");
    }
}
