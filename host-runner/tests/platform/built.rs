//! What is compiled in, and that none of it is older than its last known weakness.
//!
//! Asks cargo about what is locked here; needs no network.

use std::collections::BTreeSet;

use xtask::components::cargo;
use xtask::place;

/// The first version of each package without a weakness that is known and matters here.
const FLOORS: [(&str, [u64; 3]); 6] = [
    // 36 advisories between 48.0.0 and 48.0.8, eleven of which a pipeline could reach.
    ("wasmtime", [48, 0, 8]),
    ("wasmtime-wasi", [48, 0, 8]),
    ("wasmtime-wasi-http", [48, 0, 8]),
    ("rustls", [0, 23, 46]),
    ("rustls-webpki", [0, 103, 17]),
    // Comes with wasmtime-wasi-http; nothing here speaks HTTP/2.
    ("h2", [0, 4, 17]),
];

/// What wasmtime has here. Neither its garbage collector nor threads, stack switching or asynchronous components (WASI 0.3).
const WASMTIME: [&str; 8] = [
    "async",
    "component-model",
    "cranelift",
    "once_cell",
    "pooling-allocator",
    "runtime",
    "std",
    "wasmtime-jit-icache-coherence",
];

#[test]
fn nothing_is_older_than_its_last_known_weakness() {
    let lock = std::fs::read_to_string(place::root().unwrap().join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    for (name, floor) in FLOORS {
        let versions: Vec<&str> = packages
            .iter()
            .filter(|package| package["name"].as_str() == Some(name))
            .map(|package| package["version"].as_str().unwrap())
            .collect();
        assert!(name == "h2" || !versions.is_empty(), "{name} is not locked");
        for version in versions {
            assert!(parts(version) >= floor, "{name} {version} is older than {floor:?}");
        }
    }
}

fn parts(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap());
    [(); 3].map(|()| parts.next().unwrap())
}

#[test]
fn wasmtime_has_what_is_needed_and_nothing_more() {
    let mut tree = cargo();
    tree.current_dir(place::root().unwrap());
    tree.args(["tree", "--offline", "--locked", "--package", "knosc-runner", "--edges", "normal"]);
    tree.args(["--prefix", "none", "--format", "{p}|{f}"]);
    let output = tree.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let features = |package: &str| -> BTreeSet<String> {
        let line = text.lines().find(|line| line.starts_with(&format!("{package} v")));
        let line = line.unwrap_or_else(|| panic!("{package} is not used"));
        let (_, features) = line.split_once('|').unwrap();
        let features = features.split(' ').next().unwrap();
        features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(features("wasmtime"), WASMTIME.map(str::to_owned).into());
    for package in ["wasmtime-wasi", "wasmtime-wasi-http"] {
        assert_eq!(features(package), ["p2".to_owned()].into(), "{package}");
    }
    for package in ["wasmtime-wasi-keyvalue", "wasmtime-wasi-config", "wasmtime-wasi-nn"] {
        assert!(!text.contains(&format!("{package} v")), "{package} is compiled in");
    }
}
