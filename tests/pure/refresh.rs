//! What a refreshing file leaves out, by a plain model of sets; and how much of that is let through.

use std::collections::BTreeSet;

use knosc_bulk_import::admission::refresh::{
    Action, Allowance, Comparison, Contents, Dropped, Effect, KeySet, Loaded, compare,
};
use knosc_bulk_import::trigger::{Group, Trigger};
use proptest::prelude::*;

fn set(hashes: &[u64]) -> KeySet {
    let sorted: BTreeSet<u64> = hashes.iter().copied().collect();
    KeySet::from_sorted(sorted.into_iter(), hashes.len())
}

fn file(action: Action, present: &[u64], removed: &[u64]) -> Contents {
    let (present, removed) = (set(present), set(removed));
    let (rows, removed_rows) = (present.len(), removed.len());
    Contents { action, key: vec!["_PONumber".into()], rows, removed_rows, present, removed }
}

fn counted(action: Action, rows: u64, removed_rows: u64) -> Contents {
    let (present, removed) = (KeySet::default(), KeySet::default());
    Contents { action, key: Vec::new(), rows, removed_rows, present, removed }
}

/// What a file leaves out of what the files before it made.
fn check(before: &[Contents], next: &Contents, expected: Comparison) {
    let mut loaded = None;
    for file in before {
        loaded = Loaded::after(loaded.as_ref(), file);
    }
    assert_eq!(compare(next, loaded.as_ref()), expected, "{before:?} {next:?}");
}

const fn found(left_out: u64, of: u64, by_key: bool) -> Comparison {
    Comparison::Found(Dropped { left_out, of, by_key })
}

#[test]
fn what_is_left_out_depends_on_all_files_since_the_last_refresh() {
    use Action::{Change, Refresh};
    let refresh = |keys: &[u64]| file(Refresh, keys, &[]);
    check(&[], &refresh(&[1]), Comparison::Nothing);
    check(&[refresh(&[1, 2, 3, 4])], &refresh(&[2, 4, 5]), found(2, 4, true));
    check(&[refresh(&[1, 2])], &refresh(&[]), found(2, 2, true));
    check(&[refresh(&[1, 2])], &file(Change, &[9], &[]), Comparison::Exempt);
    // Replaced, united, subtracted.
    check(&[refresh(&[1, 2]), refresh(&[3])], &refresh(&[3]), found(0, 1, true));
    check(&[refresh(&[1]), file(Change, &[2, 3], &[])], &refresh(&[1]), found(2, 3, true));
    check(&[refresh(&[1, 2]), file(Change, &[], &[2])], &refresh(&[1]), found(0, 1, true));
    // A change of what is not known is not all that there is.
    check(&[file(Change, &[1], &[])], &refresh(&[]), Comparison::Nothing);
}

#[test]
fn without_one_key_for_both_rows_are_counted() {
    use Action::{Change, Refresh};
    check(&[counted(Refresh, 10, 0)], &counted(Refresh, 7, 0), found(3, 10, false));
    check(&[counted(Refresh, 10, 0)], &counted(Refresh, 12, 0), found(0, 10, false));
    check(&[file(Refresh, &[1, 2, 3], &[])], &counted(Refresh, 1, 0), found(2, 3, false));
    let other_key = Contents { key: vec!["_Line".into()], ..file(Refresh, &[1, 2, 3], &[]) };
    check(&[other_key], &file(Refresh, &[7, 8], &[]), found(1, 3, false));
    // Of 10 rows 4 more may be among them or not: at least 10 are there, and 2 of them go.
    let changes = [counted(Refresh, 10, 0), counted(Change, 4, 2)];
    check(&changes, &counted(Refresh, 5, 0), found(3, 8, false));
}

#[test]
fn a_drop_is_permitted_up_to_its_allowance() {
    let check = |allowance: &str, left_out, of, expected| {
        let allowance: Allowance = allowance.parse().unwrap();
        let dropped = Dropped { left_out, of, by_key: true };
        assert_eq!(allowance.permits(&dropped), expected, "{allowance} {dropped:?}");
    };
    check("5%", 5, 100, true);
    check("5%", 6, 100, false);
    check("0%", 0, 0, true);
    check("100%", 7, 7, true);
    check("2.5%", 25, 1_000, true);
    check("2.5%", 26, 1_000, false);
    check("0.05%", 1, 2_000, true);
    check("312", 312, 4_810, true);
    check("311", 312, 4_810, false);
    check("5%", u64::MAX, u64::MAX, false);
    assert_eq!(Allowance::default().to_string(), "5%");
    for text in ["312", "7%", "2.5%", "0.05%", "100%"] {
        assert_eq!(text.parse::<Allowance>().unwrap().to_string(), text);
    }
    for bad in [
        "",
        "%",
        "-1",
        "+1",
        "5 %%",
        "101%",
        "100.01%",
        "1.234%",
        "1.%",
        ".5%",
        "five",
        "99999999999999999999",
    ] {
        assert!(bad.parse::<Allowance>().is_err(), "{bad}");
    }
    assert!(Allowance::ALL.permits_empty());
    assert!(!Allowance::Count(u64::MAX).permits_empty() && !Allowance::default().permits_empty());
}

#[test]
fn each_trigger_has_its_word() {
    let words: Vec<&str> = Trigger::ALL
        .into_iter()
        .filter(|trigger| trigger.group() == Group::Transactions)
        .map(|trigger| Effect::of(trigger).word())
        .collect();
    assert_eq!(words, ["replaces", "closes", "closes", "closes", "archives"]);
    let others = Trigger::ALL.into_iter().filter(|trigger| trigger.group() != Group::Transactions);
    assert!(others.into_iter().all(|trigger| Effect::of(trigger) == Effect::MayClose));
}

#[test]
fn bytes_that_are_no_set_are_refused() {
    let bytes = |numbers: &[u64]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    assert_eq!(KeySet::from_bytes(bytes(&[1, 7])), Some(set(&[7, 1])));
    assert_eq!(KeySet::from_bytes(bytes(&[7, 1])), None);
    assert_eq!(KeySet::from_bytes(bytes(&[7, 7])), None);
    assert_eq!(KeySet::from_bytes(vec![0; 7]), None);
}

proptest! {
    #[test]
    fn sets_are_as_the_models_are(a: BTreeSet<u8>, b: BTreeSet<u8>) {
        let wide = |set: &BTreeSet<u8>| set.iter().map(|n| u64::from(*n) << 56).collect::<Vec<_>>();
        let (ours, theirs) = (set(&wide(&a)), set(&wide(&b)));
        prop_assert_eq!(ours.missing_in(&theirs), a.difference(&b).count() as u64);
        let model = |set_of: BTreeSet<u8>| set(&wide(&set_of));
        prop_assert_eq!(ours.united(&theirs), model(a.union(&b).copied().collect()));
        prop_assert_eq!(ours.without(&theirs), model(a.difference(&b).copied().collect()));
        prop_assert_eq!(KeySet::from_bytes(ours.as_bytes().to_vec()), Some(ours));
    }
}
