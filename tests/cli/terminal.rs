//! What a person sees: the binary under a real pseudo-terminal.
//!
//! The terminal is made by a shell that turns its echo on, so that a prompt which echoes would be found out.

use std::process::Command;

use local_knosc::{DEFAULT_PASSWORD, DEFAULT_USER};
use rexpect::session::{PtySession, spawn_command};

use super::binary;
use super::place::{Place, knosc, run};

/// Longer than anything here takes on a busy machine.
const PATIENCE_MS: u64 = 60_000;

const ESCAPE: char = '\u{1b}';

/// Runs a shell line in which `"$RUNNER"` is the binary; the environment is that of [`Place::runner`].
fn terminal(place: &Place, url: &str, line: &str) -> PtySession {
    let runner = place.runner(url, &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("stty echo cols 100 rows 30; {line}")]).env_clear();
    shell.envs(runner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("RUNNER", binary::path()).env("TERM", "xterm-256color").current_dir(place.path());
    spawn_command(shell, Some(PATIENCE_MS)).unwrap()
}

fn screen(place: &Place, url: &str, line: &str) -> String {
    terminal(place, url, line).exp_eof().unwrap()
}

#[test]
fn login_asks_and_the_password_is_not_shown() {
    let knosc = knosc();
    let place = Place::new("prompt");
    let line = "unset KNOSC_USERNAME KNOSC_PASSWORD; exec \"$RUNNER\" login";
    let mut terminal = terminal(&place, &knosc.url(), line);
    let mut seen = terminal.exp_string("User name: ").unwrap();
    terminal.send_line(DEFAULT_USER).unwrap();
    seen += &terminal.exp_string("Password: ").unwrap();
    terminal.send_line(DEFAULT_PASSWORD).unwrap();
    seen += &terminal.exp_string("One-time code").unwrap();
    terminal.send_line("").unwrap();
    seen += &terminal.exp_eof().unwrap();
    assert!(
        seen.contains(DEFAULT_USER),
        "the terminal does not echo, so that nothing is proved: {seen}"
    );
    assert!(!seen.contains(DEFAULT_PASSWORD), "{seen}");
    assert!(seen.contains("signed in to"), "{seen}");
    assert_eq!(knosc.model().sign_in_attempts(), 1);
}

#[test]
fn a_terminal_shows_a_moving_line_and_a_pipe_does_not() {
    let knosc = knosc();
    // 24 rows in a second: long enough to be asked for and drawn, on a busy machine too.
    knosc.model().knobs_mut().rows_per_second = 24;
    let place = Place::new("bar");
    place.export("unit-master.csv", "units.csv");
    let seen = screen(&place, &knosc.url(), "exec \"$RUNNER\" upload unit-master units.csv");
    assert!(seen.contains("rows processed"), "{seen:?}");
    assert!(seen.contains("\u{1b}[2K"), "no line is redrawn: {seen:?}");
    assert!(seen.contains("completed"), "{seen:?}");

    // Standard error alone decides: results in a file, the line still on the terminal.
    let seen = screen(
        &place,
        &knosc.url(),
        "exec \"$RUNNER\" upload unit-master units.csv --unchanged=send >out.txt",
    );
    assert!(seen.contains("\u{1b}[2K"), "{seen:?}");
    let results = std::fs::read_to_string(place.path().join("out.txt")).unwrap();
    assert!(results.contains("completed") && !results.contains(ESCAPE), "{results:?}");

    let piped = run(&mut place
        .runner(&knosc.url(), &["upload", "unit-master", "units.csv", "--unchanged=send"]));
    assert!(!piped.stderr.contains(ESCAPE) && !piped.stderr.contains('\r'), "{piped:?}");
    assert!(piped.stderr.contains("accepted as"), "{piped:?}");
}

#[test]
fn json_on_a_terminal_has_no_bars() {
    let knosc = knosc();
    knosc.model().knobs_mut().rows_per_second = 48;
    let place = Place::new("json");
    place.export("unit-master.csv", "units.csv");
    for form in ["json", "ndjson"] {
        let line = format!(
            "exec \"$RUNNER\" upload unit-master units.csv --unchanged=send --output {form}"
        );
        let seen = screen(&place, &knosc.url(), &line);
        for line in seen.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
        assert!(seen.contains("\"completed\""), "{seen}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let knosc = knosc();
    let place = Place::new("colours");
    place.export("unit-master.csv", "units.csv");
    let green = "\u{1b}[32mcompleted";
    let upload = "\"$RUNNER\" upload unit-master units.csv -q --unchanged=send";
    let seen = |before: &str| screen(&place, &knosc.url(), &format!("{before} exec {upload}"));
    assert!(seen("").contains(green));
    let plain = seen("NO_COLOR=1; export NO_COLOR;");
    assert!(!plain.contains(ESCAPE) && plain.contains("completed"), "{plain:?}");

    let mut command = place
        .runner(&knosc.url(), &["upload", "unit-master", "units.csv", "-q", "--unchanged=send"]);
    assert!(!run(&mut command).stdout.contains(ESCAPE));
    assert!(run(command.env("CLICOLOR_FORCE", "1")).stdout.contains(green));
}
