//! The example `embed`, against Knosc on this machine.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../examples/embed.rs"]
#[allow(dead_code, reason = "its main is for readers")]
mod example;

#[tokio::test(flavor = "multi_thread")]
async fn the_example_loads_two_files_in_the_documented_order() {
    let server = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let warehouses = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/exports/warehouses.xlsx");
    let password = local_knosc::DEFAULT_PASSWORD.to_owned();
    let lines = example::load(&server.url(), local_knosc::DEFAULT_USER, password, warehouses)
        .await
        .unwrap();
    assert_eq!(
        lines,
        ["warehouse-master warehouses.xlsx: completed", "unit-master units.csv: completed"]
    );
    let sent: Vec<String> =
        server.model().uploads().iter().map(|upload| upload.trigger.clone()).collect();
    assert_eq!(sent, ["unit-master", "warehouse-master"]);
}
