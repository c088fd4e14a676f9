//! Which trigger a file's name means.
//!
//! Names in, triggers out; opens nothing.

use knosc_bulk_import::trigger::Trigger;

/// Names beside the triggers' own: those of the guide's text and examples, and their plain plurals.
const NAMES: [(&str, Trigger); 33] = [
    ("units", Trigger::UnitMaster),
    ("unit", Trigger::UnitMaster),
    ("warehouses", Trigger::WarehouseMaster),
    ("warehouse", Trigger::WarehouseMaster),
    ("suppliers", Trigger::SupplierMaster),
    ("supplier", Trigger::SupplierMaster),
    ("vendors", Trigger::SupplierMaster),
    ("customers", Trigger::CustomerMaster),
    ("customer", Trigger::CustomerMaster),
    ("items", Trigger::ItemMaster),
    ("item", Trigger::ItemMaster),
    ("external-items", Trigger::ExternalItemMaster),
    ("external-item", Trigger::ExternalItemMaster),
    ("bom", Trigger::BillOfMaterials),
    ("boms", Trigger::BillOfMaterials),
    ("bill-of-material", Trigger::BillOfMaterials),
    ("bills-of-materials", Trigger::BillOfMaterials),
    ("supplier-allocations", Trigger::SupplierAllocation),
    ("allocations", Trigger::SupplierAllocation),
    ("inventories", Trigger::Inventory),
    ("stock", Trigger::Inventory),
    ("purchase-orders", Trigger::Procurement),
    ("purchase-order", Trigger::Procurement),
    ("po", Trigger::Procurement),
    ("pos", Trigger::Procurement),
    ("sales-orders", Trigger::Demand),
    ("sales-order", Trigger::Demand),
    ("so", Trigger::Demand),
    ("manufacturing-orders", Trigger::Manufacturing),
    ("manufacturing-order", Trigger::Manufacturing),
    ("mo", Trigger::Manufacturing),
    ("forecasts", Trigger::Forecast),
    ("forecast-data", Trigger::Forecast),
];

/// The trigger that a file name means, whatever its case, date and `-export`.
pub fn trigger_of(file_name: &str) -> Option<Trigger> {
    let (stem, _) = file_name.rsplit_once('.')?;
    let mut words: Vec<String> = stem
        .split(['-', '_', ' ', '.'])
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    while words.len() > 1 && words.last().is_some_and(|word| is_suffix(word)) {
        words.pop();
    }
    let name = words.join("-");
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, trigger)| *trigger);
    name.parse().ok().or(known)
}

/// Whether a last word says when or that it was exported, and not what: a date, a time (`T0845`, `0845Z`), `export`.
fn is_suffix(word: &str) -> bool {
    let digits = word.trim_start_matches(['t', 'v']).trim_end_matches('z');
    matches!(word, "export" | "exported")
        || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b't'))
}

/// Every name that is understood, by trigger, for people.
pub fn understood() -> String {
    let line = |trigger: Trigger| {
        let others = NAMES.iter().filter(|(_, of)| *of == trigger).map(|(name, _)| *name);
        std::iter::once(trigger.name()).chain(others).collect::<Vec<_>>().join(" = ")
    };
    Trigger::ALL.map(line).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_guide_and_of_erps() {
        let check = |name: &str, trigger| assert_eq!(trigger_of(name), trigger, "{name}");
        for trigger in Trigger::ALL {
            check(&format!("{trigger}.csv"), Some(trigger));
            check(
                &format!("{}_20240601-0845.XLSX", trigger.name().to_uppercase().replace('-', "_")),
                Some(trigger),
            );
        }
        check("ITEMS_2024-06-01.csv", Some(Trigger::ItemMaster));
        check("item-master-export.xlsx", Some(Trigger::ItemMaster));
        check("items-export-2024-06-01T084522Z.xlsx", Some(Trigger::ItemMaster));
        check("Purchase Orders.xlsx", Some(Trigger::Procurement));
        check("sales-orders.v2.csv", Some(Trigger::Demand));
        check("BOM.xlsx", Some(Trigger::BillOfMaterials));
        check("items-old.csv", None);
        check("2024-06-01.csv", None);
        check("export.csv", None);
        check("items", None);
    }
}
