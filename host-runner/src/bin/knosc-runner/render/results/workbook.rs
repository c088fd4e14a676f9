//! As a workbook: a sheet of what there is, and a sheet a file of its rejected rows, their cells marked and commented.
//!
//! Every cell is written as text or number, so that a spreadsheet program computes none of them.

use rust_xlsxwriter::{Color, Format, Note, Workbook, Worksheet, XlsxError};

use super::super::text::clean;
use super::{NUMBERING, notes, said};
use crate::problem::Problem;
use crate::results::{FileResult, Place, Rejected, Results};

/// Columns before those of the file.
const OWN: [&str; 4] = ["Knosc's row", "Message", "Counted as", "Line"];
/// What a cell of a sheet holds.
const CELL_CHARS: usize = 32_767;
/// Columns of a sheet.
const COLUMNS_MAX: usize = 16_384;

pub fn bytes(results: &Results) -> Result<Vec<u8>, Problem> {
    write(results).map_err(|error| Problem::Internal(format!("the workbook: {error}")))
}

fn write(results: &Results) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    summary(book.add_worksheet(), results)?;
    for (number, file) in (1..).zip(&results.files) {
        if !file.rejected.is_empty() {
            // A sheet's name has at most 31 characters, and is there once.
            let name = format!("{number} {}", file.trigger.name());
            rows(book.add_worksheet().set_name(name)?, file)?;
        }
    }
    book.save_to_buffer()
}

fn summary(sheet: &mut Worksheet, results: &Results) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name("Summary")?;
    text(sheet, 0, 0, &format!("Run {} at {}", results.run, results.tenant))?;
    text(sheet, 1, 0, &format!("{NUMBERING}."))?;
    for (column, name) in
        (0..).zip(["Outcome", "Trigger", "File", "Rows processed", "Rejected", "Job"])
    {
        sheet.write_string_with_format(3, column, name, &bold)?;
    }
    let mut row = 4;
    for file in &results.files {
        let job = file.job_id.as_deref().unwrap_or_default();
        for (column, value) in
            [(0, file.outcome), (1, file.trigger.name()), (2, &file.file), (5, job)]
        {
            text(sheet, row, column, value)?;
        }
        if let Some(processed) = file.rows_processed {
            number(sheet, row, 3, processed)?;
        }
        number(sheet, row, 4, file.rejected.len() as u64)?;
        row += 1;
        let kinds = file.groups();
        let kinds = kinds.iter().map(|(shape, group)| format!("{} × {shape}", group.len()));
        for line in notes(file).into_iter().chain(kinds) {
            text(sheet, row, 2, &line)?;
            row += 1;
        }
    }
    sheet.set_column_width(2, 60)?;
    Ok(())
}

fn rows(sheet: &mut Worksheet, file: &FileResult) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let header = file.source.as_ref().map_or(&[][..], |source| source.header.as_slice());
    let names = OWN.into_iter().chain(header.iter().map(String::as_str)).take(COLUMNS_MAX);
    for (column, name) in (0..).zip(names) {
        sheet.write_string_with_format(0, column, cut(name), &bold)?;
    }
    sheet.set_freeze_panes(1, 2)?;
    sheet.set_column_width(1, 50)?;
    sheet.set_column_width(2, 18)?;
    let mut row = 1;
    for rejected in &file.rejected {
        let mut any = false;
        for place in rejected.places() {
            head(sheet, row, rejected)?;
            at_place(sheet, row, rejected, place)?;
            row += 1;
            any = true;
        }
        if !any {
            head(sheet, row, rejected)?;
            row += 1;
        }
    }
    Ok(())
}

fn head(sheet: &mut Worksheet, row: u32, rejected: &Rejected) -> Result<(), XlsxError> {
    if let Some(own) = rejected.row {
        number(sheet, row, 0, own)?;
    }
    text(sheet, row, 1, &rejected.message)
}

fn at_place(
    sheet: &mut Worksheet,
    row: u32,
    rejected: &Rejected,
    place: &Place,
) -> Result<(), XlsxError> {
    text(sheet, row, 2, place.counting.words())?;
    number(sheet, row, 3, place.line)?;
    for (column, cell) in (4..).zip(&place.cells).take(COLUMNS_MAX - OWN.len()) {
        text(sheet, row, column, cell)?;
    }
    let own = u16::try_from(OWN.len()).unwrap_or_default();
    let column = place.column.and_then(|column| u16::try_from(column).ok()?.checked_add(own));
    if let Some(column) = column.filter(|column| usize::from(*column) < COLUMNS_MAX) {
        let marked = Format::new()
            .set_background_color(Color::RGB(0x00FF_C7CE))
            .set_font_color(Color::RGB(0x009C_0006));
        let cell =
            place.column.and_then(|column| place.cells.get(column)).map_or("", String::as_str);
        sheet.write_string_with_format(row, column, cut(cell), &marked)?;
        let note = Note::new(cut(&said(rejected))).add_author_prefix(false);
        sheet.insert_note(row, column, &note)?;
    }
    Ok(())
}

fn text(sheet: &mut Worksheet, row: u32, column: u16, value: &str) -> Result<(), XlsxError> {
    sheet.write_string(row, column, cut(value)).map(drop)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a sheet knows no other numbers, and no file has so many rows"
)]
fn number(sheet: &mut Worksheet, row: u32, column: u16, value: u64) -> Result<(), XlsxError> {
    sheet.write_number(row, column, value as f64).map(drop)
}

/// What a cell can hold, without control characters, which XML has none of.
fn cut(value: &str) -> String {
    clean(value).chars().take(CELL_CHARS).collect()
}
