//! A list of parts in the JSON of `CycloneDX`: every crate that is compiled into a program or a component, with its licence and the digest of its
//! download.
//!
//! Taken from cargo itself: `cargo tree` for what is built, features and target told; `Cargo.lock` for digests and for who brings whom. A
//! list of 150 lines, since `cargo-cyclonedx` reads the manifests of a whole workspace and knows no features of one build. It has no
//! number and no date of its own, so that the same tree gives the same bytes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

/// The version of `CycloneDX` that most tools read.
const SPEC: &str = "1.5";

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// Writes the list of a package, as it is built for a target.
pub(crate) fn write(
    package: &str,
    target: &str,
    lock: &Path,
    file: &Path,
) -> Result<(), Box<dyn Error>> {
    let lock: Lock = toml::from_str(&fs::read_to_string(lock)?)?;
    let licences = built(package, target)?;
    let parts: Vec<(&Locked, &str)> = lock
        .package
        .iter()
        .filter_map(|locked| {
            let licence = licences.get(&(locked.name.clone(), locked.version.clone()))?;
            Some((locked, licence.as_str()))
        })
        .collect();
    if parts.len() != licences.len() {
        let (parts, built) = (parts.len(), licences.len());
        return Err(format!("{built} crates are built, of which {parts} are locked").into());
    }
    let document = document(package, &parts)?;
    fs::write(file, format!("{document:#}\n"))?;
    Ok(())
}

/// What cargo compiles into it: names and versions, with their licences. What only a build script or a macro uses is not in it.
fn built(
    package: &str,
    target: &str,
) -> Result<BTreeMap<(String, String), String>, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "-p", package, "--target", target, "-e", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--format", "{p}\t{l}"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut built = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        // What cargo showed before has this mark behind it.
        let line = line.trim_end_matches(" (*)");
        let (part, licence) = line.split_once('\t').ok_or("cargo tree gave no licence")?;
        let mut words = part.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            return Err(format!("cargo tree says {part}").into());
        };
        let version = version.trim_start_matches('v').to_owned();
        built.insert((name.to_owned(), version), licence.to_owned());
    }
    Ok(built)
}

fn document(package: &str, parts: &[(&Locked, &str)]) -> Result<Value, Box<dyn Error>> {
    let own = parts.iter().find(|(part, _)| part.name == package);
    let (own, own_licence) = own.ok_or("the package is not in its own tree")?;
    let others = parts.iter().filter(|(part, _)| part.name != package);
    let components: Vec<Value> = others.map(|(part, licence)| component(part, licence)).collect();
    let dependencies: Vec<Value> = parts
        .iter()
        .map(|(part, _)| {
            let brought = parts.iter().filter(|(other, _)| names(part, other));
            let brought: Vec<String> = brought.map(|(other, _)| purl(other)).collect();
            json!({ "ref": purl(part), "dependsOn": brought })
        })
        .collect();
    let mut main = component(own, own_licence);
    if let Some(fields) = main.as_object_mut() {
        fields.insert("type".to_owned(), "application".into());
    }
    Ok(json!({
        "bomFormat": "CycloneDX", "specVersion": SPEC, "version": 1,
        "metadata": { "component": main },
        "components": components, "dependencies": dependencies,
    }))
}

fn component(part: &Locked, licence: &str) -> Value {
    // Cargo's old way to write "or".
    let licence = licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
    let mut value = json!({
        "type": "library", "bom-ref": purl(part), "name": part.name, "version": part.version,
        "purl": purl(part), "licenses": [{ "expression": licence }],
    });
    if let (Some(checksum), Some(fields)) = (&part.checksum, value.as_object_mut()) {
        let hashes = json!([{ "alg": "SHA-256", "content": checksum }]);
        fields.insert("hashes".to_owned(), hashes);
    }
    value
}

fn purl(part: &Locked) -> String {
    format!("pkg:cargo/{}@{}", part.name, part.version)
}

/// Whether a package's entry in the lock file names another: by its name alone, or with the version where there are several.
fn names(part: &Locked, other: &Locked) -> bool {
    part.dependencies.iter().any(|dependency| {
        let mut words = dependency.split(' ');
        words.next() == Some(other.name.as_str())
            && words.next().is_none_or(|version| version == other.version)
    })
}
