//! What describes a trigger's table: columns, keys, references, object names.
//! The tables themselves are in `columns`; nothing here knows a particular one.

use super::columns::TABLES;

/// A trigger's table.
#[derive(Debug)]
pub struct Table {
    /// The trigger.
    pub trigger: &'static str,
    /// What error messages call the table ("not found in Unit Master").
    pub title: &'static str,
    /// The list's path below `/api/`.
    pub path: &'static str,
    /// The domain in error codes (`ItemMaster.NotFound`).
    pub domain: &'static str,
    /// The area in privileges (`Item Master / Edit`).
    pub area: &'static str,
    /// How REFRESH treats what the file leaves out.
    pub life: Life,
    /// Lists show one document per first key column, with its lines in `details`; otherwise flat rows.
    pub grouped: bool,
    /// The columns in the template's order.
    pub columns: &'static [Column],
}

/// How REFRESH treats what a file leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It stays.
    Master,
    /// It is closed.
    Line,
    /// It is archived.
    Forecast,
    /// It is removed: the file replaces the table.
    Snapshot,
}

/// A column of a template.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is one independent property of a column")]
pub struct Column {
    /// The header in files.
    pub header: &'static str,
    /// The key in list answers and the name in row errors.
    pub key: &'static str,
    /// Seen in Knosc's documentation; otherwise assumed.
    pub documented: bool,
    /// The template demands the column.
    pub in_header: bool,
    /// No row may leave it empty.
    pub required: bool,
    /// Part of the key.
    pub in_key: bool,
    /// What it holds.
    pub kind: Kind,
    /// What it refers to.
    pub refers: Refers,
    /// The value of an empty cell.
    pub default: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Anything.
    Text,
    /// A decimal number.
    Number,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What a column refers to; an empty cell refers to nothing.
#[derive(Debug, Clone, Copy)]
pub enum Refers {
    /// To nothing.
    Nowhere,
    /// To the first key column of that trigger's table.
    To(&'static str),
    /// With the named header's value, to the first two key columns of that trigger's table.
    Pair(&'static str, &'static str),
}

/// The header of the optional action column, in every table.
pub const ACTION: &str = "_Action";

pub(super) const fn col(header: &'static str, key: &'static str) -> Column {
    Column {
        header,
        key,
        documented: false,
        in_header: false,
        required: false,
        in_key: false,
        kind: Kind::Text,
        refers: Refers::Nowhere,
        default: "",
    }
}

impl Column {
    pub(super) const fn must(self) -> Self {
        Self { required: true, in_header: true, ..self }
    }
    pub(super) const fn key(self) -> Self {
        Self { in_key: true, ..self }
    }
    pub(super) const fn documented(self) -> Self {
        Self { documented: true, in_header: true, ..self }
    }
    pub(super) const fn is(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
    pub(super) const fn to(self, trigger: &'static str) -> Self {
        Self { refers: Refers::To(trigger), ..self }
    }
    pub(super) const fn pair(self, header: &'static str, trigger: &'static str) -> Self {
        Self { refers: Refers::Pair(header, trigger), ..self }
    }
    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }
}

impl Table {
    /// Finds a trigger's table; `inventory-planning` has none.
    pub fn of(trigger: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.trigger == trigger)
    }

    /// Finds the table behind a list path.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.path == path)
    }

    /// Gives a column's position.
    pub(crate) fn position(&self, header: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.header == header)
    }

    /// Gives the position of the status column.
    pub(crate) fn status(&self) -> Option<usize> {
        self.position("_Status")
    }

    /// Picks the key from a row's values.
    pub(crate) fn key_of(&self, values: &[String]) -> Vec<String> {
        self.columns.iter().zip(values).filter(|(c, _)| c.in_key).map(|(_, v)| v.clone()).collect()
    }

    /// Writes the template's header line.
    pub fn template(&self) -> String {
        let headers: Vec<&str> = self.columns.iter().map(|column| column.header).collect();
        headers.join(",") + "\n"
    }
}
