//! The sample exports have nothing wrong with them, and the broken one has what Knosc will say of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs::{File, read_dir};
use std::io::BufReader;
use std::path::Path;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::{Candidate, Checked, Limits, ReadingOptions, check};

const FILES: [(&str, Trigger); 13] = [
    ("unit-master.csv", Trigger::UnitMaster),
    ("warehouses.xlsx", Trigger::WarehouseMaster),
    ("suppliers.csv", Trigger::SupplierMaster),
    ("customers.xlsx", Trigger::CustomerMaster),
    ("items.xlsx", Trigger::ItemMaster),
    ("external-item-master.csv", Trigger::ExternalItemMaster),
    ("bill-of-materials.xlsx", Trigger::BillOfMaterials),
    ("supplier-allocation.csv", Trigger::SupplierAllocation),
    ("inventory.csv", Trigger::Inventory),
    ("purchase-orders.xlsx", Trigger::Procurement),
    ("sales-orders.csv", Trigger::Demand),
    ("manufacturing.csv", Trigger::Manufacturing),
    ("forecast.csv", Trigger::Forecast),
];

fn checked(broken: &[&str]) -> Vec<Checked> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let open = |name: &str| {
        let folder = if broken.contains(&name) { "exports-broken" } else { "exports" };
        BufReader::new(File::open(examples.join(folder).join(name)).unwrap())
    };
    let mut contents: Vec<_> = FILES.iter().map(|(name, _)| open(name)).collect();
    let candidates = FILES.iter().zip(&mut contents).map(|((name, trigger), content)| Candidate {
        trigger: *trigger,
        name: (*name).to_owned(),
        kind: FileKind::of_name(name).unwrap(),
        allow_empty: false,
        template: None,
        key: None,
        content,
    });
    check(candidates.collect(), &ReadingOptions::default(), &Limits::default())
}

#[test]
fn the_sample_exports_have_nothing_wrong_with_them() {
    let count = read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/exports"));
    assert_eq!(count.unwrap().count(), FILES.len());
    for file in checked(&[]) {
        assert!(file.rows > 1, "{file:?}");
        assert!(file.findings.is_empty(), "{:#?}", file.findings);
    }
}

#[test]
fn the_broken_export_is_told_in_the_words_that_knosc_will_use() {
    let files = checked(&["items.xlsx"]);
    let items = files.iter().find(|file| file.trigger == Trigger::ItemMaster).unwrap();
    let found: Vec<_> = items
        .findings
        .iter()
        .map(|finding| (finding.code.name(), finding.cell.as_deref(), finding.message.as_str()))
        .collect();
    let duplicate = "Duplicate Item Number: WIDGET-99, which stands in line 100 too";
    let unit =
        "Item Unit 'EACH' not found in Unit Master: unit-master.csv holds 24; the nearest is 'EA'";
    let expected =
        [("key-duplicate", Some("A420"), duplicate), ("reference-missing", Some("G414"), unit)];
    assert_eq!(found, expected);
}
