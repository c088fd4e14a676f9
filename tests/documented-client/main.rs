//! The guide's own clients and knosc-runner, with the same thirteen files: Knosc has to hold the same afterwards.
//! Neither the guide's Python script nor its curl commands are changed in what they send. Where curl or Python's requests
//! is missing, the test says so by name and passes, unless `KNOSC_REQUIRE_ALL` is set.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{SystemTime, UNIX_EPOCH},
};

use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_USER, Running, TABLES};
use xtask::{exports::EXPORTS, machine::Tool, place};

/// What Knosc took and what it holds now, by trigger.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    /// Trigger, size and SHA-256, in the order accepted.
    uploads: Vec<(String, u64, String)>,
    rows: BTreeMap<String, Vec<Vec<String>>>,
}

#[test]
fn curl_and_knosc_runner_load_the_same() {
    let test = "documented_client::curl_and_knosc_runner_load_the_same";
    if Tool::is_there_for("curl", test).unwrap() {
        let script = package().join("documented-client").join("guide.sh");
        compare(|| {
            let mut guide = Command::new("sh");
            guide.arg(script);
            guide
        });
    }
}

#[test]
fn python_and_knosc_runner_load_the_same() {
    let test = "documented_client::python_and_knosc_runner_load_the_same";
    if Tool::is_there_for("python-requests", test).unwrap() {
        let script = package().join("documented-client").join("guide.py");
        compare(|| {
            let mut guide = Command::new("python3");
            guide.arg(script);
            guide
        });
    }
}

#[test]
fn python_and_knosc_runner_say_of_a_broken_export_what_the_readme_says() {
    let test =
        "documented_client::python_and_knosc_runner_say_of_a_broken_export_what_the_readme_says";
    if !Tool::is_there_for("python-requests", test).unwrap() {
        return;
    }
    let (knosc, folder) = (knosc(), scratch());
    let (units, items) =
        (exports().join("unit-master.csv"), exports().join("../exports-broken/items.xlsx"));
    let mut guide = Command::new("python3");
    guide.arg(package().join("documented-client").join("guide.py")).current_dir(&folder);
    guide.arg("unit-master").arg(&units).arg("item-master").arg(&items);
    guide.env("GUIDE_BASE_URL", knosc.url());
    guide.env("GUIDE_USERNAME", DEFAULT_USER).env("GUIDE_PASSWORD", DEFAULT_PASSWORD);
    let paths = [units.to_str().unwrap(), items.to_str().unwrap()];
    let guide = said(&mut guide, 1);
    let mut runner = Command::new(env!("CARGO_BIN_EXE_knosc-runner"));
    let check = said(runner.args(["check", paths[0], paths[1]]), 7);
    let readme = std::fs::read_to_string(place::root().unwrap().join("README.md")).unwrap();
    let section =
        readme.split("\n## A broken export").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks: Vec<&str> = section.split("```").skip(1).step_by(2).map(str::trim_end).collect();
    assert_eq!(blocks.len(), 2);
    for (block, said) in blocks.into_iter().zip([guide, check]) {
        for line in block.lines().filter(|line| !line.is_empty()) {
            assert!(said.lines().any(|other| other == line), "{line}\n{said}");
        }
    }
    _ = std::fs::remove_dir_all(folder);
}

/// Everything that a program printed.
fn said(command: &mut Command, exit: i32) -> String {
    let output = command.output().unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

fn compare(guide: impl FnOnce() -> Command) {
    let (theirs, ours) = (knosc(), knosc());
    let folder = scratch();
    let mut client = guide();
    for (trigger, file) in EXPORTS {
        client.arg(trigger).arg(exports().join(file));
    }
    client.current_dir(&folder);
    client.env("GUIDE_BASE_URL", theirs.url());
    client.env("GUIDE_USERNAME", DEFAULT_USER).env("GUIDE_PASSWORD", DEFAULT_PASSWORD);
    ended_well(&client.output().unwrap());

    let mut runner = Command::new(env!("CARGO_BIN_EXE_knosc-runner"));
    runner.arg("run").arg(exports()).env("KNOSC_BASE_URL", ours.url());
    runner.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
    runner.env("KNOSC_STATE", folder.join("state"));
    // A fresh checkout is not still being written, and a second between two polls is for a server elsewhere.
    runner.env("KNOSC_SETTLE", "0s").env("KNOSC_POLL_INTERVAL", "20ms");
    ended_well(&runner.output().unwrap());

    let (theirs, ours) = (stored(&theirs), stored(&ours));
    assert_eq!(theirs.uploads.len(), EXPORTS.len());
    assert!(theirs.rows.values().all(|rows| !rows.is_empty()), "every export has rows");
    assert_eq!(theirs, ours);
    _ = std::fs::remove_dir_all(folder);
}

fn knosc() -> Running {
    local_knosc::spawn(Config::default()).unwrap()
}

fn stored(knosc: &Running) -> Stored {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let mut model = knosc.model();
    let uploads = model.uploads().iter();
    let uploads = uploads.map(|u| (u.trigger.clone(), u.size, u.sha256.clone())).collect();
    let triggers = TABLES.iter().map(|table| table.trigger);
    let now = u64::try_from(now).unwrap();
    let rows =
        triggers.map(|name| (name.to_owned(), model.rows(DEFAULT_TENANT, name, now))).collect();
    Stored { uploads, rows }
}

fn ended_well(output: &Output) {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
}

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

fn exports() -> PathBuf {
    place::root().unwrap().join("examples").join("exports")
}

fn scratch() -> PathBuf {
    let name = std::thread::current().name().unwrap_or("main").replace("::", "-");
    let folder =
        place::target().unwrap().join("tmp").join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
