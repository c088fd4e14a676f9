//! `conformance calls RESULT -- PROGRAM ARGS…`: the table through an adapter. `conformance page …`: a page's own commands.
//!
//! Writes what it found to RESULT, for `cargo xtask engines`. Ends with 1 if anything did.

#![allow(clippy::print_stderr, reason = "a program for people: its output is its purpose")]

use std::{env, fmt::Write, fs, path::Path, process::Command, process::ExitCode};

use conformance::{Row, Table, Verdict, adapter::Adapter, readme};

const HELP: &str = "\
conformance calls RESULT -- PROGRAM ARGS…     the table of calls through an adapter
conformance page RESULT PAGE.json FOLDER      the commands of FOLDER/README.md, in FOLDER, as PAGE.json expects them";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["calls", result, "--", program, args @ ..] => {
            calls(Command::new(program).args(args)).map(|rows| (*result, rows))
        }
        ["page", result, page, folder] => {
            readme::follow(Path::new(page), Path::new(folder)).map(|rows| (*result, rows))
        }
        _ => Err(HELP.to_owned()),
    };
    match done.and_then(|(result, rows)| report(Path::new(result), &rows)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::from(2)
        }
    }
}

fn calls(command: &mut Command) -> Result<Vec<Row>, String> {
    conformance::play(&Table::own()?, &mut Adapter::start(command)?)
}

/// A line a row: feature, verdict, name and what went otherwise, with tabs between them. True where nothing did.
fn report(result: &Path, rows: &[Row]) -> Result<bool, String> {
    let mut text = String::new();
    let mut all_good = true;
    for Row { feature, name, verdict } in rows {
        let (word, what) = match verdict {
            Verdict::Good => ("good", ""),
            Verdict::Cannot(why) => ("cannot", why.as_str()),
            Verdict::Bad(what) => ("bad", what.as_str()),
        };
        if word == "bad" {
            all_good = false;
        }
        let what = what.replace(['\t', '\n'], " ");
        // Writing to a String does not fail.
        _ = writeln!(text, "{feature}\t{word}\t{name}\t{what}");
    }
    fs::write(result, text).map_err(|error| format!("{}: {error}", result.display()))?;
    Ok(all_good)
}
