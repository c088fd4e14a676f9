//! A row that Knosc numbered is found under both ways of counting, in text and in workbooks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::io::Cursor;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::rejected::{Counting, FoundRows, find};
use knosc_checks::{Limits, ReadingOptions};
use rust_xlsxwriter::Workbook;

fn found(kind: FileKind, bytes: Vec<u8>, numbers: &[u64]) -> FoundRows {
    let (options, limits) = (ReadingOptions::default(), Limits::default());
    find(Trigger::UnitMaster, kind, &mut Cursor::new(bytes), numbers, &options, &limits).unwrap()
}

/// The line and first cell of a number, header not counted and counted.
fn check(found: &FoundRows, number: u64, expected: [Option<(u64, &str)>; 2]) {
    let rows = Counting::BOTH.map(|counting| {
        found.row(number, counting).map(|row| (row.line, row.cells.first().unwrap().as_str()))
    });
    assert_eq!(rows, expected, "{number} of {found:?}");
}

#[test]
fn lines_of_text() {
    let text = "_UnitCode,_UnitName\nA,a\n\"B\n\",b\n\n,\nC,c\n";
    let found = found(FileKind::Csv, text.into(), &[0, 1, 2, 4, 5, 9]);
    check(&found, 0, [None, None]);
    // The number 1 would be the header itself.
    check(&found, 1, [Some((2, "A")), None]);
    check(&found, 2, [Some((3, "B\n")), Some((2, "A"))]);
    // Of the row without a value nobody knows whether it is counted: here it is, and it is told how many there are.
    check(&found, 4, [Some((7, "C")), None]);
    check(&found, 5, [None, Some((7, "C"))]);
    check(&found, 9, [None, None]);
    assert_eq!((found.rows, found.blank_rows, found.header_line), (3, 1, 1));
    assert_eq!(found.cell(found.row(1, Counting::FromHeader).unwrap(), 0), None);
}

#[test]
fn rows_of_a_sheet() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Units").unwrap();
    sheet.write(0, 0, "Export of 2026").unwrap();
    for (row, cells) in [(2, ["_UnitCode", "_UnitName"]), (3, ["A", "a"]), (5, ["B", "b"])] {
        for (column, text) in (0..).zip(cells) {
            sheet.write(row, column, text).unwrap();
        }
    }
    let found = found(FileKind::Xlsx, book.save_to_buffer().unwrap(), &[1, 3, 4, 6]);
    check(&found, 1, [Some((4, "A")), None]);
    check(&found, 3, [Some((6, "B")), None]);
    check(&found, 4, [None, Some((4, "A"))]);
    check(&found, 6, [None, Some((6, "B"))]);
    assert_eq!((found.sheet.as_deref(), found.rows, found.blank_rows), (Some("Units"), 2, 1));
    let row = found.row(3, Counting::FromHeader).unwrap();
    assert_eq!(found.cell(row, 1).as_deref(), Some("B6"));
}

#[test]
fn a_file_without_a_known_header_has_its_first_row_for_one() {
    let found = found(FileKind::Csv, "x,y\n1,2\n3,4\n".into(), &[2]);
    check(&found, 2, [Some((3, "3")), Some((2, "1"))]);
    assert_eq!(found.header, ["x", "y"]);
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let (options, limits) = (ReadingOptions::default(), Limits::default());
    let mut content = Cursor::new(b"no workbook".to_vec());
    let read = find(Trigger::Demand, FileKind::Xlsx, &mut content, &[1], &options, &limits);
    assert!(read.is_err());
}
