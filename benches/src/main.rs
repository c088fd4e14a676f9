//! What knosc-runner costs beside what people use today, in one run on this machine. `cargo xtask bench` builds and starts it.
//! Rivals take turns, whole processes are measured, and a floor that does not hold ends it with 1.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people: its output is its purpose"
)]

mod check;
mod in_process;
mod journal;
mod log;
mod machine;
mod ordered;
mod plot;
mod portable;
mod report;
mod rivals;
mod sample;
mod session;
mod sink;
mod start;
mod tenants;
mod tls;
mod upload;

use std::{env, fs, process::ExitCode};

use report::{Report, Section};
use rivals::Arena;
use xtask::{
    Failure,
    benches::{self, NAMES, QUICK},
};

/// A larger file takes seconds a sample.
const QUICK_BYTES_MAX: u64 = 512 << 20;

/// How much is measured: `--quick` leaves out 2 GiB and the long jobs and takes three samples a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) quick: bool,
    /// Odd, so that the median is a measured value.
    pub(crate) repeats: usize,
}

impl Extent {
    /// Of the sizes of files that a bench knows, those that are measured.
    pub(crate) fn sizes(self, all: &[u64]) -> impl Iterator<Item = u64> {
        all.iter().copied().filter(move |size| !self.quick || *size <= QUICK_BYTES_MAX)
    }
}

type Bench = fn(&mut Arena, Extent) -> Result<Section, Failure>;

fn bench(name: &str) -> Option<Bench> {
    match name {
        "upload" => Some(upload::run),
        "cold-start" => Some(start::run),
        "ordered-run" => Some(ordered::run),
        "journal" => Some(journal::run),
        "tenants" => Some(tenants::run),
        "tls" => Some(tls::run),
        "portable" => Some(portable::run),
        "in-process" => Some(in_process::run),
        "check" => Some(check::run),
        _ => None,
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Err(failure) = benches::check(&words) {
        eprintln!("{failure}");
        return ExitCode::from(2);
    }
    let quick = words.contains(&QUICK);
    let names: Vec<&str> = words.into_iter().filter(|word| *word != QUICK).collect();
    let extent = Extent { quick, repeats: if quick { 3 } else { 7 } };
    match all(&names, extent) {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            eprintln!("floors missed:\n  {}", missed.join("\n  "));
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn all(names: &[&str], extent: Extent) -> Result<Vec<String>, Failure> {
    let mut arena = Arena::open()?;
    let (mut report, mut failed) = (Report(Vec::new()), Vec::new());
    for name in NAMES.into_iter().filter(|name| names.is_empty() || names.contains(name)) {
        let bench = bench(name).ok_or_else(|| Failure::new(format!("{name} is not made")))?;
        println!("{name}");
        // The one before may have aimed the rivals at a server of its own, which is gone.
        arena.aim(arena.server.url().to_owned());
        // One that ends badly takes no figure of the others with it.
        match bench(&mut arena, extent) {
            Ok(section) => {
                report.0.push(section);
                println!("{}", report.last());
            }
            Err(failure) => {
                eprintln!("{failure}");
                failed.push(format!("{name}: not measured, {failure}"));
            }
        }
    }
    let text = report.markdown();
    for (name, content) in [("report.md", text), ("report.json", report.json().to_string())] {
        let path = arena.folder().join(name);
        fs::write(&path, content).map_err(|error| Failure::file(&path, &error))?;
    }
    println!("{}", report.head());
    failed.extend(report.missed());
    Ok(failed)
}
