//! The sample exports: each loads in the documented order, and the broken one fails as documented.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::client::{Client, signed_in};

const FILES: [(&str, &str, u64); 13] = [
    ("unit-master", "unit-master.csv", 24),
    ("warehouse-master", "warehouses.xlsx", 24),
    ("supplier-master", "suppliers.csv", 480),
    ("customer-master", "customers.xlsx", 720),
    ("item-master", "items.xlsx", 5_000),
    ("external-item-master", "external-item-master.csv", 1_200),
    ("bill-of-materials", "bill-of-materials.xlsx", 750),
    ("supplier-allocation", "supplier-allocation.csv", 900),
    ("inventory", "inventory.csv", 1_500),
    ("procurement", "purchase-orders.xlsx", 8_000),
    ("demand", "sales-orders.csv", 8_000),
    ("manufacturing", "manufacturing.csv", 600),
    ("forecast", "forecast.csv", 1_200),
];

fn run(client: &mut Client, trigger: &str, path: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
    let bytes = std::fs::read(&path).unwrap();
    let answer =
        client.upload(trigger, path.file_name().unwrap().to_str().unwrap(), &bytes).to_json();
    client.now += 1_000;
    client.poll(trigger, answer["job_id"].as_str().unwrap())
}

#[test]
fn the_sample_exports_load_and_the_broken_one_fails_as_documented() {
    let mut client = signed_in();
    let mut total = 0;
    for (trigger, name, rows) in FILES {
        let path = format!("exports/{name}");
        let job = run(&mut client, trigger, &path);
        assert_eq!(
            (&job["status"], &job["rows_processed"]),
            (&json!("completed"), &json!(rows)),
            "{trigger} {job}"
        );
        total = client.model.uploads().iter().map(|upload| upload.size).sum();
    }
    assert!(total < 1_500_000, "{total} bytes");
    let job = run(&mut client, "item-master", "exports-broken/items.xlsx");
    assert_eq!(job["rows_processed"], 412);
    let expected = json!([
        {"row": 413, "message": "Item Unit 'EACH' not found in Unit Master"},
        {"row": 419, "message": "Duplicate Item Number: WIDGET-99"}
    ]);
    assert_eq!(job["errors"], expected);
}
