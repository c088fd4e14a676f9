//! What programs rely on: stdout and stderr stay parseable together, and a version costs nothing.
//!
//! Through pipes, as scripts read it.

use std::process::Stdio;

use super::binary;
use super::place::{Place, knosc, run, wait_until};

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

/// One object on stderr, and with the events on stdout every line of both is JSON.
#[test]
fn a_fatal_error_is_one_object_in_every_verb_and_form() {
    let knosc = knosc();
    let place = Place::new("fatal");
    place.export("unit-master.csv", "exports/units.csv");
    let verbs: [&[&str]; 7] = [
        &["run", "exports", "--settle", "0s"],
        &["upload", "unit-master", "exports/units.csv"],
        &["poll", "unit-master:unit-master-upload-000000"],
        &["login"],
        &["template", "list"],
        &["template", "get", "unit-master"],
        &["auth", "status"],
    ];
    for verb in verbs {
        for form in ["json", "ndjson"] {
            let mut command = place.runner(&knosc.url(), verb);
            command.args(["--output", form]).env("KNOSC_PASSWORD", "wrong");
            if verb[0] == "auth" {
                command.env_remove("KNOSC_PASSWORD");
            }
            let found = run(&mut command);
            assert_eq!(found.exit, 4, "{verb:?}: {found:?}");
            assert_eq!(found.stderr.lines().count(), 1, "{verb:?}: {found:?}");
            for line in found.stdout.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
            let error: serde_json::Value = serde_json::from_str(&found.stderr).unwrap();
            assert_eq!((&error["type"], &error["exit_code"]), (&"error".into(), &4.into()));
            assert!(["code", "message", "known", "hint"].iter().all(|key| error[key].is_string()));
        }
    }
    assert_eq!(knosc.model().sign_in_attempts(), 1);
}

#[test]
fn several_jobs_are_polled_at_once_whatever_order_they_come_in() {
    let knosc = knosc();
    let place = Place::new("several");
    let mut jobs = Vec::new();
    for (trigger, export) in
        [("unit-master", "unit-master.csv"), ("supplier-master", "suppliers.csv")]
    {
        let path = place.export(export, export);
        let mut command = place.runner(&knosc.url(), &["upload", trigger, "--output", "json"]);
        let found = run(command.arg(path).arg("--detach"));
        assert_eq!(found.exit, 0, "{found:?}");
        let report: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
        jobs.push(format!("{trigger}:{}", report["steps"][0]["job_id"].as_str().unwrap()));
    }
    let faults = r#"{"faults":{"polls":{"reorder":true,"foreign":2}}}"#;
    let now = knosc.now_ms();
    knosc.model().turn(local_knosc::DEFAULT_TENANT, faults.as_bytes(), now).unwrap();
    let mut command = place.runner(&knosc.url(), &["poll", "--wait", "1m", "--output", "json"]);
    let found = run(command.args(&jobs));
    assert_eq!(found.exit, 0, "{found:?}");
    let document: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let told: Vec<_> = document["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| {
            format!("{}:{}", job["trigger"].as_str().unwrap(), job["job_id"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, jobs, "in the order asked, and nobody else's");
}

/// A machine that gives no memory is nobody's mistake but this machine's.
#[cfg(target_os = "linux")]
#[test]
fn what_is_wrong_inside_is_exit_code_1() {
    let knosc = knosc();
    let place = Place::new("internal");
    place.export("unit-master.csv", "units.csv");
    let runner = place.runner(&knosc.url(), &[]);
    let mut shell = std::process::Command::new("sh");
    // The component wants four GiB of addresses, of which it uses next to nothing.
    let line = "ulimit -v 1000000; exec \"$RUNNER\" upload unit-master units.csv -q";
    shell.args(["-c", line]).env_clear().current_dir(place.path());
    shell.envs(runner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let found = run(shell.env("RUNNER", binary::path()));
    assert_eq!(found.exit, 1, "{found:?}");
    assert!(found.stderr.starts_with("error: "), "{found:?}");
    assert!(found.stderr.contains("known: ") && found.stderr.contains("hint: "), "{found:?}");
    assert_eq!(knosc.model().upload_posts(), 0);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
    let place = Place::new("fifo");
    let made = std::process::Command::new("mkfifo").arg(place.path().join("units.csv")).status();
    assert!(made.unwrap().success());
    for words in
        [&["check", "units.csv"][..], &["plan", "."], &["upload", "unit-master", "units.csv"]]
    {
        let mut command = place.runner("https://acme.knosc.io", words);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut ended = None;
        wait_until("its end", || {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        assert_eq!(ended.unwrap().code(), Some(2), "{words:?}");
        let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
        assert!(said.contains("save it to a file first"), "{words:?}: {said}");
    }
}
