//! As Markdown, for the summary page of a CI job.
//!
//! Nothing of a file becomes markup: what could is written as its character's number.

use std::fmt::Write as _;

use super::super::text::clean;
use super::{NUMBERING, notes};
use crate::results::{FileResult, Place, Results, Source};

/// Rows of one file's table: such pages are cut at a megabyte.
const ROWS_MAX: usize = 100;

pub fn text(results: &Results) -> String {
    let mut text = format!("## Run {} at {}\n\n", plain(&results.run), plain(&results.tenant));
    text.push_str(
        "| | trigger | file | rows processed | rejected | job |\n|---|---|---|---:|---:|---|\n",
    );
    for file in &results.files {
        let rows = file.rows_processed.map(|rows| rows.to_string()).unwrap_or_default();
        let (trigger, name) = (file.trigger.name(), plain(&file.file));
        let (rejected, job) =
            (file.rejected.len(), plain(file.job_id.as_deref().unwrap_or_default()));
        let _ = writeln!(
            text,
            "| {} | {trigger} | {name} | {rows} | {rejected} | {job} |",
            file.outcome
        );
    }
    for file in results.files.iter().filter(|file| !file.rejected.is_empty() || file.note.is_some())
    {
        let _ = writeln!(text, "\n### {}: {}\n", file.trigger.name(), plain(&file.file));
        for note in notes(file) {
            let _ = writeln!(text, "- {}", plain(&note));
        }
        rows(&mut text, file);
    }
    text
}

fn rows(text: &mut String, file: &FileResult) {
    if file.rejected.is_empty() {
        return;
    }
    let _ = writeln!(text, "- {NUMBERING}.\n");
    for (shape, group) in file.groups() {
        let _ = writeln!(text, "- {} × {}", group.len(), plain(shape));
    }
    text.push_str(
        "\n| row | message | header not counted | header counted |\n|---:|---|---|---|\n",
    );
    let source = file.source.as_ref().ok();
    for rejected in file.rejected.iter().take(ROWS_MAX) {
        let row = rejected.row.map(|row| row.to_string()).unwrap_or_default();
        let [first, second] = rejected.places.each_ref().map(|found| place(found.as_ref(), source));
        let _ = writeln!(text, "| {row} | {} | {first} | {second} |", plain(&rejected.message));
    }
    if let Some(hidden) = file.rejected.len().checked_sub(ROWS_MAX).filter(|hidden| *hidden > 0) {
        let _ = writeln!(text, "\n… and {hidden} more rows.");
    }
}

/// `Items!G414: EACH`.
fn place(place: Option<&Place>, source: Option<&Source>) -> String {
    let Some(place) = place else { return "–".to_owned() };
    let sheet = source.and_then(|source| source.sheet.as_deref());
    let line = match (sheet, &place.cell) {
        (Some(sheet), Some(cell)) => format!("{sheet}!{cell}"),
        (Some(sheet), None) => format!("{sheet}, row {}", place.line),
        (None, _) => format!("line {}", place.line),
    };
    let marked = place.column.and_then(|column| {
        let name = source?.header.get(column)?;
        let value = place.cells.get(column).map_or("", String::as_str);
        Some(format!(": {name} = {value}"))
    });
    plain(&(line + &marked.unwrap_or_default()))
}

/// Without markup and line ends.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in clean(text).chars() {
        if matches!(
            c,
            '|' | '<' | '>' | '&' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' | '@'
        ) {
            let _ = write!(plain, "&#{};", u32::from(c));
        } else {
            plain.push(c);
        }
    }
    // An address becomes a link by itself.
    plain.replace("://", "&#58;//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_markup() {
        assert_eq!(plain("a|b\n<b>"), "a&#124;b &#60;b&#62;");
        assert_eq!(plain("[x](http://y) @me"), "&#91;x&#93;(http&#58;//y) &#64;me");
        assert_eq!(plain("WIDGET-99"), "WIDGET-99");
    }
}
