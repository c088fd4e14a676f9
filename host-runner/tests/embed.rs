//! The example `embed`, run as a reader would run it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Examples lie beside the folder of the test's own executable.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join(format!("embed{}", std::env::consts::EXE_SUFFIX))
}

#[test]
fn the_example_loads_two_files_in_the_documented_order() {
    let server = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(example())
        .args([server.url().as_str(), local_knosc::DEFAULT_USER])
        .env("KNOSC_PASSWORD", local_knosc::DEFAULT_PASSWORD)
        .current_dir(root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        said,
        "warehouse-master warehouses.xlsx: completed\nunit-master units.csv: completed\n"
    );
    let sent: Vec<String> =
        server.model().uploads().iter().map(|upload| upload.trigger.clone()).collect();
    assert_eq!(sent, ["unit-master", "warehouse-master"]);
}
