//! The recipe of `docs/schedule.md`: containers that share a state folder one after the other, each under a name of its own.
//!
//! A container is what matters of one here: namespaces of host name, processes and mounts.
#![cfg(target_os = "linux")]

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use local_knosc::IntegrationLock;
use xtask::machine::Tool;

use super::binary;
use super::place::{Place, ended, knosc, run, wait_until};
use super::resumed::{accepted, hold_tables, units};

/// The binary in a container of this name. Its first process is the binary, and dies with the one that is returned.
fn container(place: &Place, url: &str, name: &str, words: &[&str]) -> Command {
    let runner = place.runner(url, words);
    let mut command = Command::new("unshare");
    command.args(["--uts", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]);
    command.arg("hostname \"$0\" && exec \"$@\"").arg(name).arg(binary::path()).args(words);
    command.env_clear().current_dir(place.path());
    command.envs(runner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command.process_group(0);
    command
}

#[test]
fn a_new_container_goes_on_where_one_was_killed() {
    let test = "containers::a_new_container_goes_on_where_one_was_killed";
    if !Tool::is_there_for("unshare", test).unwrap() {
        return;
    }
    let knosc = knosc();
    let place = Place::new("containers");
    units(&place, "exports/units.csv");
    hold_tables(&knosc, IntegrationLock::Held);
    let words = ["run", "exports", "--state=state", "--settle=0s", "-q"];
    let mut first = container(&place, &knosc.url(), "first", &words).spawn().unwrap();
    wait_until("a poll", || {
        let model = knosc.model();
        model.requests().any(|request| request.method == "GET" && request.path == "/api/job")
    });
    let second = run(&mut container(&place, &knosc.url(), "second", &words));
    assert_eq!(second.exit, 9, "{second:?}");
    assert!(second.stderr.contains(" on first"), "{second:?}");
    // As docker kill does: nothing of the container runs on.
    first.kill().unwrap();
    first.wait().unwrap();
    hold_tables(&knosc, IntegrationLock::Free);
    let mut third = run(&mut container(&place, &knosc.url(), "third", &words));
    // The kernel ends the container's processes a moment after their first one.
    wait_until("the lock", || {
        if third.exit == 9 {
            third = ended(container(&place, &knosc.url(), "third", &words).output().unwrap());
        }
        third.exit != 9
    });
    // The file's job is known and not seen to have ended: resume watches it.
    assert_eq!((third.exit, accepted(&knosc)), (12, 1), "{third:?}");
    let words = ["resume", "--state=state", "-q"];
    let resumed = run(&mut container(&place, &knosc.url(), "fourth", &words));
    assert_eq!((resumed.exit, accepted(&knosc)), (0, 1), "{resumed:?}");
}
