//! What is known of Knosc's columns, keys and references: the form of the table, and questions to it.
//!
//! The table is in [`tables`]. Each line says whether it is documented; what is assumed only ever warns, because a tenant's template
//! may have other columns.

mod tables;

use knosc_bulk_import::trigger::Trigger;

pub use tables::TABLES;

/// How a line of the table came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Knosc's documentation says so.
    Documented,
    /// Taken from the names of Knosc's objects and screens, written as the documented headers are.
    Assumed,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number with a point.
    Number,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// One of these words.
    Words(&'static [&'static str]),
    /// REFRESH, ADD, UPDATE, DELETE or CLOSE.
    Action,
}

/// Where a column's value has to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table that it is in; an earlier one.
    pub trigger: Trigger,
    /// The column there.
    pub column: &'static str,
    /// A column of both tables whose values have to be equal too, such as the supplier of a ship-from.
    pub with: Option<&'static str>,
}

/// One column of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in the header row.
    pub header: &'static str,
    /// What Knosc calls it in messages.
    pub name: &'static str,
    /// Whether all of this line is documented.
    pub source: Source,
    /// A row needs a value here.
    pub required: bool,
    /// It is a part of what tells two rows apart.
    pub in_key: bool,
    /// What it holds.
    pub kind: Kind,
    /// Where its value has to be found.
    pub reference: Option<Reference>,
}

/// The table of one trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Whose it is.
    pub trigger: Trigger,
    /// What Knosc calls it in messages.
    pub title: &'static str,
    /// Its columns, in the order of the template where that is known.
    pub columns: &'static [Column],
}

impl Table {
    /// The table of a trigger.
    pub fn of(trigger: Trigger) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.trigger == trigger)
    }

    /// The column with this header.
    pub fn column(&self, header: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.header == header)
    }

    /// Whether all of the key is documented, so that two equal keys are an error and not only strange.
    pub fn key_is_documented(&self) -> bool {
        let mut key = self.columns.iter().filter(|column| column.in_key);
        key.all(|column| column.source == Source::Documented)
    }
}

/// Everything that some table refers to, each once.
pub fn referred() -> Vec<Reference> {
    let columns = TABLES.iter().flat_map(|table| table.columns);
    let mut all = Vec::new();
    for reference in columns.filter_map(|column| column.reference) {
        if !all.contains(&reference) {
            all.push(reference);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_to_columns_of_earlier_tables() {
        for (at, table) in TABLES.iter().enumerate() {
            assert_eq!(table.trigger, Trigger::ALL[at]);
            for reference in table.columns.iter().filter_map(|column| column.reference) {
                let to = Table::of(reference.trigger).unwrap();
                // Components of a bill are items too, which are a table before it; nothing refers to its own table.
                assert!(to.trigger < table.trigger, "{reference:?}");
                assert!(to.column(reference.column).is_some(), "{reference:?}");
                if let Some(with) = reference.with {
                    assert!(to.column(with).is_some() && table.column(with).is_some());
                }
            }
        }
        assert_eq!(referred().len(), 7);
    }

    #[test]
    fn what_is_documented_are_the_six_headers_of_items() {
        let columns = TABLES.iter().flat_map(|table| table.columns);
        let documented = columns.filter(|column| column.source == Source::Documented);
        let headers: Vec<&str> = documented.map(|column| column.header).collect();
        let items = [
            "_ItemNumber",
            "_ItemDescription",
            "_ItemType",
            "_Status",
            "_SubItemNumber",
            "_SubItemDescription",
        ];
        assert_eq!(headers, items);
    }
}
