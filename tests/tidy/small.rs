//! The small embedding: `knosc-runner` without its features has few lines, and few dependencies that are all known.
//!
//! Lines are counted as a reader would: every line of `host-runner/src`, from `lib.rs` along its modules, that holds anything but
//! a comment. `use`, attributes, lone braces and each line of a text count. Only what is compiled for tests, or with a feature, does
//! not; what another system has instead counts too. The build script is compiled, and no part of an embedding.

use std::{collections::BTreeSet, process::Command};

use crate::{source, tree::Tree};

const SOURCE: &str = "host-runner/src";
const LINES_MAX: usize = 3_000;

/// What an embedder compiles beside ours, named in `host-runner/Cargo.toml` and not optional.
const DIRECT: [&str; 22] = [
    "bytes",
    "futures-util",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "knosc-bulk-import",
    "rustix",
    "rustls",
    "rustls-native-certs",
    "rustls-pki-types",
    "socket2",
    "thiserror",
    "tokio",
    "tokio-rustls",
    "tokio-util",
    "tracing",
    "twox-hash",
    "wasmtime",
    "wasmtime-wasi",
    "wasmtime-wasi-http",
];

/// What belongs to the command line, the durable journal and the checks.
const ABSENT: [&str; 5] = ["axum", "calamine", "clap", "indicatif", "rusqlite"];

/// All of it, one name a line, as resolved for Linux on x86-64.
const RESOLVED: &str = include_str!("small-dependencies.txt");

#[test]
fn the_small_embedding_has_at_most_three_thousand_lines() {
    let tree = Tree::read();
    let mut counted = Vec::new();
    module(&tree, "lib", &mut counted);
    counted.sort();
    let lines: usize = counted.iter().map(|(lines, _)| lines).sum();
    let list: Vec<String> =
        counted.iter().map(|(lines, path)| format!("{lines:5} {path}")).collect();
    assert!(counted.len() > 20, "only {} modules were found", counted.len());
    assert!(lines <= LINES_MAX, "{lines} lines, at most {LINES_MAX}:\n{}", list.join("\n"));
}

/// Counts a module and those below it; `name` is its path without ending.
fn module(tree: &Tree, name: &str, counted: &mut Vec<(usize, String)>) {
    let paths = [format!("{SOURCE}/{name}.rs"), format!("{SOURCE}/{name}/mod.rs")];
    let file = paths.iter().find_map(|path| tree.file(path));
    let file = file.unwrap_or_else(|| unreachable!("{name}: no such module"));
    let code = always(&file.text);
    let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
    counted.push((lines, file.path.clone()));
    for line in code.lines() {
        let words: Vec<&str> = line.trim().split(' ').collect();
        if let [.., "mod", module_name] = words.as_slice()
            && let Some(below) = module_name.strip_suffix(';')
        {
            let folder = if name == "lib" { String::new() } else { format!("{name}/") };
            module(tree, &format!("{folder}{below}"), counted);
        }
    }
}

/// The source without comments, and without what is only compiled for tests or with a feature.
fn always(text: &str) -> String {
    let source = source::without_comments(text);
    let mut code: Vec<char> = source.chars().collect();
    let bare: Vec<char> = source::bare(&source).chars().collect();
    let begin: Vec<char> = "#[cfg(".chars().collect();
    let mut at = 0;
    while at < bare.len() {
        if !bare[at..].starts_with(&begin) {
            at += 1;
            continue;
        }
        let close = balanced(&bare, at + 1);
        let condition: String = code[at + begin.len()..close - 2].iter().collect();
        let end = if holds(&condition) == Some(false) { item_end(&bare, close) } else { close };
        if end > close {
            code[at..end].iter_mut().filter(|c| **c != '\n').for_each(|c| *c = ' ');
        }
        at = end;
    }
    code.into_iter().collect()
}

/// Whether a condition holds without tests and features; none for what depends on the system.
fn holds(condition: &str) -> Option<bool> {
    let condition = condition.trim();
    let inner = |name: &str| condition.strip_prefix(name)?.strip_suffix(')');
    if condition == "test" || condition.starts_with("feature") {
        return Some(false);
    }
    if let Some(inner) = inner("not(") {
        return holds(inner).map(|held| !held);
    }
    let each = |inner: &str| parts(inner).iter().map(|part| holds(part)).collect::<Vec<_>>();
    if let Some(each) = inner("all(").map(each) {
        let all = each.iter().all(|held| *held == Some(true));
        return if each.contains(&Some(false)) { Some(false) } else { all.then_some(true) };
    }
    if let Some(each) = inner("any(").map(each) {
        let none = each.iter().all(|held| *held == Some(false));
        return if each.contains(&Some(true)) { Some(true) } else { none.then_some(false) };
    }
    None
}

/// What commas outside of brackets part.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match parts.last_mut() {
            Some(last) if c != ',' || depth > 0 => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

/// Behind the bracket that closes the first one at or after `at`.
fn balanced(bare: &[char], at: usize) -> usize {
    let mut depth = 0;
    for (place, c) in bare.iter().enumerate().skip(at) {
        depth += i32::from(matches!(c, '(' | '[' | '{')) - i32::from(matches!(c, ')' | ']' | '}'));
        if depth == 0 {
            return place + 1;
        }
    }
    bare.len()
}

/// Where the item, field, statement or arm ends that begins after the attributes at `at`.
fn item_end(bare: &[char], mut at: usize) -> usize {
    let next = |at: usize| bare[at..].iter().position(|c| !c.is_whitespace()).map(|by| at + by);
    while let Some(place) = next(at)
        && bare[place] == '#'
    {
        at = balanced(bare, place + 1);
    }
    while at < bare.len() {
        match bare[at] {
            ';' | ',' => return at + 1,
            // Whatever is around the item ends.
            ')' | ']' | '}' => return at,
            '(' | '[' => at = balanced(bare, at),
            '{' => {
                at = balanced(bare, at);
                // A pattern's or literal's braces end nothing.
                let goes_on = next(at).is_some_and(|place| "=.?;,".contains(bare[place]))
                    || next(at)
                        .is_some_and(|place| bare[place..].starts_with(&['e', 'l', 's', 'e']));
                if !goes_on {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

#[test]
fn the_small_embedding_brings_what_is_listed_and_nothing_else() {
    let direct = dependencies(&["--depth", "1"]);
    let expected: BTreeSet<String> = DIRECT.into_iter().map(str::to_owned).collect();
    assert_eq!(direct, expected, "direct dependencies");
    let resolved = dependencies(&[]);
    for name in ABSENT {
        assert!(!resolved.contains(name), "{name} is no part of the small embedding");
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let expected: BTreeSet<String> = RESOLVED.lines().map(str::to_owned).collect();
        assert_eq!(resolved, expected, "tests/tidy/small-dependencies.txt lists all of them");
    }
}

/// The packages that `knosc-runner` without features is compiled with, itself left out.
fn dependencies(more: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fixed =
        "tree -p knosc-runner --no-default-features -e normal --offline --locked --prefix none";
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(fixed.split(' '))
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| !["", "knosc-runner"].contains(name)).map(str::to_owned).collect()
}

#[test]
fn what_a_feature_brings_is_not_counted() {
    let lines = |text: &str| {
        always(text)
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let text = "
        // no
        #[cfg(feature = \"a\")]
        #[derive(Debug)]
        struct No { x: u8 }
        #[cfg(unix)]
        const YES: &str = \"#[cfg(test)]\";
        match x {
            #[cfg(feature = \"a\")]
            No { x, .. } => {
                no(x);
            }
            Yes => 1, // one
            #[cfg(any(test, feature = \"a\"))]
            _ => No { x }.no(),
            #[cfg(not(feature = \"a\"))]
            _ => yes(),
        }
        #[cfg(all(test, unix))]
        mod tests;
    ";
    let expected = [
        "#[cfg(unix)]",
        "const YES: &str = \"#[cfg(test)]\";",
        "match x {",
        "Yes => 1,",
        "#[cfg(not(feature = \"a\"))]",
        "_ => yes(),",
        "}",
    ];
    assert_eq!(lines(text), expected);
}
