//! What came of a run, in each of the forms: text, CSV, JSON, Markdown, a workbook, one page of HTML.
//!
//! Makes bytes; decides nothing. Both ways of counting rows stand side by side everywhere.

mod csv;
mod html;
mod markdown;
mod terminal;
mod timeline;
mod values;
mod workbook;

use std::io::Write as _;

use super::text;
use crate::args::Form;
use crate::problem::Problem;
use crate::results::{FileResult, Rejected, Results};

/// Said wherever a row number is shown.
const NUMBERING: &str = "What a row number of Knosc counts is not documented: both ways are shown";

/// The bytes of one form. Text for a terminal has colours, which go where there is none.
pub fn bytes(results: &Results, form: Form) -> Result<Vec<u8>, Problem> {
    Ok(match form {
        Form::Text => terminal::text(results).into_bytes(),
        Form::Csv => csv::text(results).into_bytes(),
        Form::Json => format!("{}\n", values::document(results)).into_bytes(),
        Form::Markdown => markdown::text(results).into_bytes(),
        Form::Xlsx => workbook::bytes(results)?,
        Form::Html => html::page(results).into_bytes(),
    })
}

/// Without what only a terminal understands.
pub fn without_colours(bytes: &[u8]) -> Vec<u8> {
    anstream::adapter::strip_bytes(bytes).into_vec()
}

/// Writes a result to stdout; a reader that went away is no error of ours.
pub fn show(bytes: &[u8]) {
    let mut stdout = anstream::stdout();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// What the messages themselves say about the numbering: how many name a value that stands in the row of either way.
fn evidence(file: &FileResult) -> Option<String> {
    let [(first, by_first), (second, by_second)] = file.evidence()?;
    let of = file.rejected.len();
    Some(format!(
        "a value of the message stands in the row for {by_first} of {of} with the {}, for {by_second} with the {}",
        first.words(),
        second.words()
    ))
}

/// Messages that Knosc listed and nobody kept.
fn more(file: &FileResult) -> Option<String> {
    (file.more > 0 || file.is_cut).then(|| {
        let least = if file.is_cut { "at least " } else { "" };
        format!("and {least}{} more that were not kept", file.more)
    })
}

/// The number and the message, as Knosc said them.
fn said(rejected: &Rejected) -> String {
    match rejected.row {
        Some(row) => format!("row {row}: {}", text::clean(&rejected.message)),
        None => text::clean(&rejected.message),
    }
}

/// What else there is to say of a file.
fn notes(file: &FileResult) -> Vec<String> {
    let source = match &file.source {
        Ok(source) if source.blank_rows > 0 => Some(format!(
            "{} rows without a value stand between the others: whether Knosc counts them is not documented",
            source.blank_rows
        )),
        Err(why) if !file.rejected.is_empty() => Some(format!("no lines are shown: {why}")),
        _ => None,
    };
    let notes = [file.note.clone(), file.stored(), source, evidence(file), more(file)];
    notes.into_iter().flatten().map(|note| text::clean(&note)).collect()
}
