//! The rows of a file that a number may mean; the file is read once, and only those rows are kept.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;

use super::Counting;
use crate::CheckError;
use crate::finding::{FileFindings, letters};
use crate::known::Table;
use crate::limits::Limits;
use crate::reading::{self, Content, Reading, ReadingOptions, Row};
use crate::table::is_header;

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The line of a text file or the row of a sheet, as an editor or a spreadsheet program shows it.
    pub line: u64,
    /// The texts of its cells.
    pub cells: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRows {
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The names of the columns.
    pub header: Vec<String>,
    /// The line of the header.
    pub header_line: u64,
    /// Rows below the header that hold something.
    pub rows: u64,
    /// Rows without a value between them: Knosc may count them or not, so that rows behind them may be others.
    pub blank_rows: u64,
    by_place: BTreeMap<u64, FileRow>,
    header_place: u64,
}

impl FoundRows {
    /// The row that a number means under one way of counting.
    pub fn row(&self, number: u64, counting: Counting) -> Option<&FileRow> {
        let place = match counting {
            Counting::FromHeader => self.header_place.checked_add(number)?,
            Counting::FromTop => number,
        };
        self.by_place.get(&place).filter(|_| place > self.header_place)
    }

    /// The name of a cell as a spreadsheet program shows it; of workbooks only.
    pub fn cell(&self, row: &FileRow, column: usize) -> Option<String> {
        self.sheet.is_some().then(|| format!("{}{}", letters(column), row.line))
    }
}

/// Rows above a header that are kept until it is found: titles and dates take fewer.
const ABOVE_MAX: usize = 10;

/// Finds the rows of these numbers.
///
/// # Errors
/// [`CheckError`] if the file cannot be read, or is longer in some way than the limits allow.
pub fn find(
    trigger: Trigger,
    kind: FileKind,
    content: &mut dyn Content,
    numbers: &[u64],
    options: &ReadingOptions,
    limits: &Limits,
) -> Result<FoundRows, CheckError> {
    let mut search = Search::new(trigger, numbers, kind == FileKind::Csv);
    let mut ignored = FileFindings::new("", 0);
    let mut take = |row: &Row, _: &mut FileFindings| {
        search.row(row);
        ControlFlow::Continue(())
    };
    let read = reading::read(kind, content, options, limits, &mut ignored, &mut take);
    match read {
        Ok(Reading::Sheet { name, .. }) => search.found.sheet = Some(name),
        Ok(Reading::Text(_)) => {}
        Err(stop) => {
            if let Some(error) = CheckError::of(stop) {
                return Err(error);
            }
        }
    }
    search.first_is_header();
    Ok(search.found)
}

struct Search {
    trigger: Trigger,
    /// Sorted.
    numbers: Vec<u64>,
    is_text: bool,
    /// Rows so far: of a text those with a character, of a sheet all.
    place: u64,
    has_header: bool,
    above: Vec<(u64, FileRow)>,
    found: FoundRows,
}

impl Search {
    fn new(trigger: Trigger, numbers: &[u64], is_text: bool) -> Self {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        Self {
            trigger,
            numbers,
            is_text,
            place: 0,
            has_header: false,
            above: Vec::new(),
            found: FoundRows::default(),
        }
    }

    fn row(&mut self, row: &Row) {
        if self.is_text && row.is_empty() {
            // A blank line: whoever reads CSV passes over it.
            return;
        }
        self.place = if self.is_text || row.line == 0 { self.place + 1 } else { row.line };
        if row.is_blank() {
            self.found.blank_rows += u64::from(self.has_header);
            return;
        }
        let cells = || row.cells().map(|cell| cell.text.to_owned()).collect::<Vec<_>>();
        if self.has_header {
            self.found.rows += 1;
            if self.is_wanted(self.place) {
                let row = FileRow { line: row.line, cells: cells() };
                self.found.by_place.insert(self.place, row);
            }
            return;
        }
        let table = Table::of(self.trigger);
        let names = row.cells().map(|cell| cell.text);
        let is_header = table.is_some_and(|table| is_header(table, self.above.is_empty(), names));
        self.above.push((self.place, FileRow { line: row.line, cells: cells() }));
        if is_header {
            self.header(self.above.len() - 1);
        } else if self.above.len() >= ABOVE_MAX {
            self.first_is_header();
        }
    }

    fn is_wanted(&self, place: u64) -> bool {
        let holds = |number: u64| self.numbers.binary_search(&number).is_ok();
        holds(place) || place.checked_sub(self.found.header_place).is_some_and(holds)
    }

    /// Nothing looked like a header: the first row is one all the same.
    fn first_is_header(&mut self) {
        if !self.has_header && !self.above.is_empty() {
            self.header(0);
        }
    }

    /// The row at this place among those above is the header; those behind it are rows.
    fn header(&mut self, at: usize) {
        let mut rows = std::mem::take(&mut self.above).into_iter().skip(at);
        let Some((place, header)) = rows.next() else { return };
        self.has_header = true;
        self.found.header_place = place;
        self.found.header_line = header.line;
        self.found.header = header.cells;
        while self.found.header.last().is_some_and(|name| name.trim().is_empty()) {
            self.found.header.pop();
        }
        for (place, row) in rows {
            self.found.rows += 1;
            if self.is_wanted(place) {
                self.found.by_place.insert(place, row);
            }
        }
    }
}
