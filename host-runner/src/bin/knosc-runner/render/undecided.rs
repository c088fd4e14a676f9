//! A step whose outcome is not known: what can be looked up in Knosc, and how to say what was found. Text and JSON of one value.
//!
//! Names only what is documented to be readable; asks Knosc nothing and decides nothing.

use knosc_bulk_import::run::{Outcome, StepReport};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::RecordedRun;

use crate::document::Lookup;

/// Holds for every trigger, whether or not it has a documented list.
const LOOK: [&str; 2] = [
    "the page of its objects, and the file that was uploaded there last",
    "rows that only this file holds say that it arrived; that they are missing says nothing while a job may be queued",
];

/// What a person needs to decide about a step.
pub struct Undecided {
    /// As `runs show` numbers it.
    number: usize,
    trigger: Trigger,
    /// The address of the documented list of what is stored, if there is one.
    list: Option<String>,
    /// What to type for either answer.
    accepted: String,
    not_accepted: String,
}

impl Undecided {
    /// None where there is nothing to decide. `state` is what has to be typed to find the run's state folder.
    pub fn of(run: &RecordedRun, step: &StepReport, number: usize, state: &str) -> Option<Self> {
        if !matches!(step.outcome, Outcome::Unknown(_) | Outcome::Lost(_)) {
            return None;
        }
        let (id, trigger) = (&run.id, step.trigger);
        let resolve = format!("knosc-runner runs resolve {id} {number}");
        Some(Self {
            number,
            trigger,
            list: list_path(trigger).map(|path| format!("{}{path}", run.tenant)),
            accepted: format!("{resolve} --accepted JOB-ID{state}"),
            not_accepted: format!("{resolve} --not-accepted{state}"),
        })
    }

    pub fn text(&self) -> String {
        let Self { number, trigger, accepted, not_accepted, .. } = self;
        let list = self
            .list
            .as_ref()
            .map_or_else(String::new, |list| format!("    GET {list} lists what is stored now\n"));
        let look = LOOK.map(|line| format!("    {line}\n")).concat();
        format!(
            "step {number}, {trigger}: to decide, look in Knosc:\n{list}{look}  {accepted}\n  {not_accepted}\n"
        )
    }

    /// The field `check` of a step.
    pub fn lookup(self) -> Lookup {
        let Self { list, accepted, not_accepted, .. } = self;
        Lookup { list_url: list, look: LOOK.to_vec(), accepted, not_accepted }
    }
}

/// The documented list of a trigger's objects; none is documented for the others.
const fn list_path(trigger: Trigger) -> Option<&'static str> {
    match trigger {
        Trigger::UnitMaster => Some("/api/unit-master"),
        Trigger::WarehouseMaster => Some("/api/warehouse-master"),
        Trigger::SupplierMaster => Some("/api/supplier-master"),
        Trigger::CustomerMaster => Some("/api/customer-master"),
        Trigger::ItemMaster => Some("/api/item-master"),
        Trigger::ExternalItemMaster => Some("/api/external-item-master"),
        Trigger::BillOfMaterials => Some("/api/bill-of-materials"),
        Trigger::SupplierAllocation => Some("/api/supplier-allocation"),
        Trigger::Procurement => Some("/api/purchase-order"),
        Trigger::Inventory | Trigger::Demand | Trigger::Manufacturing | Trigger::Forecast => None,
    }
}
