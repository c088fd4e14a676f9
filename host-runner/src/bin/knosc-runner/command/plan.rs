//! `plan`: what `run` would send, in which order and why.
//!
//! Checks the files and sends nothing; `--write-manifest` keeps what was found.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use knosc_runner::manifest::duration;

use super::source::{self, Source};
use crate::admission::SizeLimit;
use crate::args::{Global, Plan};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::save;
use crate::state;

pub async fn execute(
    global: &Global,
    args: &Plan,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let source =
        source::read(global, &args.source, &args.files, &args.head, false, reporter).await?;
    if let Some(path) = &args.write_manifest {
        save::write_new(path, manifest(&source, path).as_bytes())?;
    }
    // Where there is no journal, nothing was loaded from here; of one that cannot be read that is not known.
    let store = state::existing_store(global, reporter)?;
    if let Some(store) = &store {
        let sizes = source.blobs.iter().map(|blob| blob.size());
        let files = source.files.iter().map(|file| file.path.as_path()).zip(sizes);
        let limit = SizeLimit::new(args.files.ignore_size_limit);
        limit.check(store, &source.origin.to_string(), files).await?;
    }
    source.guard(store.as_ref(), source.plan.order(), reporter).await?;
    reporter.begin(&source.origin, source.shown(), source.plan.order());
    Ok(Exit::Done)
}

fn manifest(source: &Source, manifest: &Path) -> String {
    let folder = std::path::absolute(manifest).ok();
    let folder = folder.as_deref().and_then(Path::parent);
    let mut text = format!("base-url = {}\n", quoted(&source.origin.to_string()));
    if source.policy.allow_repeated_trigger {
        text.push_str("allow-repeated-trigger = true\n");
    }
    text += &policy(source);
    for file in source.plan.order().iter().filter_map(|index| source.files.get(*index)) {
        let absolute = std::path::absolute(&file.path).unwrap_or_else(|_| file.path.clone());
        let path =
            folder.and_then(|folder| absolute.strip_prefix(folder).ok()).unwrap_or(&absolute);
        // A name with glob characters is found as it is before it is read as a pattern.
        let path = quoted(&path.display().to_string());
        let _ = write!(text, "\n[[file]]\ntrigger = \"{}\"\npath = {path}\n", file.trigger);
        if let Some(allowed) = file.allow_drop {
            let _ = writeln!(text, "allow-drop = {}", quoted(&allowed.to_string()));
        }
        if let Some(key) = &file.key {
            let names: Vec<String> = key.iter().map(|name| quoted(name)).collect();
            let _ = writeln!(text, "key = [{}]", names.join(", "));
        }
    }
    text
}

/// `[policy]` with the patience of this plan. The time between polls is left to the default of whatever tenant it is run
/// with, unless somebody said another.
fn policy(source: &Source) -> String {
    let policy = &source.policy;
    let default = source::default_policy(&source.origin);
    let polls = [
        ("poll-interval-min", policy.poll_interval_min_ms, default.poll_interval_min_ms),
        ("poll-interval-max", policy.poll_interval_max_ms, default.poll_interval_max_ms),
    ];
    let said = polls.iter().any(|(_, ms, default_ms)| ms != default_ms);
    let polls = polls.into_iter().filter(|_| said).map(|(key, ms, _)| (key, u64::from(ms)));
    let patience = [("queued-max", policy.queued_max_ms), ("running-max", policy.running_max_ms)];
    polls.chain(patience).fold("\n[policy]\n".to_owned(), |mut text, (key, ms)| {
        let _ = writeln!(text, "{key} = \"{}\"", duration::text(Duration::from_millis(ms)));
        text
    })
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
