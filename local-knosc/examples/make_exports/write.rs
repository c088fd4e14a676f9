//! Cells, and how they become CSV and XLSX files: the same bytes on every run.

use std::{error::Error, fs, path::Path};

use local_knosc::Table;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A cell; dates are Excel's day numbers, so that XLSX files hold true date cells.
pub(crate) enum Cell {
    Text(String),
    Number(f64),
    Date(u32),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(u32::try_from(number).unwrap_or(u32::MAX).into())
    }
}
impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Writes a file of the type that its name says.
pub(crate) fn write(path: &Path, trigger: &str, rows: &[Vec<Cell>]) -> Outcome {
    let table = Table::of(trigger).ok_or("no such trigger")?;
    // Without the optional action column, as an ERP would: REFRESH is the default.
    let headers: Vec<&str> =
        table.columns.iter().map(|c| c.header).filter(|h| *h != local_knosc::ACTION).collect();
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    if path.extension().is_some_and(|extension| extension == "csv") {
        write_csv(path, &headers, rows)
    } else {
        write_xlsx(path, trigger, &headers, rows)
    }
}

fn write_csv(path: &Path, headers: &[&str], rows: &[Vec<Cell>]) -> Outcome {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(headers)?;
    for row in rows {
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Date(day) => {
                let (year, month, day, ..) = calamine::ExcelDateTime::new(
                    f64::from(*day),
                    calamine::ExcelDateTimeType::DateTime,
                    false,
                )
                .to_ymd_hms_milli();
                format!("{year:04}-{month:02}-{day:02}")
            }
        };
        file.write_record(row.iter().map(text))?;
    }
    Ok(file.flush()?)
}

fn write_xlsx(path: &Path, sheet_name: &str, headers: &[&str], rows: &[Vec<Cell>]) -> Outcome {
    let mut book = Workbook::new();
    // The moment of writing would otherwise be in the file, and every run would give other bytes.
    let made = ExcelDateTime::from_ymd(2026, 1, 5)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet().set_name(sheet_name)?;
    sheet.write_row(0, 0, headers.iter().copied())?;
    for (at, row) in (1_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Text(text) if text.is_empty() => continue,
                Cell::Text(text) => sheet.write_string(at, column, text)?,
                Cell::Number(number) => sheet.write_number(at, column, *number)?,
                Cell::Date(day) => {
                    sheet.write_number_with_format(at, column, f64::from(*day), &date)?
                }
            };
        }
    }
    Ok(book.save(path)?)
}
