//! COVERAGE.md names tests; each of them has to exist.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_test_named_here_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("COVERAGE.md")).unwrap();
    let named: BTreeSet<&str> = text.split('`').filter(|part| part.contains("::")).collect();
    assert!(named.len() > 40, "{} names", named.len());
    for name in named {
        let (area, function) = name.split_once("::").unwrap();
        let source = fs::read_to_string(root.join(format!("tests/{area}.rs"))).unwrap_or_default();
        assert!(
            source.contains(&format!("#[test]\nfn {function}() {{")),
            "{name} is named and does not exist"
        );
    }
}

#[test]
fn no_dependency_is_one_of_this_project() {
    let manifest = include_str!("../Cargo.toml");
    assert!(
        !manifest.contains("path = \"..") && !manifest.contains("knosc-"),
        "it would share our mistakes"
    );
}
