//! Whole runs of the binary: in order, once each, whatever happens to the session, the tables or the server.
//!
//! `KNOSC_LOCK_SECONDS` holds the tables as long as a real integration may; by default just long enough to be told of it.

use std::time::{Duration, Instant};

use local_knosc::{DEFAULT_TENANT, DEFAULT_TOTP_SECRET, IntegrationLock, Running};
use xtask::exports::EXPORTS;

use super::place::{Place, ended, exports, knosc, run, wait_until};

/// What the source document loads, and in its order.
const EIGHT: [(&str, &str, &str); 8] = [
    ("unit-master", "unit-master.csv", "units.csv"),
    ("warehouse-master", "warehouses.xlsx", "warehouses.xlsx"),
    ("supplier-master", "suppliers.csv", "suppliers.csv"),
    ("customer-master", "customers.xlsx", "customers.xlsx"),
    ("item-master", "items.xlsx", "items.xlsx"),
    ("inventory", "inventory.csv", "inventory.csv"),
    ("procurement", "purchase-orders.xlsx", "purchase-orders.xlsx"),
    ("demand", "sales-orders.csv", "sales-orders.csv"),
];

fn sent(knosc: &Running) -> Vec<String> {
    knosc.model().uploads().iter().map(|upload| upload.trigger.clone()).collect()
}

fn in_order() -> Vec<String> {
    EXPORTS.map(|(trigger, _)| trigger.to_owned()).into()
}

/// A manifest of all thirteen in no order at all.
fn shuffled(place: &Place) {
    let mut manifest = String::new();
    for at in 0..13 {
        let (trigger, file) = EXPORTS[at * 5 % 13];
        let path = exports().join(file).canonicalize().unwrap();
        manifest += &format!("[[file]]\ntrigger = \"{trigger}\"\npath = '{}'\n\n", path.display());
    }
    place.file("import.toml", manifest);
}

#[test]
fn thirteen_files_in_any_order_go_in_the_documented_one_while_the_session_expires() {
    let knosc = knosc();
    knosc.model().knobs_mut().assumed_expire_after_requests = Some(20);
    let place = Place::new("shuffled");
    shuffled(&place);
    let found = run(&mut place.runner(&knosc.url(), &["run", "import.toml", "-q"]));
    assert_eq!(found.exit, 0, "{found:?}");
    assert_eq!(sent(&knosc), in_order());
    assert_eq!(found.stdout.matches("\ncompleted ").count(), 13, "{found:?}");
    let model = knosc.model();
    assert!(model.refreshes() + model.sign_in_attempts() > 1, "no session expired");
}

#[test]
fn thirteen_files_on_this_machine_take_seconds() {
    let knosc = knosc();
    let place = Place::new("seconds");
    let mut command = place.runner(&knosc.url(), &["run"]);
    command.arg(exports()).args(["-q", "--settle", "0s"]).env_remove("KNOSC_POLL_INTERVAL");
    let begun = Instant::now();
    let found = run(&mut command);
    assert_eq!(found.exit, 0, "{found:?}");
    // 2 s of it are Knosc's own work. A second between two polls would make it 17 s on an idle machine.
    assert!(begun.elapsed() < Duration::from_secs(14), "{:?}", begun.elapsed());
}

#[test]
fn thirteen_files_of_a_user_with_two_factors() {
    let knosc = knosc();
    let place = Place::new("two-factors");
    shuffled(&place);
    let mut command = place.runner(&knosc.url(), &["run", "import.toml", "-q"]);
    command.env("KNOSC_USERNAME", "two-factor@acme.test");
    command.env("KNOSC_TOTP_SECRET", DEFAULT_TOTP_SECRET);
    let found = run(&mut command);
    assert_eq!(found.exit, 0, "{found:?}");
    assert_eq!(sent(&knosc), in_order());
    assert_eq!(knosc.model().sign_in_attempts(), 2, "a password and a code");
}

#[test]
fn the_eight_files_of_the_guide() {
    let knosc = knosc();
    let place = Place::new("eight");
    for (_, export, name) in EIGHT {
        place.export(export, &format!("exports/{name}"));
    }
    let found = run(&mut place.runner(&knosc.url(), &["run", "exports", "-q", "--settle", "0s"]));
    assert_eq!(found.exit, 0, "{found:?}");
    assert_eq!(sent(&knosc), EIGHT.map(|(trigger, ..)| trigger.to_owned()));
}

#[test]
fn a_server_that_dies_midway_leaves_a_report_of_every_file() {
    let knosc = knosc();
    // The items alone take two seconds, so that the server dies while it works on them.
    knosc.model().knobs_mut().rows_per_second = 2_500;
    let place = Place::new("killed");
    let mut command = place.runner(&knosc.url(), &["run"]);
    let child = command.arg(exports()).args(["--settle", "0s"]).spawn().unwrap();
    wait_until("the fifth file", || knosc.model().uploads().len() == 5);
    let polls = || knosc.model().requests().filter(|request| request.path == "/api/job").count();
    let before = polls();
    wait_until("a poll of it", || polls() > before + 2);
    drop(knosc);
    let found = ended(child.wait_with_output().unwrap());
    assert_eq!(found.exit, 5, "{found:?}");
    let lines: Vec<&str> = found.stdout.lines().collect();
    assert_eq!(lines.len(), 19, "{found:?}");
    for (line, (trigger, _)) in lines[2..].iter().zip(EXPORTS) {
        let outcome = match trigger {
            "unit-master" | "warehouse-master" | "supplier-master" | "customer-master" => {
                "completed"
            }
            "item-master" => "pending",
            _ => "not-started",
        };
        assert!(line.starts_with(outcome) && line.contains(trigger), "{line}");
    }
    assert!(lines[18].contains("poll --base-url"), "{found:?}");
    assert!(found.stderr.contains("poll failed"), "{found:?}");
}

/// Whenever the wait ends: a file that was on its way is incomplete or waited for, and what is left has not begun.
#[test]
fn a_wait_that_ends_at_any_moment_leaves_nothing_in_doubt() {
    let knosc = knosc();
    let place = Place::new("waits");
    // Masters that need no other one.
    for (_, export, name) in EIGHT.iter().take(4) {
        place.export(export, &format!("exports/{name}"));
    }
    assert_eq!(run(&mut place.runner(&knosc.url(), &["login"])).exit, 0);
    for round in 0..12 {
        // What is pending would not be sent again: each round is of files that no journal knows.
        let state = place.path().join(".local/state/knosc-runner");
        for name in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.generation"] {
            let _ = std::fs::remove_file(state.join(name));
        }
        let wait = format!("{}ms", 25 * round);
        let words = ["run", "exports", "--settle", "0s", "-q", "--wait", wait.as_str()];
        let found = run(&mut place.runner(&knosc.url(), &words));
        assert!(matches!(found.exit, 0 | 5 | 10), "{wait}: {found:?}");
        // A line that is indented says more of the one before it.
        let lines = found.stdout.lines().filter(|line| !line.starts_with(' '));
        let outcomes = lines.skip(2).take(4);
        for outcome in outcomes.map(|line| line.split(' ').next().unwrap()) {
            assert!(
                ["completed", "pending", "not-started", "refused"].contains(&outcome),
                "{found:?}"
            );
        }
    }
}

#[test]
fn an_integration_that_holds_the_tables_is_told_and_waited_for() {
    let seconds = std::env::var("KNOSC_LOCK_SECONDS").map_or(8, |text| text.parse().unwrap());
    let knosc = knosc();
    let now = knosc.now_ms();
    knosc.model().set_integration_lock(
        DEFAULT_TENANT,
        IntegrationLock::Until(now + seconds * 1_000),
        now,
    );
    let place = Place::new("lock");
    place.export("unit-master.csv", "exports/units.csv");
    place.export("suppliers.csv", "exports/suppliers.csv");
    let begun = Instant::now();
    let found = run(&mut place.runner(&knosc.url(), &["run", "exports", "--settle", "0s"]));
    assert_eq!(found.exit, 0, "{found:?}");
    assert!(begun.elapsed() >= Duration::from_secs(seconds - 1));
    let told = "[1/2] units.csv: queued: a data integration may hold the tables";
    assert!(found.stderr.contains(told), "{found:?}");
    assert_eq!(sent(&knosc), ["unit-master", "supplier-master"]);
    assert_eq!(knosc.model().upload_posts(), 2, "a queued file was sent again");
}
