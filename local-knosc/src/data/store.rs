//! What a tenant has stored, one table per trigger, and how changes are applied to it.
//! Checks nothing: a change that comes here was found good before.

use std::collections::BTreeMap;

use super::{
    columns::TABLES,
    tables::{Life, Refers, Table},
};

/// A stored row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The number by which it is fetched.
    pub(crate) id: u64,
    /// One value per column of the table.
    pub(crate) values: Vec<String>,
}

/// One table's rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    rows: BTreeMap<Vec<String>, Row>,
    /// How many rows share a first key column, which is what references look up.
    firsts: BTreeMap<String, u64>,
    last_id: u64,
}

/// All tables of a tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stores(BTreeMap<&'static str, Store>);

/// One change, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Add the row or replace it.
    Put(Vec<String>),
    /// Remove it.
    Delete(Vec<String>),
    /// Set its status to `Closed`.
    Close(Vec<String>),
    /// After a whole REFRESH: treat what the file left out as the table's life demands.
    LeaveOut(Vec<Vec<String>>),
}

impl Stores {
    pub(crate) fn get(&self, table: &Table) -> Option<&Store> {
        self.0.get(table.trigger)
    }

    /// Says whether a value of a column refers to something that is there.
    pub(crate) fn resolves(&self, refers: Refers, value: &str, other: &str) -> bool {
        match refers {
            Refers::Nowhere => true,
            Refers::To(trigger) => {
                self.0.get(trigger).is_some_and(|s| s.firsts.contains_key(value))
            }
            Refers::Pair(_, trigger) => {
                let key = [other.to_owned(), value.to_owned()];
                self.0.get(trigger).is_some_and(|store| store.rows.contains_key(key.as_slice()))
            }
        }
    }

    /// Says whether an order line that is still open refers to this first key.
    pub(crate) fn in_use(&self, trigger: &str, value: &str) -> bool {
        TABLES.iter().filter(|table| table.life == Life::Line).any(|table| {
            let open = |row: &Row| {
                table
                    .status()
                    .and_then(|at| row.values.get(at))
                    .is_none_or(|status| status != "Closed")
            };
            let names = |row: &Row| {
                table.columns.iter().zip(&row.values).any(|(column, cell)| {
                    matches!(column.refers, Refers::To(to) if to == trigger) && cell == value
                })
            };
            self.get(table)
                .is_some_and(|store| store.rows.values().any(|row| open(row) && names(row)))
        })
    }

    /// Applies changes to a table.
    pub(crate) fn apply(
        &mut self,
        table: &'static Table,
        changes: Vec<Change>,
        close_masters: bool,
    ) {
        let store = self.0.entry(table.trigger).or_default();
        for change in changes {
            match change {
                Change::Put(values) => store.put(table, values),
                Change::Delete(key) => store.delete(&key),
                Change::Close(key) => store.set_status(table, &key, "Closed"),
                Change::LeaveOut(kept) => store.leave_out(table, kept, close_masters),
            }
        }
    }
}

impl Store {
    pub(crate) fn contains(&self, key: &[String]) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    fn put(&mut self, table: &Table, values: Vec<String>) {
        let key = table.key_of(&values);
        if let Some(row) = self.rows.get_mut(&key) {
            row.values = values;
            return;
        }
        if let Some(first) = key.first() {
            *self.firsts.entry(first.clone()).or_default() += 1;
        }
        self.last_id += 1;
        self.rows.insert(key, Row { id: self.last_id, values });
    }

    fn delete(&mut self, key: &[String]) {
        if self.rows.remove(key).is_none() {
            return;
        }
        let Some(first) = key.first() else { return };
        if let Some(count) = self.firsts.get_mut(first) {
            *count -= 1;
            if *count == 0 {
                self.firsts.remove(first);
            }
        }
    }

    fn set_status(&mut self, table: &Table, key: &[String], word: &str) {
        let Some(at) = table.status() else { return };
        if let Some(status) = self.rows.get_mut(key).and_then(|row| row.values.get_mut(at)) {
            word.clone_into(status);
        }
    }

    fn leave_out(&mut self, table: &Table, mut kept: Vec<Vec<String>>, close_masters: bool) {
        kept.sort_unstable();
        let gone: Vec<Vec<String>> =
            self.rows.keys().filter(|key| kept.binary_search(key).is_err()).cloned().collect();
        for key in gone {
            match table.life {
                Life::Snapshot => self.delete(&key),
                Life::Line => self.set_status(table, &key, "Closed"),
                Life::Forecast => self.set_status(table, &key, "Archived"),
                Life::Master if close_masters => self.set_status(table, &key, "Inactive"),
                Life::Master => {}
            }
        }
    }
}
