//! The header row against the template, or against what is known where there is no template.
//!
//! Names only; no value is looked at.

use knosc_bulk_import::trigger::Trigger;

use crate::finding::{Code, FileFindings, Place, Severity};
use crate::known::{Column, Source, Table};

/// How like two names are before one is taken for the other, misspelt; below it, plain words of this field are alike.
const MISSPELT_MIN: f64 = 0.92;

/// What each column of the file is taken for.
pub(crate) struct Header {
    /// By the column's place; `None` where nobody knows it.
    pub(crate) columns: Vec<Option<&'static Column>>,
}

impl Header {
    /// Where a known column stands.
    pub(crate) fn place(&self, header: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.is_some_and(|known| known.header == header))
    }
}

/// Letters and digits alone, small: `_ItemNumber` and `Item Number` are one.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many of these names are, or look like, names of the table.
pub(crate) fn known_names<'a>(
    table: &Table,
    template: Option<&[String]>,
    names: impl Iterator<Item = &'a str>,
) -> usize {
    let mut known: Vec<String> = table
        .columns
        .iter()
        .flat_map(|column| [plain(column.header), plain(column.name)])
        .collect();
    known.extend(template.unwrap_or_default().iter().map(|name| plain(name)));
    known.retain(|name| !name.is_empty());
    names.map(plain).filter(|name| known.contains(name)).count()
}

/// Compares, and says what each column is taken for.
pub(crate) fn compare(
    table: &'static Table,
    template: Option<&[String]>,
    names: &[String],
    line: u64,
    findings: &mut FileFindings,
) -> Header {
    repeated(names, line, findings);
    let columns = match template {
        Some(template) => with_template(table, template, names, line, findings),
        None => with_known(table, names, line, findings),
    };
    Header { columns }
}

fn repeated(names: &[String], line: u64, findings: &mut FileFindings) {
    for (column, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if names.iter().take(column).any(|before| before == name) {
            findings.say(Code::ColumnRepeated, Place::cell(line, column), || {
                format!("column '{name}' stands twice in the header")
            });
        }
    }
}

/// What is known warns only: a tenant's template may have other columns.
fn with_known(
    table: &'static Table,
    names: &[String],
    line: u64,
    findings: &mut FileFindings,
) -> Vec<Option<&'static Column>> {
    let is_there = |header: &str| names.iter().any(|name| name == header);
    let free: Vec<&'static Column> =
        table.columns.iter().filter(|column| !is_there(column.header)).collect();
    let mut taken: Vec<&str> = Vec::new();
    let mut columns = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let mut known = table.column(name);
        if known.is_none() && !name.is_empty() {
            let near = nearest_column(&free, name).filter(|near| !taken.contains(&near.header));
            let place = Place::cell(line, at);
            if let Some(near) = near {
                taken.push(near.header);
                known = Some(near);
                findings.add(Code::ColumnMisspelt, Severity::Warn, place, name, || {
                    format!("column '{name}' is unknown; the nearest name is '{}'", near.header)
                });
            } else {
                // Of items the headers are documented; elsewhere a name that is not in our table says little.
                let is_documented = table.trigger == Trigger::ItemMaster;
                let severity = if is_documented { Severity::Warn } else { Severity::Note };
                findings.add(Code::ColumnUnknown, severity, place, name, || {
                    format!("column '{name}' is not among those that are known of {}", table.title)
                });
            }
        }
        columns.push(known);
    }
    let wanted = free.iter().filter(|column| !taken.contains(&column.header));
    for column in wanted.filter(|column| column.required || column.source == Source::Documented) {
        let how = if column.source == Source::Documented { "documented" } else { "assumed" };
        findings.add(Code::ColumnMissing, Severity::Warn, Place::line(line), column.header, || {
            format!("column '{}' is missing, which is {how} for {}", column.header, table.title)
        });
    }
    columns
}

fn nearest_column(free: &[&'static Column], name: &str) -> Option<&'static Column> {
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    let likeness = |column: &Column| {
        let (header, words) = (plain(column.header), plain(column.name));
        strsim::jaro_winkler(&header, &wanted).max(strsim::jaro_winkler(&words, &wanted))
    };
    let scored = free.iter().map(|column| (likeness(column), *column));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(score, _)| *score >= MISSPELT_MIN).map(|(_, column)| column)
}

/// The template is law: "the column layout must match exactly".
fn with_template(
    table: &'static Table,
    template: &[String],
    names: &[String],
    line: u64,
    findings: &mut FileFindings,
) -> Vec<Option<&'static Column>> {
    let deny = Severity::Deny;
    let mut is_other = false;
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !template.contains(name)) {
        is_other = true;
        let score = |wanted: &&String| strsim::jaro_winkler(&plain(wanted), &plain(name));
        let free = template.iter().filter(|wanted| !names.contains(wanted));
        let near = free.max_by(|a, b| score(a).total_cmp(&score(b)));
        let near = near.filter(|near| score(near) >= MISSPELT_MIN);
        let code = if near.is_some() { Code::ColumnMisspelt } else { Code::ColumnUnknown };
        findings.add(code, deny, Place::cell(line, at), name, || {
            let near =
                near.map_or_else(String::new, |near| format!("; the nearest name is '{near}'"));
            format!("column '{name}' is not in the template{near}")
        });
    }
    for wanted in template.iter().filter(|wanted| !names.contains(wanted)) {
        is_other = true;
        findings.add(Code::ColumnMissing, deny, Place::line(line), wanted, || {
            format!("column '{wanted}' of the template is missing")
        });
    }
    let first_moved = names.iter().zip(template).position(|(name, wanted)| name != wanted);
    if let (false, Some(at)) = (is_other, first_moved) {
        let wanted = template.get(at).map_or("", String::as_str);
        findings.add(Code::ColumnOrder, deny, Place::cell(line, at), wanted, || {
            format!("the template has '{wanted}' here: the columns are in another order")
        });
    }
    names.iter().map(|name| table.column(name)).collect()
}
