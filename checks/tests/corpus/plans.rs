//! Several files of one plan: what a later file names has to be in an earlier one; and the template is law where there is one.

use std::io::Cursor;

use knosc_bulk_import::admission::refresh::Action;
use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger::{
    self, Inventory, ItemMaster, Procurement, SupplierMaster, UnitMaster, WarehouseMaster,
};
use knosc_checks::{Candidate, Code, Limits, ReadingOptions, Severity, Weights, check};

use super::text;

/// Checks CSV files of a plan; gives what was found in the last one, with its messages.
fn check_plan(files: &[(Trigger, &str)], template: Option<&[&str]>) -> Vec<(String, String)> {
    let mut contents: Vec<_> = files.iter().map(|(_, text)| Cursor::new(text.as_bytes())).collect();
    let names =
        template.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let candidates = files.iter().zip(&mut contents).map(|((trigger, _), content)| Candidate {
        trigger: *trigger,
        name: format!("{trigger}.csv"),
        kind: FileKind::Csv,
        allow_empty: false,
        template: names.clone(),
        key: None,
        content,
    });
    let checked = check(candidates.collect(), &ReadingOptions::default(), &Limits::default());
    let last = checked.last().unwrap();
    last.findings.iter().map(|finding| (text(finding), finding.message.clone())).collect()
}

const ITEMS: &str = "_ItemNumber,_ItemDescription,_ItemType,_Status,_SubItemNumber,_SubItemDescription,_ItemUnit\nFG-1,a,,,,,EA\nFG-2,b,,,S1,c,EACH\n";
const UNITS: &str = "_UnitCode\nEA\nPR\n";

#[test]
fn the_guides_own_row_error_is_predicted() {
    // The order of files is Knosc's, whatever the order given is.
    let found = check_plan(&[(ItemMaster, ITEMS), (UnitMaster, UNITS)], None);
    let message =
        "Item Unit 'EACH' not found in Unit Master: unit-master.csv holds 2; the nearest is 'EA'";
    assert_eq!(found, [("warn reference-missing 3".to_owned(), message.to_owned())]);
}

#[test]
fn what_is_not_in_the_plan_is_not_asked_for() {
    assert!(check_plan(&[(ItemMaster, ITEMS)], None).is_empty());
    // Half of a file says nothing of what is in the whole.
    assert!(
        check_plan(&[(UnitMaster, "_UnitCode\nPR\n\"open"), (ItemMaster, ITEMS)], None).len() == 2
    );
    let cut = format!("_UnitCode\n{}", "x".repeat(2 << 20));
    assert!(check_plan(&[(UnitMaster, &cut), (ItemMaster, ITEMS)], None).is_empty());
}

#[test]
fn a_row_that_is_deleted_is_no_longer_there() {
    let found = check_plan(
        &[(UnitMaster, "_UnitCode,_Action\nEA,ADD\nEACH,DELETE\n"), (ItemMaster, ITEMS)],
        None,
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn a_place_of_another_supplier_is_not_the_suppliers() {
    let suppliers = "_SupplierNumber,_ShipFromNumber\nSUP-1,SF-1\nSUP-2,SF-2\n";
    let orders = "_PONumber,_SupplierNumber,_ItemNumber,_WarehouseNumber,_ShipFromNumber,_Quantity,_ETADate,_LineUniqueId\nPO-1,SUP-1,FG-1,WH-1,SF-2,5,2026-01-05,1\nPO-1,SUP-2,FG-1,WH-1,SF-2,5,2026-01-05,2\n";
    let found = check_plan(&[(SupplierMaster, suppliers), (Procurement, orders)], None);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].1.starts_with("Ship From Number 'SF-2' for 'SUP-1' not found in Supplier Master"),
        "{found:?}"
    );
}

#[test]
fn each_row_that_refers_to_nothing_is_counted() {
    let stock = "_ItemNumber,_WarehouseNumber,_Quantity\nFG-1,WH-1,1\nFG-1,WH-2,1\nFG-1,WH-3,1\nFG-1,WH-4,1\nFG-1,WH-5,1\nFG-1,WH-6,1\n";
    let found =
        check_plan(&[(WarehouseMaster, "_WarehouseNumber\nWH-1\n"), (Inventory, stock)], None);
    let found: Vec<&str> = found.iter().map(|(found, _)| found.as_str()).collect();
    assert_eq!(
        found,
        ["warn reference-missing 3", "warn reference-missing 4", "warn reference-missing 5 +2"]
    );
}

#[test]
fn the_template_is_law() {
    let with = |names: &[&str], expected: &[&str]| {
        let found = check_plan(&[(UnitMaster, "_UnitCode,_UnitName\nEA,Each\n")], Some(names));
        let found: Vec<&str> = found.iter().map(|(found, _)| found.as_str()).collect();
        assert_eq!(found, expected, "{names:?}");
    };
    with(&["_UnitCode", "_UnitName"], &[]);
    with(&["_UnitName", "_UnitCode"], &["deny column-order 1"]);
    with(&["_UnitCode", "_UnitName", "_Colour"], &["deny column-missing 1"]);
    with(&["_UnitCode"], &["deny column-unknown 1"]);
    with(&["_UnitCode", "_UnitNames"], &["deny column-misspelt 1", "deny column-missing 1"]);
}

#[test]
fn codes_are_weighed_anew() {
    let bytes = b"_UnitCode,_UnitName\nEA,Each, one\nPR,\xE9\n";
    let mut found = super::look(UnitMaster, FileKind::Csv, bytes, &Limits::default()).findings;
    Weights { deny: vec![Code::Encoding], allow: vec![Code::RowTooLong] }.apply(&mut found);
    let found: Vec<_> = found.iter().map(|finding| (finding.code, finding.severity)).collect();
    assert_eq!(found, [(Code::Encoding, Severity::Deny)]);
}

/// What a file makes of its table: its action, key, rows of both kinds and keys of both kinds.
fn contents(text: &str, key: Option<&[&str]>) -> (Action, String, [u64; 4]) {
    let mut content = Cursor::new(text.as_bytes());
    let candidate = Candidate {
        trigger: UnitMaster,
        name: "units.csv".to_owned(),
        kind: FileKind::Csv,
        allow_empty: true,
        template: None,
        key: key.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        content: &mut content,
    };
    let found = check(vec![candidate], &ReadingOptions::default(), &Limits::default()).remove(0);
    let found = found.contents.unwrap();
    let counts = [found.rows, found.removed_rows, found.present.len(), found.removed.len()];
    (found.action, found.key.join("+"), counts)
}

#[test]
fn what_a_file_makes_of_its_table() {
    use Action::{Change, Refresh};
    let check = |text: &str, key: Option<&[&str]>, action, columns: &str, counts| {
        assert_eq!(contents(text, key), (action, columns.to_owned(), counts), "{text}");
    };
    check("_UnitCode,_UnitName\nA,a\n A ,b\nB,c\n", None, Refresh, "_UnitCode", [3, 0, 2, 0]);
    check("_UnitCode,_Action\nA,ADD\nB,UPDATE\n", None, Change, "_UnitCode", [2, 0, 2, 0]);
    check("_UnitCode,_Action\nA,ADD\nB,DELETE\n", None, Change, "_UnitCode", [1, 1, 1, 1]);
    check("_UnitCode,_Action\nA,\nB,REFRESH\n", None, Refresh, "_UnitCode", [2, 0, 2, 0]);
    // One row that refreshes closes what the file leaves out.
    check("_UnitCode,_Action\nA,REFRESH\nB,DELETE\n", None, Refresh, "_UnitCode", [1, 1, 1, 1]);
    check("_UnitCode,_Action\n", None, Refresh, "_UnitCode", [0; 4]);
    // Without the key's column rows are counted, unless a person says what tells them apart.
    check("Unit,Kind\nA,1\nA,2\n", None, Refresh, "", [2, 0, 0, 0]);
    check("Unit,Kind\nA,1\nA,2\n", Some(&["Unit"]), Refresh, "Unit", [2, 0, 1, 0]);
    check("Unit,Kind\nA,1\nA,2\n", Some(&["Unit", "Kind"]), Refresh, "Unit+Kind", [2, 0, 2, 0]);
    check("Unit,Kind\nA,1\n", Some(&["Unit", "Size"]), Refresh, "", [1, 0, 0, 0]);
}
