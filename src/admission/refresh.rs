//! What a file that refreshes leaves out of what was loaded before it, and whether that is too much.
//!
//! Pure decisions on sets of hashed keys. Which columns make a key, how files are read and where sets are kept is for others.

mod allowance;
mod keys;

pub use allowance::{Allowance, BadAllowance};
pub use keys::KeySet;

use super::{Earlier, Standing};
use crate::trigger::Trigger;

/// What becomes of lines in Knosc that a refreshing file leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Documented of order lines.
    Closes,
    /// Documented of forecasts.
    Archives,
    /// Documented of stock: all of it is what the file says.
    Replaces,
    /// Of masters and mappings the documentation says nothing of what is left out; of REFRESH it says that it closes.
    MayClose,
}

impl Effect {
    /// The effect on a trigger's lines.
    pub const fn of(trigger: Trigger) -> Self {
        match trigger {
            Trigger::Procurement | Trigger::Demand | Trigger::Manufacturing => Self::Closes,
            Trigger::Forecast => Self::Archives,
            Trigger::Inventory => Self::Replaces,
            Trigger::UnitMaster
            | Trigger::WarehouseMaster
            | Trigger::SupplierMaster
            | Trigger::CustomerMaster
            | Trigger::ItemMaster
            | Trigger::ExternalItemMaster
            | Trigger::BillOfMaterials
            | Trigger::SupplierAllocation => Self::MayClose,
        }
    }

    /// The word for people and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closes => "closes",
            Self::Archives => "archives",
            Self::Replaces => "replaces",
            Self::MayClose => "may close",
        }
    }
}

/// What a file's rows ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// REFRESH, which is the default: what the file leaves out is closed.
    Refresh,
    /// ADD, UPDATE, DELETE or CLOSE alone: what the file leaves out stays.
    Change,
}

/// What one file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// What its rows ask for.
    pub action: Action,
    /// The header names of the columns that tell rows apart; none where rows can only be counted.
    pub key: Vec<String>,
    /// Rows that are there when it is loaded.
    pub rows: u64,
    /// Rows that delete or close.
    pub removed_rows: u64,
    /// The keys of the first kind.
    pub present: KeySet,
    /// The keys of the second kind.
    pub removed: KeySet,
}

/// What the completed files of a trigger made of it, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// As in [`Contents`].
    pub key: Vec<String>,
    /// How many rows; where there is a key, as many as keys.
    pub rows: u64,
    /// The keys.
    pub keys: KeySet,
}

impl Loaded {
    /// What is there once a file completed: REFRESH replaces, ADD and UPDATE unite, DELETE and CLOSE subtract. Changes of what is
    /// not known stay unknown.
    pub fn after(before: Option<&Self>, file: &Contents) -> Option<Self> {
        if file.action == Action::Refresh {
            let rows = if file.key.is_empty() { file.rows } else { file.present.len() };
            return Some(Self { key: file.key.clone(), rows, keys: file.present.clone() });
        }
        let before = before?;
        if !before.key.is_empty() && before.key == file.key {
            let keys = before.keys.united(&file.present).without(&file.removed);
            return Some(Self { key: file.key.clone(), rows: keys.len(), keys });
        }
        // Which of the rows were there is not known without a key: at least the larger number is there.
        let rows = before.rows.max(file.rows).saturating_sub(file.removed_rows);
        Some(Self { key: Vec::new(), rows, keys: KeySet::default() })
    }
}

/// What a file leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Keys, or rows where there is no key, that are missing.
    pub left_out: u64,
    /// Of how many.
    pub of: u64,
    /// Keys were compared, and not numbers of rows.
    pub by_key: bool,
}

/// A file beside what was loaded before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It closes nothing: its rows are changes.
    Exempt,
    /// Nothing is known of what was loaded before.
    Nothing,
    /// It was compared.
    Found(Dropped),
}

/// Compares a file with what is known of its trigger.
pub fn compare(file: &Contents, loaded: Option<&Loaded>) -> Comparison {
    if file.action == Action::Change {
        return Comparison::Exempt;
    }
    let Some(loaded) = loaded else { return Comparison::Nothing };
    let by_key = !file.key.is_empty() && file.key == loaded.key;
    let left_out = if by_key {
        loaded.keys.missing_in(&file.present)
    } else {
        loaded.rows.saturating_sub(file.rows)
    };
    Comparison::Found(Dropped { left_out, of: loaded.rows, by_key })
}

/// The latest file after the one of this acceptance and run that may have changed what Knosc has: what was compared with is stale.
pub fn changed_since(accepted: i64, run_number: i64, earlier: &[Earlier]) -> Option<&Earlier> {
    let since = earlier.iter().filter(|earlier| match earlier.step.standing {
        Standing::Unknown => earlier.run_number > run_number,
        _ => earlier.step.accepted.is_some_and(|later| later > accepted),
    });
    since.max_by_key(|earlier| (earlier.run_number, earlier.step.step))
}
