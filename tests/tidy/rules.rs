//! The rules about source files. Each gives what it found, one a line; none stops at the first.

use crate::{
    source,
    tree::{File, Tree},
};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// Where bindings are made: the component and its host, and for the test of the promise those of an embedder of 0.1, whose contract is
/// a copy that no other file may read.
const BINDINGS: [&str; 4] = [
    "src/guest/bindings.rs",
    "host-runner/src/bindings.rs",
    "host-runner/src/platform/pipeline/bindings.rs",
    "tests/promise/bindings.rs",
];

/// Examples and the tests' own guests stand for other people's code, which has bindings of its own.
fn stands_for_other_code(path: &str) -> bool {
    path.starts_with("examples/") || path.starts_with("tests/guests/")
}

/// The pure core: `src/` without the folder that may touch the outside.
fn core(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.rust().filter(|file| file.path.starts_with("src/") && !file.path.starts_with("src/guest/"))
}

/// Lines of bare source that hold the word, as `path:line: what`.
fn found<'a>(file: &'a File, word: &'a str, what: &'a str) -> impl Iterator<Item = String> + 'a {
    let bare = source::bare(&file.text);
    let lines: Vec<usize> = bare
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(word))
        .map(|(at, _)| at + 1)
        .collect();
    lines.into_iter().map(move |line| format!("{}:{line}: {what}", file.path))
}

pub(crate) fn lengths(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for file in tree.rust() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            problems.push(format!("{}: {lines} lines, at most {FILE_LINES_MAX}", file.path));
        }
        for function in source::functions(&source::bare(&file.text)) {
            if function.lines > FUNCTION_LINES_MAX {
                let (path, line, lines) = (&file.path, function.line, function.lines);
                problems.push(format!(
                    "{path}:{line}: a function of {lines} lines, at most {FUNCTION_LINES_MAX}"
                ));
            }
        }
    }
    problems
}

pub(crate) fn heads(tree: &Tree) -> Vec<String> {
    let silent = tree.rust().filter(|file| !file.text.starts_with("//!"));
    silent
        .map(|file| format!("{}:1: does not begin with `//!` and what it is for", file.path))
        .collect()
}

pub(crate) fn left_open(tree: &Tree) -> Vec<String> {
    let words = ["todo!(", "unimplemented!(", "#[ignore"];
    let found =
        tree.rust().flat_map(|file| words.iter().flat_map(move |word| found(file, word, word)));
    found.map(|place| format!("{place} is left open")).collect()
}

pub(crate) fn machine_paths(tree: &Tree) -> Vec<String> {
    // Written in two pieces, so that this file does not find itself.
    let folders = ["work", "root", "farm", "home/runner", "Users"].map(|name| format!("/{name}/"));
    let mut problems = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != "Cargo.lock") {
        for (at, line) in file.text.lines().enumerate() {
            let before = |place: usize| line[..place].chars().next_back();
            let is_path = |folder: &String| {
                line.match_indices(folder.as_str()).any(|(place, _)| {
                    before(place).is_none_or(|c| !c.is_alphanumeric() && !"./}_-".contains(c))
                })
            };
            if folders.iter().any(is_path) {
                problems.push(format!("{}:{}: a path of one machine", file.path, at + 1));
            }
        }
    }
    problems
}

pub(crate) fn bindings(tree: &Tree) -> Vec<String> {
    let others = tree.rust().filter(|file| {
        !BINDINGS.contains(&file.path.as_str()) && !stands_for_other_code(&file.path)
    });
    let mut problems: Vec<String> = others
        .flat_map(|file| {
            ["generate!(", "generate!{", "generate! {", "bindgen!(", "bindgen!{", "bindgen! {"]
                .into_iter()
                .flat_map(|word| found(file, word, "bindings are made in four files only"))
        })
        .collect();
    problems.extend(
        BINDINGS.iter().filter(|path| !tree.has(path)).map(|path| format!("{path}: missing")),
    );
    problems
}

pub(crate) fn pure_core(tree: &Tree) -> Vec<String> {
    // Plain values of `std::net` and `std::time` (an address, a length of time) touch nothing.
    let outside = [
        "std::fs",
        "std::env",
        "std::process",
        "std::thread",
        "TcpStream",
        "UdpSocket",
        "ToSocketAddrs",
        "Instant",
        "SystemTime::now",
        "println!",
        "eprintln!",
        "tokio",
        "wasmtime",
        "wasi::",
        "wit_bindgen",
    ];
    let lines = |file| outside.iter().flat_map(move |word| found(file, word, word));
    let uses = core(tree).flat_map(lines).map(|place| format!("{place} in the pure core"));
    let derives =
        core(tree).filter(|file| !file.path.starts_with("src/protocol/")).flat_map(|file| {
            found(file, "serde", "core types are not serialisable: a boundary has types of its own")
        });
    uses.chain(derives).collect()
}

/// What a part of the core may not know. The words know nothing above them, plan and policy no wire, the wire no run.
const LAYERS: [(&str, &[&str]); 11] = [
    ("src/trigger.rs", &["protocol", "run", "plan", "policy", "guest"]),
    ("src/job.rs", &["protocol", "run", "plan", "policy", "guest"]),
    ("src/blob.rs", &["protocol", "run", "plan", "policy", "guest"]),
    ("src/session.rs", &["protocol", "run", "plan", "policy", "guest"]),
    ("src/fault.rs", &["protocol", "run", "plan", "policy", "guest"]),
    ("src/origin.rs", &["protocol", "run", "plan", "policy", "guest"]),
    ("src/plan.rs", &["protocol", "run", "guest", "session"]),
    ("src/policy.rs", &["protocol", "run", "guest", "session"]),
    ("src/admission/", &["protocol", "guest", "session"]),
    ("src/protocol/", &["run", "plan", "guest", "admission"]),
    ("src/run/", &["protocol", "guest", "session"]),
];

pub(crate) fn layers(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (part, unknown) in LAYERS {
        let files: Vec<&File> = tree.rust().filter(|file| file.path.starts_with(part)).collect();
        if files.is_empty() {
            problems.push(format!("{part}: missing"));
        }
        for file in files {
            for module in unknown {
                let what = format!("{part} may not know `{module}`");
                for word in [
                    format!("crate::{module}::"),
                    format!("    {module}::"),
                    format!("{{{module}::"),
                ] {
                    let is_use = |place: &String| !place.is_empty();
                    problems.extend(uses(file, &word, &what).into_iter().filter(is_use));
                }
            }
        }
    }
    problems
}

/// As [`found`], in `use` declarations and full paths only: a module named `run` is not every word `run`.
fn uses(file: &File, word: &str, what: &str) -> Vec<String> {
    let bare = source::bare(&file.text);
    let mut problems = Vec::new();
    let mut in_use = false;
    for (at, line) in bare.lines().enumerate() {
        in_use |= line.trim_start().starts_with("use crate::");
        if line.contains(word) && (in_use || word.starts_with("crate::")) {
            problems.push(format!("{}:{}: {what}", file.path, at + 1));
        }
        in_use &= !line.contains(';');
    }
    problems
}

/// Second names for things that have one, as they would be written in code.
const SYNONYMS: [(&str, &str); 7] = [
    ("FileHandle", "Blob"),
    ("UploadTask", "Job"),
    ("JobRef", "Job"),
    ("ImportError", "Fault"),
    ("TaskId", "job id"),
    ("Allowlist", "Egress"),
    ("RetryPolicy", "Policy"),
];

pub(crate) fn words(tree: &Tree) -> Vec<String> {
    let ours = || {
        tree.rust().filter(|file| {
            !file.path.starts_with("tests/tidy/") && !file.path.starts_with("local-knosc/")
        })
    };
    let mut problems = Vec::new();
    for file in ours() {
        for (word, name) in SYNONYMS {
            problems.extend(found(file, word, &format!("`{word}`: the word is {name}")));
        }
    }
    problems
}
