//! The documented order, for every order in which files can be given.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use knosc_bulk_import::plan::{FILES_MAX, Plan, PlanError, Planned};
use knosc_bulk_import::trigger::Trigger;
use proptest::prelude::*;

fn files(triggers: &[Trigger]) -> Vec<Planned> {
    triggers
        .iter()
        .enumerate()
        .map(|(index, trigger)| Planned { trigger: *trigger, file_name: format!("{index}.csv") })
        .collect()
}

#[test]
fn the_documented_order_is_the_guides() {
    let names: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.name()).collect();
    let guide = [
        "unit-master",
        "warehouse-master",
        "supplier-master",
        "customer-master",
        "item-master",
        "external-item-master",
        "bill-of-materials",
        "supplier-allocation",
        "inventory",
        "procurement",
        "demand",
        "manufacturing",
        "forecast",
    ];
    assert_eq!(names, guide);
}

#[test]
fn two_files_of_one_trigger_are_refused_unless_allowed() {
    let twice = files(&[Trigger::Inventory, Trigger::UnitMaster, Trigger::Inventory]);
    let error = Plan::new(twice.clone(), false).unwrap_err();
    assert_eq!(
        error,
        PlanError::RepeatedTrigger {
            trigger: Trigger::Inventory,
            first: "0.csv".into(),
            second: "2.csv".into()
        }
    );
    assert!(error.hint().contains("allow-repeated-trigger"));
    assert_eq!(Plan::new(twice, true).unwrap().order(), [1, 0, 2], "the order given is kept");
}

#[test]
fn no_files_and_too_many_are_refused() {
    assert_eq!(Plan::new(Vec::new(), true).unwrap_err(), PlanError::Empty);
    let many = files(&vec![Trigger::Demand; FILES_MAX + 1]);
    assert_eq!(Plan::new(many, true).unwrap_err(), PlanError::TooMany { count: FILES_MAX + 1 });
}

proptest! {
    #[test]
    fn any_order_given_becomes_the_documented_one(
        given in Just(Trigger::ALL.to_vec()).prop_shuffle(),
        count in 1_usize..=13,
    ) {
        let given = &given[..count];
        let plan = Plan::new(files(given), false).unwrap();
        let sent: Vec<Trigger> = plan.order().iter().map(|index| given[*index]).collect();
        prop_assert!(sent.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(sent.len(), count);
    }
}
