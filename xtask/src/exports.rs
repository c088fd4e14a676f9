//! The sample exports of `examples/exports`, for tests and benches that have to name each trigger.
//!
//! A list; whether knosc-runner comes to the same order by itself is what those tests ask.

/// Each trigger and its file, in the documented order.
pub const EXPORTS: [(&str, &str); 13] = [
    ("unit-master", "unit-master.csv"),
    ("warehouse-master", "warehouses.xlsx"),
    ("supplier-master", "suppliers.csv"),
    ("customer-master", "customers.xlsx"),
    ("item-master", "items.xlsx"),
    ("external-item-master", "external-item-master.csv"),
    ("bill-of-materials", "bill-of-materials.xlsx"),
    ("supplier-allocation", "supplier-allocation.csv"),
    ("inventory", "inventory.csv"),
    ("procurement", "purchase-orders.xlsx"),
    ("demand", "sales-orders.csv"),
    ("manufacturing", "manufacturing.csv"),
    ("forecast", "forecast.csv"),
];
