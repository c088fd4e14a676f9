//! The commands of `docs/schedule.md`, as they stand there, with this machine's folders in the place of theirs.

use std::path::Path;

use super::place::{Place, knosc, run};

/// Every command of ours in the page; a line that ends in a backslash goes on.
fn commands() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schedule.md");
    let page = std::fs::read_to_string(page).unwrap().replace("\\\n", " ");
    let blocks = page.split("```").skip(1).step_by(2).flat_map(str::lines);
    let ours = blocks.filter_map(|line| Some(line[line.find("knosc-runner run")?..].to_owned()));
    ours.collect()
}

#[test]
fn the_commands_of_the_page_run_and_find_their_state_again() {
    let commands = commands();
    assert_eq!(commands.len(), 3, "{commands:?}");
    for command in commands {
        let knosc = knosc();
        let place = Place::new("schedule");
        place.export("unit-master.csv", "exports/units.csv");
        place.file("password", format!("{}\n", local_knosc::DEFAULT_PASSWORD));
        place.file(
            "config/knosc-runner/config.toml",
            format!("[profile.acme]\nbase-url = \"{}\"\n", knosc.url()),
        );
        let here = |name: &str| place.path().join(name).display().to_string();
        let command = command
            .replace("/srv/exports", &here("exports"))
            .replace(" /exports", &format!(" {}", here("exports")))
            .replace("/etc/knosc/password", &here("password"))
            .replace("%d/password", &here("password"))
            .replace(" /password", &format!(" {}", here("password")))
            .replace("%S/knosc", &here("state"))
            .replace(" /state", &format!(" {}", here("state")))
            .replace("logger -t knosc", "cat >told.json");
        let start = || {
            let mut shell = std::process::Command::new("sh");
            let quoted = command.replacen("knosc-runner", "\"$RUNNER\"", 1);
            shell.args(["-c", &quoted]).current_dir(place.path()).env_clear();
            shell
                .env("PATH", std::env::var_os("PATH").unwrap())
                .env("RUNNER", super::binary::path());
            shell.env("HOME", place.path()).env("XDG_CONFIG_HOME", here("config"));
            shell.env("KNOSC_USERNAME", local_knosc::DEFAULT_USER).env("KNOSC_SETTLE", "0s");
            // The profile where the page has one; the container's address comes by its variable.
            if command.contains(&here("state")) && !command.contains("--on-finish") {
                shell.env("KNOSC_BASE_URL", knosc.url());
            } else {
                shell.env("KNOSC_PROFILE", "acme");
            }
            run(&mut shell)
        };
        let first = start();
        assert_eq!(first.exit, 0, "{command}: {first:?}");
        let second = start();
        assert_eq!(second.exit, 0, "{command}: {second:?}");
        assert!(second.stdout.contains("unchanged"), "{command}: {second:?}");
        assert_eq!(knosc.model().uploads().len(), 1, "{command}");
        assert_eq!(place.path().join("told.json").exists(), command.contains("--on-finish"));
    }
}
