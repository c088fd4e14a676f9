//! `plan`: what `run` would send, in which order and why.
//!
//! Checks the files and sends nothing; `--write-manifest` keeps what was found.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::source::{self, Source};
use crate::args::{Global, Plan};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;

pub fn execute(global: &Global, args: &Plan, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let source = source::read(global, &args.source, &args.files, false)?;
    if let Some(path) = &args.write_manifest {
        write(path, &manifest(&source, path)).map_err(|error| Problem::Io {
            what: path.display().to_string(),
            message: error.to_string(),
        })?;
    }
    reporter.begin(&source.origin, source.shown(), source.plan.order());
    Ok(Exit::Done)
}

/// A manifest is a person's work: an existing one is not overwritten.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn manifest(source: &Source, manifest: &Path) -> String {
    let folder = manifest.parent().and_then(|folder| std::path::absolute(folder).ok());
    let mut text = format!("base-url = {}\n", quoted(&source.origin.to_string()));
    if source.policy.allow_repeated_trigger {
        text.push_str("allow-repeated-trigger = true\n");
    }
    for file in source.plan.order().iter().filter_map(|index| source.files.get(*index)) {
        let absolute = std::path::absolute(&file.path).unwrap_or_else(|_| file.path.clone());
        let path = folder
            .as_ref()
            .and_then(|folder| absolute.strip_prefix(folder).ok())
            .unwrap_or(&absolute);
        // A name with glob characters is found as it is before it is read as a pattern.
        let path = quoted(&path.display().to_string());
        let _ = write!(text, "\n[[file]]\ntrigger = \"{}\"\npath = {path}\n", file.trigger);
        if file.allow_empty {
            text.push_str("allow-empty = true\n");
        }
    }
    text
}

/// A basic TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
