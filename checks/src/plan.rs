//! All files of a plan, in Knosc's order: each is read once, and what it holds is what later ones may refer to.
//!
//! The entry of this crate. Opens nothing; a file is a name and something that reads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use knosc_bulk_import::admission::refresh::Contents;
use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::{Group, Trigger};

use crate::CheckError;
use crate::finding::{Code, FileFindings, Finding, Place, Severity, shown};
use crate::known::{Reference, Table};
use crate::limits::Limits;
use crate::reading::{self, Content, Reading, ReadingOptions, Row};
use crate::table::{Against, Known, Learned, Repeat, TableCheck};

/// One file that is to be looked at.
pub struct Candidate<'c> {
    /// The upload type.
    pub trigger: Trigger,
    /// The file's name, for findings.
    pub name: String,
    /// What its name says that it is.
    pub kind: FileKind,
    /// A table without rows is meant.
    pub allow_empty: bool,
    /// The header row of the tenant's template.
    pub template: Option<Vec<String>>,
    /// The header names of the columns that tell rows apart; without them, those that are known.
    pub key: Option<Vec<String>>,
    /// The bytes.
    pub content: &'c mut dyn Content,
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate")
            .field("trigger", &self.trigger)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What is known from elsewhere of a column that files refer to: Knosc's own list.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The column; one without another one beside it.
    pub reference: Reference,
    /// Its values.
    pub values: Vec<String>,
    /// They are all of them: what is not among them is missing.
    pub is_whole: bool,
}

/// What was found in one file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Which of the candidates it was, from 0.
    pub position: usize,
    /// The upload type.
    pub trigger: Trigger,
    /// The file's name.
    pub file: String,
    /// How it was read; `None` where it could not be.
    pub reading: Option<Reading>,
    /// Rows below the header that hold something.
    pub rows: u64,
    /// What the file makes of its table; `None` where it could not be read.
    pub contents: Option<Contents>,
    /// What was found, the heaviest first.
    pub findings: Vec<Finding>,
}

/// Looks at all files, in Knosc's order, and gives what was found in that order.
///
/// Memory is bounded by the limits, and by the number of files. Time grows with the bytes.
pub fn check(
    candidates: Vec<Candidate<'_>>,
    options: &ReadingOptions,
    limits: &Limits,
) -> Vec<Checked> {
    check_with(candidates, &[], options, limits)
}

/// The same, where some of what files refer to is known from elsewhere: what is there or in an earlier file is found.
pub fn check_with(
    candidates: Vec<Candidate<'_>>,
    elsewhere: &[Elsewhere],
    options: &ReadingOptions,
    limits: &Limits,
) -> Vec<Checked> {
    let mut candidates: Vec<_> = candidates.into_iter().enumerate().collect();
    candidates.sort_by_key(|(_, candidate)| candidate.trigger);
    let known = |list: &Elsewhere| {
        let mut known = Known::new(list.reference, "Knosc", limits.max_keys);
        list.values.iter().for_each(|value| known.add(value, None));
        known.is_full |= !list.is_whole;
        known
    };
    let base: Vec<Known> = elsewhere.iter().map(known).collect();
    let mut known = base.clone();
    let mut all = Vec::with_capacity(candidates.len());
    for (position, candidate) in candidates {
        let (checked, learned) = check_one((position, candidate), options, limits, &known);
        // Two files of one trigger: the second is beside the first, and what either holds may be in Knosc.
        known.retain(|before| !learned.iter().any(|new| new.reference == before.reference));
        known.extend(learned.into_iter().map(|mut new| {
            if let Some(base) = base.iter().find(|base| base.reference == new.reference) {
                new.take_in(base);
            }
            new
        }));
        all.push(checked);
    }
    all
}

/// The names in a file's first row that holds something: the header of a template.
///
/// # Errors
/// [`CheckError`] if the file cannot be read, or is longer in some way than the limits allow.
pub fn header(
    kind: FileKind,
    content: &mut dyn Content,
    limits: &Limits,
) -> Result<Vec<String>, CheckError> {
    let mut names = Vec::new();
    let mut take = |row: &Row, _: &mut FileFindings| {
        if row.is_blank() {
            return ControlFlow::Continue(());
        }
        names = row.cells().map(|cell| cell.text.to_owned()).collect();
        ControlFlow::Break(())
    };
    let (options, mut ignored) = (ReadingOptions::default(), FileFindings::new("", 0));
    match reading::read(kind, content, &options, limits, &mut ignored, &mut take) {
        Ok(_) => {}
        Err(stop) => match CheckError::of(stop) {
            Some(error) => return Err(error),
            None => return Ok(names),
        },
    }
    while names.last().is_some_and(|name| name.trim().is_empty()) {
        names.pop();
    }
    Ok(names)
}

fn check_one(
    (position, candidate): (usize, Candidate<'_>),
    options: &ReadingOptions,
    limits: &Limits,
    known: &[Known],
) -> (Checked, Vec<Known>) {
    let Candidate { trigger, name, kind, allow_empty, template, key, content } = candidate;
    let mut findings = FileFindings::new(&name, limits.samples);
    let mut checked = Checked {
        position,
        trigger,
        file: name.clone(),
        reading: None,
        rows: 0,
        contents: None,
        findings: Vec::new(),
    };
    let mut learned = Vec::new();
    if let Some(table) = Table::of(trigger) {
        let (template, key) = (template.as_deref(), key.as_deref());
        let is_text = kind == FileKind::Csv;
        let decimal_mark = options.decimal_mark.filter(|_| is_text);
        let file = &name;
        let against = Against { table, file, template, key, known, limits, is_text, decimal_mark };
        let mut rows = TableCheck::new(against);
        let read =
            reading::read(kind, content, options, limits, &mut findings, &mut |row, findings| {
                rows.row(row, findings)
            });
        let found = rows.finish(&mut findings);
        match read {
            Ok(mut reading) => {
                if let (Reading::Text(writing), Some(found)) = (&mut reading, &found) {
                    writing.decimals(found.decimals, decimal_mark);
                }
                checked.reading = Some(reading);
                checked.rows = found.as_ref().map_or(0, |found| found.rows);
                if checked.rows == 0 && !allow_empty {
                    no_rows(trigger, found.is_some(), &mut findings);
                }
                if let Some(found) = found {
                    let is_documented = key.is_none() && table.key_is_documented();
                    let of = (kind, content);
                    repeated(&found, is_documented, of, options, limits, &mut findings);
                    learned = found.known;
                    checked.contents = Some(found.contents);
                }
            }
            // What was not read to its end is no base for what later files may refer to.
            Err(stop) => {
                let place = stop.line.map_or(Place::NOWHERE, Place::line);
                findings.say(stop.code, place, || stop.message);
            }
        }
    }
    checked.findings = findings.finish();
    (checked, learned)
}

fn no_rows(trigger: Trigger, has_header: bool, findings: &mut FileFindings) {
    // REFRESH closes, archives or replaces what such a file leaves out; of masters that is not documented.
    let severity =
        if trigger.group() == Group::Transactions { Severity::Deny } else { Severity::Warn };
    findings.add(Code::NoRows, severity, Place::NOWHERE, "", || {
        let what = if has_header {
            "the table has a header and no rows"
        } else {
            "the table has not even a header"
        };
        what.to_owned()
    });
}

/// Names the keys that stand twice; reads the first ones again, because only their hashes were kept.
fn repeated(
    found: &Learned,
    key_is_documented: bool,
    (kind, content): (FileKind, &mut dyn Content),
    options: &ReadingOptions,
    limits: &Limits,
    findings: &mut FileFindings,
) {
    if found.repeats.is_empty() {
        return;
    }
    let samples = usize::try_from(limits.samples).unwrap_or(usize::MAX);
    let shown_repeats = found.repeats.get(..samples.min(found.repeats.len())).unwrap_or_default();
    let texts = keys_at(shown_repeats, found, kind, content, options, limits);
    let severity = if key_is_documented { Severity::Deny } else { Severity::Warn };
    let column = found.key.first().map(|(at, _)| *at);
    for Repeat { line, first_line } in &found.repeats {
        let text = texts.get(line);
        let (names, key) = text.map_or(("", ""), |(names, key)| (names.as_str(), key.as_str()));
        let place = Place { line: Some(*line), column };
        findings.add(Code::KeyDuplicate, severity, place, key, || {
            format!("Duplicate {names}: {}, which stands in line {first_line} too", shown(key))
        });
    }
}

/// The names of the key's columns that are filled, and the key, by line.
fn keys_at(
    repeats: &[Repeat],
    found: &Learned,
    kind: FileKind,
    content: &mut dyn Content,
    options: &ReadingOptions,
    limits: &Limits,
) -> BTreeMap<u64, (String, String)> {
    let mut texts = BTreeMap::new();
    let wanted: Vec<u64> = repeats.iter().map(|repeat| repeat.line).collect();
    let mut take = |row: &Row, _: &mut FileFindings| {
        if wanted.contains(&row.line) && !row.is_empty() {
            let parts = found.key.iter().filter_map(|(at, name)| {
                let cell = row.cell(*at).filter(|cell| !cell.is_blank())?;
                Some((name.as_str(), cell.text.trim().to_owned()))
            });
            let (names, values): (Vec<&str>, Vec<String>) = parts.unzip();
            texts.insert(row.line, (names.join(" + "), values.join(" + ")));
        }
        if texts.len() == wanted.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    // The same bytes were read a moment ago: what is odd about them was said.
    let mut ignored = FileFindings::new("", 0);
    let _ = reading::read(kind, content, options, limits, &mut ignored, &mut take);
    texts
}
