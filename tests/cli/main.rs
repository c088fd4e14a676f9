//! Tests of the real binary: each folder of `tests/scenarios` against a fresh local Knosc, compared with what it printed before.
//!
//! `UPDATE=1` writes the expectations anew. Nothing here calls the library.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod binary;
mod browser;
mod changing;
mod compare;
mod containers;
mod exit_codes;
mod failing_disk;
mod full_disk;
mod interrupted;
mod keyboard;
mod killed;
mod logs;
mod on_finish;
mod pipe;
mod pipelines;
mod place;
mod repeated;
mod restored;
mod results;
mod resumed;
mod same_content;
mod scenario;
mod schedule;
mod schemas;
mod sign_in;
mod size_limit;
mod state_folder;
#[path = "../guests/hostile/template.rs"]
mod template;
mod template_elsewhere;
#[cfg(target_os = "linux")]
mod terminal;
mod tls;
mod waiting;
mod whole_runs;

use std::path::{Path, PathBuf};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios")
}

#[test]
fn scenarios_do_what_they_did() {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(scenarios()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    let mut failures = Vec::new();
    for folder in folders {
        if let Err(difference) = scenario::check(&folder) {
            failures.push(format!("{}:\n{difference}", folder.display()));
        }
    }
    assert!(failures.is_empty(), "UPDATE=1 accepts these:\n{}", failures.join("\n"));
}
