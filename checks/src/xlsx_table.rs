//! Workbooks: each sheet's cells, one by one, until the second row that holds something.
//!
//! Which sheet Knosc reads is not documented. The first one is what every importer that we know takes, and no other one that is
//! meant to hold a table may be without rows.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, Reader as _, SheetType, SheetVisible, Xlsx};

use crate::finding::Code;
use crate::reading::{self, unpacked};
use crate::{CheckError, Filling, Limits};

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// There is no other one.
    pub is_only: bool,
}

/// Finds a sheet that holds no row: the first one that is blank or a mere header, or another visible one that is a mere header.
/// Holds no more of the workbook than its shared texts.
///
/// # Errors
/// - [`CheckError::Workbook`] if the bytes are no workbook.
/// - [`CheckError::NoSheet`] if it has no sheet.
/// - [`CheckError::Limit`] if it unpacks to more than [`Limits`] allow.
pub fn sheet_without_rows(mut reader: impl Read + Seek) -> Result<Option<Sheet>, CheckError> {
    match unpacked::count(&mut reader, &Limits::default()) {
        // What is wrong with it, calamine says too.
        Ok(_) | Err(reading::Stop { code: Code::WorkbookDamaged, .. }) => reader.rewind()?,
        Err(stop) => return Err(CheckError::of(stop).unwrap_or(CheckError::NoSheet)),
    }
    let mut workbook: Xlsx<_> = Xlsx::new(reader)?;
    let sheets = workbook.sheets_metadata().iter();
    // Charts hold no cells, and hidden sheets the lists of drop-down menus.
    let tables = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet).enumerate();
    let tables = tables.filter(|(at, sheet)| *at == 0 || sheet.visible == SheetVisible::Visible);
    let names: Vec<String> = tables.map(|(_, sheet)| sheet.name.clone()).collect();
    if names.is_empty() {
        return Err(CheckError::NoSheet);
    }
    let is_only = names.len() == 1;
    for (at, name) in names.into_iter().enumerate() {
        match (at, filling(&mut workbook, &name)?) {
            // An empty sheet behind the first is what spreadsheet programs make by themselves.
            (_, Filling::Rows) | (1.., Filling::Nothing) => {}
            (_, Filling::Nothing | Filling::HeaderOnly) => {
                return Ok(Some(Sheet { name, is_only }));
            }
        }
    }
    Ok(None)
}

fn filling<R: Read + Seek>(workbook: &mut Xlsx<R>, sheet: &str) -> Result<Filling, CheckError> {
    let mut cells = workbook.worksheet_cells_reader(sheet)?;
    let mut rows = 0;
    let mut row_before = None;
    while rows < 2 {
        let Some(cell) = cells.next_cell()? else { break };
        let row = cell.get_position().0;
        if row_before != Some(row) && !is_blank(cell.get_value()) {
            rows += 1;
            row_before = Some(row);
        }
    }
    Ok(Filling::of_rows(rows))
}

fn is_blank(value: &DataRef<'_>) -> bool {
    match value {
        DataRef::Empty => true,
        DataRef::SharedString(text) => text.trim().is_empty(),
        other => matches!(Data::from(other.clone()), Data::String(text) if text.trim().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rows = &'static [&'static [&'static str]];

    /// The name of the sheet that lacks rows; sheets are named `A`, `B` and so on.
    fn without_rows(sheets: &[Rows], hidden: Option<usize>) -> Option<String> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        for (at, rows) in sheets.iter().enumerate() {
            let sheet = workbook.add_worksheet();
            sheet.set_name(["A", "B", "C"][at]).unwrap();
            sheet.set_hidden(hidden == Some(at));
            for (row, cells) in (0..).zip(*rows) {
                for (column, cell) in (0..).zip(*cells) {
                    sheet.write(row, column, *cell).unwrap();
                }
            }
        }
        let bytes = std::io::Cursor::new(workbook.save_to_buffer().unwrap());
        let found = sheet_without_rows(bytes).unwrap()?;
        assert_eq!(found.is_only, sheets.len() == 1);
        Some(found.name)
    }

    const TABLE: Rows = &[&["_ItemNumber"], &[], &["FG-1"]];
    const HEADER: Rows = &[&["_ItemNumber", "_Status"]];

    #[test]
    fn a_row_is_a_line_with_something_in_it() {
        assert_eq!(without_rows(&[&[]], None).as_deref(), Some("A"));
        assert_eq!(without_rows(&[HEADER], None).as_deref(), Some("A"));
        assert_eq!(without_rows(&[&[&["_ItemNumber"], &[" "], &[""]]], None).as_deref(), Some("A"));
        assert_eq!(without_rows(&[TABLE], None), None);
    }

    #[test]
    fn no_sheet_that_knosc_might_read_is_without_rows() {
        assert_eq!(without_rows(&[HEADER, TABLE], None).as_deref(), Some("A"));
        assert_eq!(without_rows(&[&[], TABLE], None).as_deref(), Some("A"));
        assert_eq!(without_rows(&[TABLE, TABLE, HEADER], None).as_deref(), Some("C"));
        assert_eq!(without_rows(&[TABLE, &[], &[]], None), None);
        assert_eq!(without_rows(&[TABLE, HEADER, TABLE], Some(1)), None);
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        let zip = std::io::Cursor::new(b"PK\x03\x04 and then nothing".to_vec());
        assert!(matches!(sheet_without_rows(zip), Err(CheckError::Workbook(_))));
    }
}
