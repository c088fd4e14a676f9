//! Nasty files, each made here and none copied, and everything that is found in it.
//!
//! A row of a table is a file: its name, what is in it, and the findings, `weight code place` with `; ` between. A file that is
//! refused has to be refused; one that is read has to be read; none may panic or be called right.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod fuzz;
mod libreoffice;
mod locked;
mod openpyxl;
mod plans;
mod sheets;
mod texts;
mod values;
mod zips;

use std::io::Cursor;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::{Candidate, Checked, Finding, Limits, ReadingOptions, check};

/// A file that is wrong in some way.
pub(crate) struct Nasty {
    pub(crate) name: &'static str,
    pub(crate) trigger: Trigger,
    pub(crate) kind: FileKind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: &'static str,
}

pub(crate) fn csv(
    name: &'static str,
    trigger: Trigger,
    bytes: impl AsRef<[u8]>,
    expected: &'static str,
) -> Nasty {
    Nasty { name, trigger, kind: FileKind::Csv, bytes: bytes.as_ref().to_vec(), expected }
}

pub(crate) fn xlsx(name: &'static str, bytes: Vec<u8>, expected: &'static str) -> Nasty {
    Nasty { name, trigger: Trigger::ItemMaster, kind: FileKind::Xlsx, bytes, expected }
}

pub(crate) fn look(trigger: Trigger, kind: FileKind, bytes: &[u8], limits: &Limits) -> Checked {
    let mut content = Cursor::new(bytes);
    let candidate = Candidate {
        trigger,
        name: "file".to_owned(),
        kind,
        allow_empty: false,
        template: None,
        key: None,
        content: &mut content,
    };
    check(vec![candidate], &ReadingOptions::default(), limits).remove(0)
}

pub(crate) fn text(finding: &Finding) -> String {
    let line = finding.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
    let place = finding.cell.clone().unwrap_or(line);
    let more = if finding.more == 0 { String::new() } else { format!(" +{}", finding.more) };
    format!("{} {} {place}{more}", finding.severity.word(), finding.code)
}

pub(crate) fn texts(checked: &Checked) -> String {
    checked.findings.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn all() -> Vec<Nasty> {
    let mut all = texts::files();
    all.extend(values::files());
    all.extend(sheets::files());
    all.extend(zips::files());
    all.extend(locked::files());
    all
}

#[test]
fn everything_wrong_is_found_and_nothing_else() {
    let limits = Limits::default();
    let mut wrong = Vec::new();
    for file in all() {
        let found = texts(&look(file.trigger, file.kind, &file.bytes, &limits));
        if found != file.expected {
            wrong.push(format!("{}\n  expected {}\n  found    {found}", file.name, file.expected));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_corpus_is_large_and_each_file_is_wrong() {
    let files = all();
    assert!(files.len() >= 60, "{}", files.len());
    let mut names: Vec<&str> = files.iter().map(|file| file.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), files.len());
    assert!(files.iter().all(|file| !file.expected.is_empty()));
}
