//! What the checks found, as text.
//!
//! Makes text; prints nothing.

use std::fmt::Write as _;

use knosc_checks::{Checked, Finding, Reading, Severity, Writing};

use super::text::{RED, YELLOW, paint};

/// Every finding of at least this weight, each with its place and what to do.
pub fn text(checked: &[Checked], from: Severity) -> String {
    let mut text = String::new();
    let findings = checked.iter().flat_map(|file| &file.findings);
    for finding in findings.filter(|finding| finding.severity >= from) {
        let word = match finding.severity {
            Severity::Deny => paint("deny:", RED),
            Severity::Warn => paint("warn:", YELLOW),
            Severity::Note => "note:".to_owned(),
        };
        let more = match finding.more {
            0 => String::new(),
            more => format!(" (and {more} more like it)"),
        };
        let (place, message, code) = (place(finding), &finding.message, finding.code);
        let _ =
            writeln!(text, "{word} {place}: {message}{more} [{code}]\n      {}", finding.hint());
    }
    text
}

/// Where a person has to look.
fn place(finding: &Finding) -> String {
    let mut place = finding.file.clone();
    match (&finding.sheet, &finding.cell, finding.line) {
        (Some(sheet), Some(cell), _) => {
            let _ = write!(place, ", {sheet}!{cell}");
        }
        (Some(sheet), None, Some(line)) => {
            let _ = write!(place, ", sheet '{sheet}', row {line}");
        }
        (Some(sheet), None, None) => {
            let _ = write!(place, ", sheet '{sheet}'");
        }
        (None, _, Some(line)) => {
            let _ = write!(place, ", line {line}");
        }
        (None, _, None) => {}
    }
    if let Some(column) = &finding.column {
        let _ = write!(place, ", {column}");
    }
    place
}

/// One line a file: how it was read, and why.
pub fn readings(checked: &[Checked]) -> String {
    let mut text = String::new();
    let width = checked.iter().map(|file| file.file.chars().count()).max().unwrap_or(0);
    for file in checked {
        let how = match &file.reading {
            None => "not read".to_owned(),
            Some(Reading::Sheet { name, of: 1 }) => format!("{} rows of sheet '{name}'", file.rows),
            Some(Reading::Sheet { name, of }) => {
                format!("{} rows of sheet '{name}', one of {of}", file.rows)
            }
            Some(Reading::Text(writing)) => format!(
                "{} rows; {} ({}); {} ({}); {}; lines end with {}",
                file.rows,
                writing.encoding,
                writing.encoding_evidence,
                delimiter(writing.delimiter),
                writing.delimiter_evidence,
                decimals(writing),
                writing.line_ends
            ),
        };
        let _ = writeln!(text, "{:width$}  {:<20}  {how}", file.file, file.trigger.name());
    }
    text
}

fn decimals(writing: &Writing) -> String {
    let evidence = &writing.decimal_mark_evidence;
    match writing.decimal_mark {
        Some(mark) => format!("decimal {} ({evidence})", mark.word()),
        None => evidence.clone(),
    }
}

fn delimiter(byte: u8) -> String {
    if byte == b'\t' { "tab".to_owned() } else { format!("'{}'", char::from(byte)) }
}
