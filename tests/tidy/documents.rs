//! The rules about documents: short where people begin, and no name of a file or test that is not there.

use crate::tree::{File, Tree};

const README_LINES_MAX: usize = 150;
const BEHAVIOURS_MIN: usize = 20;

pub(crate) fn names(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for wanted in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
    {
        if tree.file(wanted).is_none() {
            problems.push(format!("{wanted}: missing"));
        }
    }
    let lines = tree.file("README.md").map_or(0, |file| file.text.lines().count());
    if lines > README_LINES_MAX {
        problems.push(format!("README.md: {lines} lines, at most {README_LINES_MAX}"));
    }
    for file in tree.documents() {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, target) in links(file) {
            if !tree.has(&target) && !tree.has(&format!("{folder}/{target}")) {
                problems.push(format!("{}:{line}: `{target}` is not there", file.path));
            }
        }
    }
    problems
}

/// What a document names as a file of this repository: relative links, and code with a `/` and a known ending.
fn links(file: &File) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut fenced = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for piece in line.split("](").skip(1) {
            let target = piece.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                links.push((at + 1, target.to_owned()));
            }
        }
        let code = line.split('`').skip(1).step_by(2);
        links.extend(code.filter(|code| is_path(code)).map(|code| (at + 1, code.to_owned())));
    }
    links
}

/// A path as we write one: no blank, pattern or variable, below a folder of ours, not something that a build makes.
fn is_path(code: &str) -> bool {
    let ending = [".rs", ".md", ".wit", ".toml", ".xlsx", ".csv", ".py"]
        .iter()
        .any(|ending| code.ends_with(ending));
    let plain = !code.contains([' ', '*', '{', '<', '$', '…', '(']);
    code.contains('/')
        && ending
        && plain
        && !code.starts_with(['/', '~'])
        && !code.starts_with("target/")
}

/// The table of behaviours in ARCHITECTURE.md: `| behaviour | file | test |`, each cell a name in backticks.
pub(crate) fn behaviours(tree: &Tree) -> Vec<String> {
    let text = tree.file("ARCHITECTURE.md").map_or("", |file| &file.text);
    let section =
        text.split("\n## ").find(|section| section.starts_with("Behaviours")).unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let mut problems = Vec::new();
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [behaviour, file, proof] = cells.as_slice() else {
            problems.push(format!("ARCHITECTURE.md: three cells are wanted: {row}"));
            continue;
        };
        let file = file.trim_matches('`');
        if !tree.has(file) {
            problems.push(format!("ARCHITECTURE.md: {behaviour}: `{file}` is not there"));
        }
        if let Some(problem) = missing_test(tree, proof.trim_matches('`')) {
            problems.push(format!("ARCHITECTURE.md: {behaviour}: {problem}"));
        }
    }
    if count < BEHAVIOURS_MIN {
        problems.push(format!("ARCHITECTURE.md: {count} behaviours, at least {BEHAVIOURS_MIN}"));
    }
    problems
}

/// `path::name`: the file has a function of that name with `#[test]` or `#[tokio::test]` above it.
fn missing_test(tree: &Tree, test: &str) -> Option<String> {
    let Some((path, name)) = test.split_once("::") else {
        return Some(format!("`{test}` is no `path::test`"));
    };
    let Some(file) = tree.file(path) else {
        return Some(format!("`{path}` is not there"));
    };
    let lines: Vec<&str> = file.text.lines().collect();
    let declared = format!("fn {name}(");
    let place = lines.iter().position(|line| line.contains(&declared));
    let is_test = place.is_some_and(|at| {
        lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.trim_start().starts_with("#["))
            .any(|line| line.contains("test"))
    });
    (!is_test).then(|| format!("`{path}` has no test `{name}`"))
}

const MATRIX: &str = "tests/faults/MATRIX.md";
/// Numbers of rows stay what they are: those in between are of other faults.
const MATRIX_ROWS: [std::ops::RangeInclusive<usize>; 2] = [1..=46, 60..=69];

/// The fault matrix: each row is there once and names tests that exist, or says why there is none; and no test of a row is left out.
pub(crate) fn faults(tree: &Tree) -> Vec<String> {
    let text = tree.file(MATRIX).map_or("", |file| &file.text);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| F")).collect();
    let mut problems = Vec::new();
    for number in MATRIX_ROWS.into_iter().flatten() {
        let begin = format!("| F{number:02} | ");
        let found: Vec<&&str> = rows.iter().filter(|row| row.starts_with(&begin)).collect();
        let [row] = found.as_slice() else {
            problems.push(format!("{MATRIX}: F{number:02} is there {} times", found.len()));
            continue;
        };
        let proof = row.trim_matches('|').rsplit('|').next().unwrap_or_default();
        let tests = proof.split('`').skip(1).step_by(2).filter(|code| code.contains("::"));
        let missing = tests.clone().filter_map(|test| missing_test(tree, test));
        problems.extend(missing.map(|problem| format!("{MATRIX}: F{number:02}: {problem}")));
        if tests.count() == 0 && proof.split_whitespace().count() < 6 {
            problems.push(format!("{MATRIX}: F{number:02} has neither a test nor a reason"));
        }
    }
    for file in tree.rust().filter(|file| file.path.starts_with("tests/faults/")) {
        for name in file.text.lines().filter_map(row_test) {
            if !text.contains(&format!("`{}::{name}`", file.path)) {
                problems.push(format!("{MATRIX}: `{}::{name}` is not in it", file.path));
            }
        }
    }
    problems
}

const ENGINES: &str = "examples/engines/";

/// An engine repeats calls in its own way: each page says what keeps it from a second submission, and the guide knows the page.
pub(crate) fn engines(tree: &Tree) -> Vec<String> {
    let guide = tree.file("docs/engines.md").map_or("", |file| &file.text);
    let pages = tree.documents().filter(|file| file.path.starts_with(ENGINES));
    let mut problems = Vec::new();
    for page in pages {
        let said = page.text.split("\n## ").find(|part| part.starts_with("Waiting and repeating"));
        if !said.is_some_and(|part| part.contains("upload")) {
            problems.push(format!("{}: what keeps a call from being repeated?", page.path));
        }
        if !guide.contains(&format!("(../{})", page.path)) {
            problems.push(format!("docs/engines.md: `{}` is not in it", page.path));
        }
    }
    problems
}

/// The name of a test that begins with its row, `f07_…`.
fn row_test(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn f")?;
    let digits = after.get(..3).is_some_and(|row| {
        row.ends_with('_') && row.bytes().take(2).all(|byte| byte.is_ascii_digit())
    });
    let name = line.get(before.len() + 3..)?.split('(').next()?;
    digits.then_some(name)
}
