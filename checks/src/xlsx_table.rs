//! Workbooks: the first sheet's cells, one by one, until the second row that holds something.
//!
//! Which sheet Knosc reads is not documented; the first one is what every importer that we know takes.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, Reader as _, Xlsx};

use crate::{CheckError, Filling};

/// Says how much there is in a workbook's first sheet; holds no more of it than its shared texts.
///
/// # Errors
/// - [`CheckError::Workbook`] if the bytes are no workbook.
/// - [`CheckError::NoSheet`] if it has no sheet.
pub fn xlsx_filling(reader: impl Read + Seek) -> Result<Filling, CheckError> {
    let mut workbook: Xlsx<_> = Xlsx::new(reader)?;
    let Some(sheet) = workbook.sheet_names().first().cloned() else {
        return Err(CheckError::NoSheet);
    };
    let mut cells = workbook.worksheet_cells_reader(&sheet)?;
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

    fn check(rows: &[&[&str]], expected: Filling) {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(*cells) {
                sheet.write(row, column, *cell).unwrap();
            }
        }
        let bytes = std::io::Cursor::new(workbook.save_to_buffer().unwrap());
        assert_eq!(xlsx_filling(bytes).unwrap(), expected, "{rows:?}");
    }

    #[test]
    fn a_row_is_a_line_with_something_in_it() {
        check(&[], Filling::Nothing);
        check(&[&["_ItemNumber", "_Status"]], Filling::HeaderOnly);
        check(&[&["_ItemNumber"], &[" "], &[""]], Filling::HeaderOnly);
        check(&[&["_ItemNumber"], &[], &["FG-1"]], Filling::Rows);
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        let zip = std::io::Cursor::new(b"PK\x03\x04 and then nothing".to_vec());
        assert!(matches!(xlsx_filling(zip), Err(CheckError::Workbook(_))));
    }
}
