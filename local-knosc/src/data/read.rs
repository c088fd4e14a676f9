//! Turns a file's bytes into a header and rows of text: XLSX by calamine, CSV by csv.
//! Decides nothing about their content. CSV is comma-separated UTF-8, which is assumed: no dialect is documented.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

/// A file's first sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// The header cells.
    pub(crate) headers: Vec<String>,
    /// The rows that are not blank, each with its number among all data rows, from 1.
    pub(crate) rows: Vec<(u64, Vec<String>)>,
}

/// The two documented file types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileType {
    Xlsx,
    Csv,
}

/// A file that cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    Workbook,
    NoSheet,
    Csv,
}

impl ReadError {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Workbook => "The file cannot be read as XLSX",
            Self::NoSheet => "The workbook has no sheet",
            Self::Csv => "The file cannot be read as CSV in UTF-8",
        }
    }
}

impl FileType {
    /// Takes the type from the extension of the last path component, in any case.
    pub(crate) fn of(file_name: &str) -> Option<Self> {
        let base = file_name.rsplit(['/', '\\']).next()?;
        let (stem, extension) = base.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            _ if stem.is_empty() => None,
            "xlsx" => Some(Self::Xlsx),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Reads a file.
pub(crate) fn read(file_type: FileType, bytes: &[u8]) -> Result<Sheet, ReadError> {
    match file_type {
        FileType::Xlsx => read_xlsx(bytes),
        FileType::Csv => read_csv(bytes),
    }
}

fn read_xlsx(bytes: &[u8]) -> Result<Sheet, ReadError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| ReadError::Workbook)?;
    let range =
        book.worksheet_range_at(0).ok_or(ReadError::NoSheet)?.map_err(|_| ReadError::Workbook)?;
    let (top, left) = range.start().unwrap_or_default();
    let indent = usize::try_from(left).unwrap_or_default();
    let mut lines = range.rows().enumerate().map(|(index, cells)| {
        let mut row = vec![String::new(); indent];
        row.extend(cells.iter().map(text));
        (u64::from(top) + index as u64, row)
    });
    let headers =
        if top == 0 { lines.next().map(|(_, row)| row).unwrap_or_default() } else { Vec::new() };
    Ok(Sheet {
        headers: trim_end(headers),
        rows: lines.filter(|(_, row)| !is_blank(row)).collect(),
    })
}

fn read_csv(bytes: &[u8]) -> Result<Sheet, ReadError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bytes);
    let mut lines = Vec::new();
    for (number, record) in (0_u64..).zip(reader.records()) {
        let record = record.map_err(|_| ReadError::Csv)?;
        lines.push((number, record.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()));
    }
    let mut lines = lines.into_iter();
    let headers = lines.next().map(|(_, row)| row).unwrap_or_default();
    Ok(Sheet {
        headers: trim_end(headers),
        rows: lines.filter(|(_, row)| !is_blank(row)).collect(),
    })
}

fn is_blank(row: &[String]) -> bool {
    row.iter().all(String::is_empty)
}

fn trim_end(mut row: Vec<String>) -> Vec<String> {
    while row.last().is_some_and(String::is_empty) {
        row.pop();
    }
    row
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            text.trim().to_owned()
        }
        // Rust prints a whole float without a fraction, so that a number cell 1001 equals the text "1001".
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::Error(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_the_extension_of_the_last_component() {
        let cases = [
            ("items.xlsx", Some(FileType::Xlsx)),
            ("exports/units.XLSX", Some(FileType::Xlsx)),
            ("a.b\\c.csv", Some(FileType::Csv)),
            ("items.xls", None),
            (".csv", None),
            ("exports.csv/items", None),
        ];
        for (name, expected) in cases {
            assert_eq!(FileType::of(name), expected, "{name}");
        }
    }

    #[test]
    fn csv_drops_the_byte_order_mark_and_keeps_row_numbers() {
        let rows = vec![(1, vec!["1".into(), "x, y".into()]), (3, vec!["3".into(), "z".into()])];
        let expected = Sheet { headers: vec!["_A".into(), "_B".into()], rows };
        let bytes = b"\xef\xbb\xbf_A,_B\r\n1,\"x, y\"\r\n,\r\n3,z\r\n";
        assert_eq!(read(FileType::Csv, bytes), Ok(expected));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        assert_eq!(read(FileType::Xlsx, b"no zip"), Err(ReadError::Workbook));
        assert_eq!(read(FileType::Csv, b"a\n\xff\xfe"), Err(ReadError::Csv));
    }
}
