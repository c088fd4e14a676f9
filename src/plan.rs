//! Files in the order in which Knosc wants them.
//!
//! Knows triggers and file names; opens nothing. A step keeps the index that its caller gave the file.

use crate::trigger::Trigger;

/// One file of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Where the file goes.
    pub trigger: Trigger,
    /// Its name, for people and for the multipart head.
    pub file_name: String,
}

/// Files, and the documented order of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    files: Vec<Planned>,
    order: Vec<usize>,
}

/// Files that cannot become a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is nothing to send.
    #[error("no files were given")]
    Empty,
    /// A second REFRESH of a trigger closes what the first one loaded.
    #[error("two files for {trigger}: {first} and {second}")]
    RepeatedTrigger {
        /// The trigger that both files name.
        trigger: Trigger,
        /// The file given first.
        first: String,
        /// The file given after it.
        second: String,
    },
    /// More files than an index of an event can name sensibly.
    #[error("{count} files were given, at most {FILES_MAX} are taken")]
    TooMany {
        /// How many were given.
        count: usize,
    },
}

impl PlanError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "name at least one file",
            Self::RepeatedTrigger { .. } => {
                "a second file closes what the first one loaded; join them, or set allow-repeated-trigger if each file is whole on purpose"
            }
            Self::TooMany { .. } => "Knosc knows thirteen triggers; make several runs",
        }
    }
}

/// Files that one plan takes: each trigger some dozens of times over, far beyond any real import.
pub const FILES_MAX: usize = 1_000;

impl Plan {
    /// Sorts files into the documented order; two of one trigger keep the order given, where that is allowed at all.
    ///
    /// # Errors
    /// - [`PlanError::Empty`] if there are no files.
    /// - [`PlanError::RepeatedTrigger`] if two files name one trigger and `allow_repeated_trigger` is off.
    /// - [`PlanError::TooMany`] beyond [`FILES_MAX`].
    ///
    /// ```
    /// use knosc_bulk_import::{plan::{Plan, Planned}, trigger::Trigger};
    ///
    /// let file = |trigger, name: &str| Planned { trigger, file_name: name.to_owned() };
    /// let files = vec![file(Trigger::Demand, "so.csv"), file(Trigger::ItemMaster, "items.xlsx")];
    /// let plan = Plan::new(files, false)?;
    /// assert_eq!(plan.order(), [1, 0]);
    /// # Ok::<(), knosc_bulk_import::plan::PlanError>(())
    /// ```
    pub fn new(files: Vec<Planned>, allow_repeated_trigger: bool) -> Result<Self, PlanError> {
        if files.is_empty() {
            return Err(PlanError::Empty);
        }
        if files.len() > FILES_MAX {
            return Err(PlanError::TooMany { count: files.len() });
        }
        let mut order = Vec::with_capacity(files.len());
        for trigger in Trigger::ALL {
            let mut before: Option<&Planned> = None;
            for (index, file) in files.iter().enumerate() {
                if file.trigger != trigger {
                    continue;
                }
                if let (Some(first), false) = (before.replace(file), allow_repeated_trigger) {
                    let (first, second) = (first.file_name.clone(), file.file_name.clone());
                    return Err(PlanError::RepeatedTrigger { trigger, first, second });
                }
                order.push(index);
            }
        }
        Ok(Self { files, order })
    }

    /// The files as they were given.
    pub fn files(&self) -> &[Planned] {
        &self.files
    }

    /// Indexes into [`Self::files`], in the order of sending.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
}
