//! The rows below the header: their lengths, actions, values, keys and references.
//!
//! Keeps hashes of keys and of what later files refer to, and nothing else of a row.

use knosc_bulk_import::admission::refresh::{self, Contents, KeySet};

use super::Against;
use super::column::ColumnCheck;
use super::header::{self, Header};
use super::keys::{self, Keys, Repeat};
use super::references::Known;
use crate::finding::{Code, FileFindings, Place, Severity, shown};
use crate::known::{self, Column, Kind};
use crate::reading::Row;

/// What a file's rows gave.
pub(crate) struct Learned {
    /// Rows below the header that hold something.
    pub(crate) rows: u64,
    /// What the file makes of its table.
    pub(crate) contents: Contents,
    /// Rows whose key stood before; their texts have to be read again.
    pub(crate) repeats: Vec<Repeat>,
    /// Where the key stands, and what its columns are called.
    pub(crate) key: Vec<(usize, String)>,
    /// What later files may refer to.
    pub(crate) known: Vec<Known>,
    /// How many numbers have a point, and how many a comma.
    pub(crate) decimals: [u64; 2],
}

/// A column whose values have to be in an earlier file.
struct Referring<'a> {
    column: &'static Column,
    at: usize,
    with: Option<usize>,
    known: &'a Known,
}

/// A column that later files refer to.
struct Learning {
    at: usize,
    with: Option<usize>,
    known: Known,
}

/// A column of the key.
struct KeyPart {
    at: usize,
    /// In the header.
    header: String,
    /// In messages.
    name: String,
}

/// What a row asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Refresh,
    Change,
    Remove,
}

pub(super) struct Body<'a> {
    against: Against<'a>,
    width: usize,
    columns: Vec<ColumnCheck>,
    action: Option<usize>,
    /// The first row that refreshes, and the first that does something else.
    first_of: [Option<u64>; 2],
    key: Vec<KeyPart>,
    keys: Keys,
    /// Keys of rows that delete or close.
    removed: Vec<u64>,
    removed_rows: u64,
    referring: Vec<Referring<'a>>,
    learning: Vec<Learning>,
    rows: u64,
    blank_rows: u64,
}

impl<'a> Body<'a> {
    pub(super) fn new(against: Against<'a>, row: &Row, findings: &mut FileFindings) -> Self {
        let mut names: Vec<String> = row.cells().map(|cell| cell.text.to_owned()).collect();
        while names.last().is_some_and(|name| name.trim().is_empty()) {
            names.pop();
        }
        findings.header.clone_from(&names);
        let header = header::compare(against.table, against.template, &names, row.line, findings);
        let column = |(at, name): (usize, &String)| {
            let known = header.columns.get(at).copied().flatten();
            ColumnCheck::new(known, at, !name.trim().is_empty(), against.decimal_mark)
        };
        Self {
            width: names.len(),
            columns: names.iter().enumerate().map(column).collect(),
            action: action_place(&header),
            first_of: [None; 2],
            key: key_of(&against, &header, &names, row.line, findings),
            keys: Keys::new(against.limits.max_keys),
            removed: Vec::new(),
            removed_rows: 0,
            referring: referring(&against, &header),
            learning: learning(&against, &header),
            rows: 0,
            blank_rows: 0,
            against,
        }
    }

    pub(super) fn row(&mut self, row: &Row, findings: &mut FileFindings) {
        if row.is_blank() {
            self.blank_rows += 1;
            return;
        }
        if std::mem::take(&mut self.blank_rows) > 0 {
            findings.say(Code::BlankRows, Place::line(row.line), || {
                "a row without a value stands before this one".to_owned()
            });
        }
        self.rows += 1;
        self.length(row, findings);
        let action = self.action(row, findings);
        let limits = self.against.limits;
        for (column, cell) in self.columns.iter_mut().zip(row.cells()) {
            column.value(row.line, cell, action == Action::Remove, limits, findings);
        }
        self.removed_rows += u64::from(action == Action::Remove);
        if !self.key.is_empty() {
            let parts = self.key.iter().map(|part| row.cell(part.at).map_or("", |cell| cell.text));
            let hash = keys::hash(parts);
            self.keys.add(hash, row.line);
            if action == Action::Remove && self.removed.len() < limits.max_keys {
                self.removed.push(hash);
            }
        }
        if action != Action::Remove {
            self.references(row, findings);
            for learning in &mut self.learning {
                let text = |at: usize| row.cell(at).map_or("", |cell| cell.text);
                learning.known.add(text(learning.at), learning.with.map(text));
            }
        }
    }

    fn length(&self, row: &Row, findings: &mut FileFindings) {
        let beyond =
            (self.width..row.len()).find(|at| row.cell(*at).is_some_and(|cell| !cell.is_blank()));
        if let Some(at) = beyond {
            let width = self.width;
            // One finding a row and not one a column: where the values are shifted, all of them are.
            findings.say(Code::RowTooLong, Place::line(row.line), || {
                format!("value {} of the row has no column: the header has {width}", at + 1)
            });
        } else if self.against.is_text && row.len() < self.width {
            let (count, width) = (row.len(), self.width);
            findings.say(Code::RowTooShort, Place::line(row.line), || {
                format!("the row has {count} values, and the header {width} columns")
            });
        }
    }

    fn action(&mut self, row: &Row, findings: &mut FileFindings) -> Action {
        let Some(at) = self.action else { return Action::Refresh };
        let word = row.cell(at).map_or("", |cell| cell.text.trim());
        let is_master =
            self.against.table.trigger.group() == knosc_bulk_import::trigger::Group::Masters;
        let action = match word {
            "" | "REFRESH" => Action::Refresh,
            "ADD" | "UPDATE" => Action::Change,
            "DELETE" => Action::Remove,
            // "CLOSE does not exist for master data."
            "CLOSE" if !is_master => Action::Remove,
            other => {
                let place = Place::cell(row.line, at);
                findings.add(Code::ActionUnknown, Severity::Warn, place, other, || {
                    format!("action '{}' is not documented here", shown(other))
                });
                return Action::Change;
            }
        };
        let slot = usize::from(action != Action::Refresh);
        let is_new = self.first_of.get(slot).is_some_and(Option::is_none);
        if let Some(first) = self.first_of.get_mut(slot) {
            first.get_or_insert(row.line);
        }
        if let (true, [Some(refresh), Some(other)]) = (is_new, self.first_of) {
            findings.add(Code::ActionMixed, Severity::Warn, Place::cell(row.line, at), word, || {
                format!("REFRESH (line {refresh}) and another action (line {other}) stand in one file")
            });
        }
        action
    }

    fn references(&self, row: &Row, findings: &mut FileFindings) {
        for referring in &self.referring {
            let text = |at: usize| row.cell(at).map_or("", |cell| cell.text);
            let (value, with) = (text(referring.at), referring.with.map(text));
            let known = referring.known;
            if value.trim().is_empty() || known.is_full || known.holds(value, with) {
                continue;
            }
            let place = Place::cell(row.line, referring.at);
            findings.add(Code::ReferenceMissing, Severity::Warn, place, value, || {
                let title =
                    known::Table::of(known.reference.trigger).map_or("", |table| table.title);
                let near = known.nearest(value).filter(|near| *near != value.trim());
                let near =
                    near.map_or_else(String::new, |near| format!("; the nearest is '{near}'"));
                let (name, value) = (referring.column.name, shown(value.trim()));
                let beside =
                    with.map_or_else(String::new, |with| format!(" for '{}'", shown(with)));
                format!(
                    "{name} '{value}'{beside} not found in {title}: {} holds {}{near}",
                    known.file,
                    known.len()
                )
            });
        }
    }

    pub(super) fn finish(mut self, findings: &mut FileFindings) -> Learned {
        let mut decimals = [0; 2];
        for column in std::mem::take(&mut self.columns) {
            for (all, of) in decimals.iter_mut().zip(column.decimals) {
                *all += of;
            }
            column.finish(findings);
        }
        if self.keys.is_full || self.learning.iter().any(|learning| learning.known.is_full) {
            let max = self.against.limits.max_keys;
            findings.say(Code::KeysTooMany, Place::NOWHERE, || {
                format!("only the first {max} keys are compared, the limit of --max-keys")
            });
        }
        let is_whole = !self.keys.is_full;
        let (repeats, all) = self.keys.finish();
        let contents = Contents {
            // A file without rows refreshes: that is what makes it dangerous.
            action: match self.first_of {
                [None, Some(_)] => refresh::Action::Change,
                _ => refresh::Action::Refresh,
            },
            key: Vec::new(),
            rows: self.rows - self.removed_rows,
            removed_rows: self.removed_rows,
            present: KeySet::default(),
            removed: KeySet::default(),
        };
        let contents = if is_whole && !self.key.is_empty() {
            self.removed.sort_unstable();
            let count = self.removed.len();
            let removed = KeySet::from_sorted(self.removed.into_iter(), count);
            let present = if removed.is_empty() { all } else { all.without(&removed) };
            let key = self.key.iter().map(|part| part.header.clone()).collect();
            Contents { key, present, removed, ..contents }
        } else {
            contents
        };
        Learned {
            rows: self.rows,
            contents,
            repeats,
            key: self.key.into_iter().map(|part| (part.at, part.name)).collect(),
            known: self.learning.into_iter().map(|learning| learning.known).collect(),
            decimals,
        }
    }
}

fn action_place(header: &Header) -> Option<usize> {
    header.columns.iter().position(|column| column.is_some_and(|known| known.kind == Kind::Action))
}

/// Where the key stands: as the person says, else as is known; nowhere if a part of it that every row needs is not in the header.
fn key_of(
    against: &Against<'_>,
    header: &Header,
    names: &[String],
    line: u64,
    findings: &mut FileFindings,
) -> Vec<KeyPart> {
    if let Some(said) = against.key {
        return key_as_said(said, names, line, findings);
    }
    let mut key = Vec::new();
    for column in against.table.columns.iter().filter(|column| column.in_key) {
        match header.place(column.header) {
            Some(at) => {
                let (header, name) = (column.header.to_owned(), column.name.to_owned());
                key.push(KeyPart { at, header, name });
            }
            None if column.required => return Vec::new(),
            None => {}
        }
    }
    key
}

fn key_as_said(
    said: &[String],
    names: &[String],
    line: u64,
    findings: &mut FileFindings,
) -> Vec<KeyPart> {
    let place = |header: &String| names.iter().position(|name| name == header);
    if let Some(missing) = said.iter().find(|header| place(header).is_none()) {
        findings.add(Code::KeyMissing, Severity::Deny, Place::line(line), missing, || {
            format!(
                "the key that was said has the column '{}', which the header has not",
                shown(missing)
            )
        });
        return Vec::new();
    }
    let part = |header: &String| {
        let at = place(header)?;
        Some(KeyPart { at, header: header.clone(), name: header.clone() })
    };
    said.iter().filter_map(part).collect()
}

fn referring<'a>(against: &Against<'a>, header: &Header) -> Vec<Referring<'a>> {
    let mut all = Vec::new();
    for column in against.table.columns {
        let Some(reference) = column.reference else { continue };
        let Some(known) = against.known.iter().find(|known| known.reference == reference) else {
            continue;
        };
        let with = reference.with.and_then(|with| header.place(with));
        if let (Some(at), true) =
            (header.place(column.header), with.is_some() == reference.with.is_some())
        {
            all.push(Referring { column, at, with, known });
        }
    }
    all
}

fn learning(against: &Against<'_>, header: &Header) -> Vec<Learning> {
    let mine = known::referred().into_iter();
    let mine = mine.filter(|reference| reference.trigger == against.table.trigger);
    let learning = |reference: known::Reference| {
        let at = header.place(reference.column)?;
        let with = reference.with.and_then(|with| header.place(with));
        let is_whole = with.is_some() == reference.with.is_some();
        let known = Known::new(reference, against.file, against.limits.max_keys);
        is_whole.then_some(Learning { at, with, known })
    };
    mine.filter_map(learning).collect()
}
