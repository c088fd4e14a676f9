//! What programs rely on: stdout and stderr stay parseable together, and a version costs nothing.
//!
//! Through pipes, as scripts read it.

use std::process::Stdio;

use super::binary;

#[test]
fn json_survives_both_streams_in_one_pipe() {
    let home = std::env::temp_dir();
    let output = binary::command(&home)
        .args([
            "--output",
            "json",
            "plan",
            "no-such-folder.toml",
            "--base-url",
            "https://acme.knosc.io",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let both = [output.stdout, output.stderr].concat();
    let value: serde_json::Value = serde_json::from_slice(&both).unwrap();
    assert_eq!(value["type"], "error");
    assert_eq!(value["exit_code"], 2);
    assert!(value["code"].is_string() && value["hint"].is_string());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn usage_errors_are_json_too() {
    let output = binary::command(&std::env::temp_dir())
        .args(["--output=json", "no-such-verb"])
        .output()
        .unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(value["code"], "usage");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn secrets_of_the_environment_are_not_in_the_help() {
    let output = binary::command(&std::env::temp_dir())
        .args(["upload", "--help"])
        .env("KNOSC_PASSWORD", "canary-word")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("canary-word"));
}
