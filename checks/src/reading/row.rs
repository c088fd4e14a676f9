//! One row of a table, in memory that the next row uses again.
//!
//! Cells are text as Knosc would see them in a CSV file, with what a workbook knows beyond that.

/// What a cell is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// Text, and every cell of a text file.
    Text,
    /// A number of a workbook.
    Number,
    /// A number of a workbook whose format is a date's.
    Date,
    /// `TRUE` or `FALSE` of a workbook.
    Bool,
    /// What could not be computed, `#N/A`.
    Error,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// Its text; empty for a blank one.
    pub(crate) text: &'a str,
    /// What it is made of.
    pub(crate) kind: CellKind,
    /// It is computed; the text is what was last computed.
    pub(crate) is_formula: bool,
}

impl Cell<'_> {
    /// Whether nothing is in it but blanks.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_whitespace()) || self.text.trim().is_empty()
    }
}

#[derive(Clone, Copy, Debug)]
struct End {
    at: usize,
    kind: CellKind,
    is_formula: bool,
}

/// One row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// The line of a text file where it begins, or the row of a sheet; from 1.
    pub(crate) line: u64,
    text: String,
    ends: Vec<End>,
}

impl Row {
    pub(crate) fn clear(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, text: &str, kind: CellKind, is_formula: bool) {
        self.text.push_str(text);
        self.ends.push(End { at: self.text.len(), kind, is_formula });
    }

    /// Takes a row of text whole: its cells' text without separators, and where each ends.
    pub(crate) fn fill(&mut self, text: &str, ends: &[usize]) {
        self.text.push_str(text);
        let end = |end: &usize| End { at: *end, kind: CellKind::Text, is_formula: false };
        self.ends.extend(ends.iter().map(end));
    }

    /// How many cells it has, blank ones at its end among them.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cell at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of its text.
    pub(crate) const fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The cell at a column, from 0.
    pub(crate) fn cell(&self, column: usize) -> Option<Cell<'_>> {
        let End { at: end, kind, is_formula } = *self.ends.get(column)?;
        let before = column.checked_sub(1).and_then(|before| self.ends.get(before));
        let text = self.text.get(before.map_or(0, |before| before.at)..end)?;
        Some(Cell { text, kind, is_formula })
    }

    /// All cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        (0..self.len()).filter_map(|column| self.cell(column))
    }

    /// Whether no cell holds anything.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells().all(|cell| cell.is_blank())
    }
}
