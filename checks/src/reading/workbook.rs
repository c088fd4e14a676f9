//! A workbook: which sheet is read, what is odd about it, and its rows, one in memory at a time.
//!
//! Which sheet Knosc reads is not documented. The first one is what every importer that we know takes.

use std::io::{Read as _, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::row::{CellKind, Row};
use super::unpacked::{self, Unpacked, broken};
use super::{Content, Reading, ReadingOptions, Stop};
use crate::finding::{Code, FileFindings, Place};
use crate::limits::Limits;

type Book<'c> = Xlsx<&'c mut dyn Content>;

/// What files of other kinds begin with.
const ZIP: &[u8] = b"PK\x03\x04";
const OLE: &[u8] = b"\xD0\xCF\x11\xE0";

/// Reads every row of one sheet.
pub(crate) fn read(
    content: &mut dyn Content,
    options: &ReadingOptions,
    limits: &Limits,
    findings: &mut FileFindings,
    row_seen: &mut dyn FnMut(&Row, &mut FileFindings) -> ControlFlow<()>,
) -> Result<Reading, Stop> {
    is_workbook(content)?;
    content.seek(SeekFrom::Start(0))?;
    let counted = unpacked::count(&mut *content, limits)?;
    // Calamine checks its arithmetic in builds for development, and a hostile sheet can break it there.
    let read = catch_unwind(AssertUnwindSafe(|| {
        content.seek(SeekFrom::Start(0))?;
        let mut book: Book<'_> = Xlsx::new(content).map_err(refused)?;
        sheet(&mut book, options, limits, &counted, findings, row_seen)
    }));
    read.unwrap_or_else(|_| Err(broken("its numbers make no sense")))
}

fn is_workbook(content: &mut dyn Content) -> Result<(), Stop> {
    content.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    (&mut *content).take(4).read_to_end(&mut first)?;
    let message = match first.as_slice() {
        [] => {
            let message = "the file has not one byte".to_owned();
            return Err(Stop { code: Code::FileEmpty, line: None, message });
        }
        ZIP => return Ok(()),
        OLE => {
            content.seek(SeekFrom::Start(0))?;
            let opened = catch_unwind(AssertUnwindSafe(|| Xlsx::new(content)));
            if matches!(opened, Ok(Err(XlsxError::Password))) {
                let message = "a password protects the workbook".to_owned();
                return Err(Stop { code: Code::WorkbookEncrypted, line: None, message });
            }
            "the bytes are those of an old .xls workbook, whatever the name says"
        }
        [b'<', ..] => "the bytes are those of a web page or of XML, whatever the name says",
        _ => "the bytes are those of no .xlsx workbook",
    };
    Err(Stop { code: Code::NotAWorkbook, line: None, message: message.to_owned() })
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: XlsxError) -> Stop {
    match error {
        XlsxError::Password => {
            let message = "a password protects the workbook".to_owned();
            Stop { code: Code::WorkbookEncrypted, line: None, message }
        }
        error => broken(&error.to_string()),
    }
}

fn sheet(
    book: &mut Book<'_>,
    options: &ReadingOptions,
    limits: &Limits,
    counted: &Unpacked,
    findings: &mut FileFindings,
    row_seen: &mut dyn FnMut(&Row, &mut FileFindings) -> ControlFlow<()>,
) -> Result<Reading, Stop> {
    let (name, of) = choose(book, options, findings)?;
    findings.sheet = Some(name.clone());
    if counted.merged > 0 {
        merged(book, &name, counted, findings)?;
    }
    rows(book, &name, limits, findings, row_seen)?;
    Ok(Reading::Sheet { name, of })
}

/// The sheet that was asked for, or the first one.
fn choose(
    book: &mut Book<'_>,
    options: &ReadingOptions,
    findings: &mut FileFindings,
) -> Result<(String, usize), Stop> {
    // Charts hold no cells.
    let tables = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let tables: Vec<(String, bool)> =
        tables.map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect();
    let wanted =
        |(name, _): &&(String, bool)| options.sheet.as_ref().is_none_or(|wanted| wanted == name);
    let Some((name, is_visible)) = tables.iter().find(wanted).cloned() else {
        let message = match &options.sheet {
            Some(wanted) if !tables.is_empty() => {
                let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
                format!("no sheet is called '{wanted}'; there is '{}'", names.join("', '"))
            }
            _ => "the workbook has no sheet".to_owned(),
        };
        return Err(Stop { code: Code::NoSheet, line: None, message });
    };
    if !is_visible {
        findings.say(Code::SheetHidden, Place::NOWHERE, || {
            format!("sheet '{name}', which is the one that is read, is hidden")
        });
    }
    if options.sheet.is_none() {
        let mut others = Vec::new();
        for (other, is_visible) in &tables {
            if *is_visible && *other != name && holds_something(book, other)? {
                others.push(other.as_str());
            }
        }
        if !others.is_empty() {
            findings.say(Code::SeveralSheets, Place::NOWHERE, || {
                format!("sheet '{name}' is looked at, and '{}' is not", others.join("', '"))
            });
        }
    }
    Ok((name, tables.len()))
}

/// Spreadsheet programs make empty sheets by themselves; hidden ones hold the lists of drop-down menus.
fn holds_something(book: &mut Book<'_>, sheet: &str) -> Result<bool, Stop> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(refused)?;
    while let Some(cell) = cells.next_cell().map_err(refused)? {
        if !matches!(cell.get_value(), DataRef::Empty) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn merged(
    book: &mut Book<'_>,
    sheet: &str,
    counted: &Unpacked,
    findings: &mut FileFindings,
) -> Result<(), Stop> {
    if counted.merged > unpacked::MERGED_MAX {
        findings.say(Code::CellsMerged, Place::NOWHERE, || {
            format!("about {} regions of cells are merged", counted.merged)
        });
        return Ok(());
    }
    for region in book.merge_cells_by_sheet_name(sheet).map_err(refused)? {
        let (row, column) = region.start;
        let place = Place::cell(u64::from(row) + 1, usize::try_from(column).unwrap_or(0));
        findings.say(Code::CellsMerged, place, || {
            let (rows, columns) =
                (region.end.0.saturating_sub(row) + 1, region.end.1.saturating_sub(column) + 1);
            format!("{rows} by {columns} cells are merged into one")
        });
    }
    Ok(())
}

fn rows(
    book: &mut Book<'_>,
    sheet: &str,
    limits: &Limits,
    findings: &mut FileFindings,
    row_seen: &mut dyn FnMut(&Row, &mut FileFindings) -> ControlFlow<()>,
) -> Result<(), Stop> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(refused)?;
    let (mut row, blank) = (Row::default(), Row::default());
    row.clear(1);
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(refused)? {
        let (line, column) =
            (u64::from(cell.pos.0) + 1, usize::try_from(cell.pos.1).unwrap_or(usize::MAX));
        if line < row.line || (line == row.line && column < row.len()) {
            return Err(broken("its cells are out of order"));
        }
        if column >= limits.max_columns {
            let max = limits.max_columns;
            let message = format!("a cell stands beyond column {max}, the limit of --max-columns");
            return Err(Stop { code: Code::ColumnsTooMany, line: Some(line), message });
        }
        if line > row.line {
            if row_seen(&row, findings).is_break() {
                return Ok(());
            }
            for _ in row.line + 1..line {
                if row_seen(&blank, findings).is_break() {
                    return Ok(());
                }
            }
            row.clear(line);
        }
        while row.len() < column {
            row.push("", CellKind::Text, false);
        }
        push(&mut row, &cell.value, cell.formula.is_some());
        if row.bytes() > limits.max_row_bytes {
            let max = limits.max_row_bytes;
            let message =
                format!("the row has more than {max} bytes, the limit of --max-row-bytes");
            return Err(Stop { code: Code::RowTooBig, line: Some(line), message });
        }
    }
    let _ = row_seen(&row, findings);
    Ok(())
}

/// A cell as text, as it would stand in a CSV file.
fn push(row: &mut Row, value: &DataRef<'_>, is_formula: bool) {
    match value {
        DataRef::Empty => row.push("", CellKind::Text, is_formula),
        DataRef::String(text) => row.push(text, CellKind::Text, is_formula),
        DataRef::SharedString(text) => row.push(text, CellKind::Text, is_formula),
        DataRef::Int(number) => row.push(&number.to_string(), CellKind::Number, is_formula),
        // Rust prints a whole float without a fraction, so that a number 1001 is the text "1001".
        DataRef::Float(number) => row.push(&number.to_string(), CellKind::Number, is_formula),
        DataRef::Bool(value) => {
            row.push(if *value { "TRUE" } else { "FALSE" }, CellKind::Bool, is_formula);
        }
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            row.push(&format!("{year:04}-{month:02}-{day:02}"), CellKind::Date, is_formula);
        }
        DataRef::DateTime(length) => {
            row.push(&length.as_f64().to_string(), CellKind::Number, is_formula);
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            row.push(text, CellKind::Date, is_formula);
        }
        DataRef::Error(error) => row.push(&error.to_string(), CellKind::Error, is_formula),
    }
}
