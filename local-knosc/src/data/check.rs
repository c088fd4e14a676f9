//! Judges a file row by row against what is stored: required, known, unique and referenced values, and actions.
//! Changes nothing; it says what would change, up to the first bad row, and lists every bad row.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    read::Sheet,
    store::{Change, Stores},
    tables::{ACTION, Column, Kind, Life, Refers, Table},
};
use crate::knobs::{HeaderCheck, Knobs, PartialCommit, RowBase};

/// What a job will come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// `rows_processed` at the end.
    pub(crate) processed: u64,
    /// How many rows the worker spends time on.
    pub(crate) work: u64,
    /// The import is halted.
    pub(crate) failed: bool,
    /// The bad rows.
    pub(crate) errors: Vec<RowError>,
    /// What to apply at the end.
    pub(crate) changes: Vec<Change>,
}

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowError {
    pub(crate) row: u64,
    pub(crate) message: String,
}

impl RowError {
    pub(crate) fn to_json(&self) -> Value {
        json!({"row": self.row, "message": self.message})
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Refresh,
    Add,
    Update,
    Delete,
    Close,
}

/// Fails a whole file, as row 0: no data row is at fault.
pub(crate) fn refuse(message: &str) -> Verdict {
    Verdict {
        failed: true,
        errors: vec![RowError { row: 0, message: message.to_owned() }],
        ..Verdict::default()
    }
}

/// Judges a file.
pub(crate) fn judge(
    table: &'static Table,
    sheet: &Sheet,
    stores: &Stores,
    knobs: &Knobs,
) -> Verdict {
    if let Err(message) = check_header(table, &sheet.headers, knobs.assumed_header_check) {
        return refuse(&message);
    }
    let places: Vec<Option<usize>> = table
        .columns
        .iter()
        .map(|column| sheet.headers.iter().position(|h| h == column.header))
        .collect();
    let mut judge = Judge { table, stores, seen: BTreeSet::new(), mode: None };
    let base = u64::from(knobs.assumed_row_base == RowBase::SheetRow);
    let mut verdict = Verdict::default();
    for (number, cells) in &sheet.rows {
        let cell =
            |place: &Option<usize>| place.and_then(|at| cells.get(at)).cloned().unwrap_or_default();
        match judge.row(places.iter().map(cell).collect()) {
            Ok(change) if !verdict.failed => {
                verdict.processed += 1;
                verdict.changes.push(change);
            }
            Ok(_) => {}
            Err(message) => {
                if !verdict.failed {
                    // A blank row before the bad one was passed over, and counts as the documented 412 before 413 does.
                    verdict.processed = (number + base).saturating_sub(1);
                }
                verdict.failed = true;
                if verdict.errors.len() < knobs.assumed_errors_listed_max {
                    verdict.errors.push(RowError { row: number + base, message });
                }
            }
        }
    }
    verdict.work = verdict.processed;
    if verdict.failed && knobs.assumed_partial_commit == PartialCommit::Nothing {
        verdict.changes.clear();
    }
    if !verdict.failed && matches!(judge.mode, None | Some(Action::Refresh)) {
        verdict.changes.push(Change::LeaveOut(judge.seen.into_iter().collect()));
    }
    verdict
}

fn check_header(table: &Table, headers: &[String], check: HeaderCheck) -> Result<(), String> {
    let demanded = |column: &&Column| match check {
        HeaderCheck::Template => column.in_header,
        HeaderCheck::Required => column.required,
    };
    let missing =
        table.columns.iter().filter(demanded).find(|c| !headers.iter().any(|h| h == c.header));
    if let Some(column) = missing {
        return Err(format!("Column '{}' is missing", column.header));
    }
    if check == HeaderCheck::Required {
        return Ok(());
    }
    let mut last = None;
    for header in headers {
        let Some(at) = table.position(header) else {
            return Err(format!("Column '{header}' is unknown"));
        };
        match last {
            Some(before) if at == before => return Err(format!("Column '{header}' occurs twice")),
            Some(before) if at < before => {
                return Err(format!("Column '{header}' is out of order"));
            }
            _ => last = Some(at),
        }
    }
    Ok(())
}

struct Judge<'a> {
    table: &'static Table,
    stores: &'a Stores,
    /// Keys that the file named before, bad rows included: the second one is the duplicate.
    seen: BTreeSet<Vec<String>>,
    /// The first row's action.
    mode: Option<Action>,
}

impl Judge<'_> {
    fn row(&mut self, mut values: Vec<String>) -> Result<Change, String> {
        let action = self.action(&values)?;
        for (column, value) in self.table.columns.iter().zip(&mut values) {
            if value.is_empty() {
                if column.required
                    && (column.in_key || !matches!(action, Action::Delete | Action::Close))
                {
                    return Err(format!("{} is required", column.key));
                }
                column.default.clone_into(value);
            }
        }
        let key = self.table.key_of(&values);
        if !self.seen.insert(key.clone()) {
            return Err(self.duplicate(&key));
        }
        let known = self.stores.get(self.table).is_some_and(|store| store.contains(&key));
        match (action, known) {
            (Action::Add, true) => return Err(self.duplicate(&key)),
            (Action::Update | Action::Delete | Action::Close, false) => {
                let names = self.key_names(&key);
                return Err(format!(
                    "{names} '{}' not found in {}",
                    key_text(&key),
                    self.table.title
                ));
            }
            _ => {}
        }
        match action {
            Action::Delete => self.deletable(&key).map(|()| Change::Delete(key)),
            Action::Close => Ok(Change::Close(key)),
            Action::Refresh | Action::Add | Action::Update => {
                self.values(&values).map(|()| Change::Put(values))
            }
        }
    }

    fn action(&mut self, values: &[String]) -> Result<Action, String> {
        let word =
            self.table.position(ACTION).and_then(|at| values.get(at)).map_or("", String::as_str);
        let action = match word {
            "" | "REFRESH" => Action::Refresh,
            "ADD" => Action::Add,
            "UPDATE" => Action::Update,
            "DELETE" => Action::Delete,
            // Documented as absent for master data.
            "CLOSE" if self.table.life != Life::Master => Action::Close,
            _ => return Err(format!("Action '{word}' is not supported")),
        };
        let mode = *self.mode.get_or_insert(action);
        if (mode == Action::Refresh) == (action == Action::Refresh) {
            Ok(action)
        } else {
            Err("Action REFRESH cannot be mixed with other actions".into())
        }
    }

    fn values(&self, values: &[String]) -> Result<(), String> {
        for (column, value) in
            self.table.columns.iter().zip(values).filter(|(_, value)| !value.is_empty())
        {
            let fits = match column.kind {
                Kind::Text => true,
                Kind::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
                Kind::Date => is_date(value),
                Kind::Choice(words) => words.contains(&value.as_str()),
            };
            if !fits {
                return Err(format!("{} '{value}' is not valid", column.key));
            }
            let (other, to) = match column.refers {
                Refers::Nowhere => continue,
                Refers::To(trigger) => ("", trigger),
                Refers::Pair(header, trigger) => {
                    let at = self.table.position(header);
                    (at.and_then(|at| values.get(at)).map_or("", String::as_str), trigger)
                }
            };
            if !self.stores.resolves(column.refers, value, other) {
                let title = Table::of(to).map_or(to, |table| table.title);
                return Err(format!("{} '{value}' not found in {title}", column.key));
            }
        }
        Ok(())
    }

    fn deletable(&self, key: &[String]) -> Result<(), String> {
        let first = key.first().map_or("", String::as_str);
        if self.table.life == Life::Master && self.stores.in_use(self.table.trigger, first) {
            return Err(format!("{} '{first}' is still in use", self.key_names(key)));
        }
        Ok(())
    }

    fn duplicate(&self, key: &[String]) -> String {
        format!("Duplicate {}: {}", self.key_names(key), key_text(key))
    }

    /// Names the key columns that this key fills: an item without a sub-item is just an `Item Number`.
    fn key_names(&self, key: &[String]) -> String {
        let columns = self.table.columns.iter().filter(|column| column.in_key);
        let names: Vec<&str> =
            columns.zip(key).filter(|(_, v)| !v.is_empty()).map(|(c, _)| c.key).collect();
        names.join(" + ")
    }
}

fn key_text(key: &[String]) -> String {
    let parts: Vec<&str> = key.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join(" + ")
}

fn is_date(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        [Some(_), Some(month), Some(day)] => {
            text.len() == 10 && (1..=12).contains(month) && (1..=31).contains(day)
        }
        _ => false,
    }
}
