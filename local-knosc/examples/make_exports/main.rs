//! Writes the sample exports: thirteen files as an ERP of a made-up pump maker would, and one broken file.
//! The same bytes on every run, so that a diff shows what was changed on purpose.
//!
//! `cargo run -p local-knosc --example make_exports [DIRECTORY]`, by default `examples` of the workspace.

mod erp;
mod write;

use std::path::Path;

use write::{Cell, Outcome, write};

fn main() -> Outcome {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "examples".to_owned());
    let (good, broken) =
        (Path::new(&directory).join("exports"), Path::new(&directory).join("exports-broken"));
    let files: [(&str, &str, Vec<Vec<Cell>>); 13] = [
        ("unit-master.csv", "unit-master", erp::units()),
        ("warehouses.xlsx", "warehouse-master", erp::warehouses()),
        (
            "suppliers.csv",
            "supplier-master",
            erp::partners(erp::SUPPLIERS, erp::supplier, &erp::TRADES, "SF"),
        ),
        (
            "customers.xlsx",
            "customer-master",
            erp::partners(erp::CUSTOMERS, erp::customer, &erp::BUYERS, "ST"),
        ),
        ("items.xlsx", "item-master", erp::items()),
        ("external-item-master.csv", "external-item-master", erp::external_items()),
        ("bill-of-materials.xlsx", "bill-of-materials", erp::bills()),
        ("supplier-allocation.csv", "supplier-allocation", erp::allocations()),
        ("inventory.csv", "inventory", erp::inventory()),
        ("purchase-orders.xlsx", "procurement", erp::purchase_orders()),
        ("sales-orders.csv", "demand", erp::sales_orders()),
        ("manufacturing.csv", "manufacturing", erp::manufacturing()),
        ("forecast.csv", "forecast", erp::forecast()),
    ];
    for (name, trigger, rows) in &files {
        write(&good.join(name), trigger, rows)?;
    }
    write(&broken.join("items.xlsx"), "item-master", &erp::broken_items())
}
