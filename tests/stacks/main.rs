//! The real binary against a Flask application behind two proxies, and against Express with multer: real servers, whose
//! answers that are not made up. Each test starts its own on this machine and ends them.
//!
//! Where a server is missing, the test says so by name and passes, unless `KNOSC_REQUIRE_ALL` is set.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test fails by panicking, in its helpers too"
)]

mod content;
mod process;
mod settings;
mod stack;

use std::sync::Mutex;

use settings::{Outcome, SETTINGS, Setting};
use stack::{Stack, tools_are_there};

/// Stacks of one test that are up at once: they wait more than they compute.
const AT_ONCE: usize = 3;

#[test]
fn nginx_loads_once_or_the_outcome_is_unknown() {
    hold("stacks::nginx_loads_once_or_the_outcome_is_unknown", |setting| {
        setting.config.starts_with("nginx/") && setting.outcome != Outcome::Doubled
    });
}

#[test]
fn haproxy_loads_once_or_the_outcome_is_unknown() {
    hold("stacks::haproxy_loads_once_or_the_outcome_is_unknown", |setting| {
        setting.config.starts_with("haproxy/") && setting.outcome != Outcome::Doubled
    });
}

/// No client can be safe here. The proxy sends the request a second time by itself, after the server accepted the first one, and
/// the client sees only the second answer: Knosc's own success, or Knosc's own refusal in the form that proves one. Nothing in it
/// says that there was another. docs/proxies.md names the settings.
#[test]
fn a_proxy_that_repeats_uploads_doubles_them() {
    hold("stacks::a_proxy_that_repeats_uploads_doubles_them", |setting| {
        setting.outcome == Outcome::Doubled
    });
}

#[test]
fn the_page_about_proxies_lists_every_setting() {
    let page = include_str!("../../docs/proxies.md");
    for setting in SETTINGS {
        let row = setting.row();
        assert!(page.contains(&row), "docs/proxies.md lacks this row:\n{row}");
    }
    let rows = page.lines().filter(|line| line.contains("](../tests/stacks/")).count();
    assert_eq!(rows, SETTINGS.len(), "docs/proxies.md has a row that is not tried");
}

/// Plays the settings that are wanted, a few at once, and fails with all that went otherwise.
fn hold(test: &str, wanted: impl Fn(&Setting) -> bool) {
    let settings: Vec<&Setting> = SETTINGS.iter().filter(|setting| wanted(setting)).collect();
    assert!(!settings.is_empty());
    let proxies = settings.iter().map(|setting| setting.proxy());
    if !tools_are_there(proxies.chain(["flask"]), test) {
        return;
    }
    let left = Mutex::new(settings);
    let next = || left.lock().unwrap().pop();
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(setting) = next() {
                    if let Err(failure) = play(setting) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The same command twice. What counts is what the server wrote down, not what anybody was answered.
fn play(setting: &Setting) -> Result<(), String> {
    let stack = Stack::start(setting.config, setting.plan);
    stack.export(setting.bytes);
    let first = stack.run();
    let (posts, accepted) = (stack.posts(), stack.accepted().len());
    let second = stack.run();
    let (posts_after, accepted_after) = (stack.posts(), stack.accepted().len());
    let nothing_more = (posts_after, accepted_after) == (posts, accepted);
    let exits = (first.exit, second.exit);
    let holds = match setting.outcome {
        Outcome::Completed => exits == (0, 0) && nothing_more,
        Outcome::Unknown => exits == (6, 6) && nothing_more,
        // Whether it is known to be refused depends on how much had left when the proxy answered. The second command may know
        // it before it sends anything.
        Outcome::NotAccepted => matches!(first.exit, 3 | 4 | 6) && second.exit != 0,
        Outcome::Doubled => second.exit == 0,
    };
    if holds && (posts_after, accepted_after) == (setting.seen, setting.accepted) {
        return Ok(());
    }
    Err(format!(
        "{}, {}: wanted {:?}, {} seen and {} accepted; exits {exits:?}, accepted {accepted} then {accepted_after}, uploads seen {posts} then {posts_after}\n{first}\n{second}\n{}",
        setting.config,
        setting.plan,
        setting.outcome,
        setting.seen,
        setting.accepted,
        stack.logs()
    ))
}
