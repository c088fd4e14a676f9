//! One scenario: `cmd` holds a command a line, `knobs.json` what goes wrong in Knosc, every other file is an input.
//!
//! Expected are `stdout.txt`, `stderr.txt`, `exit` (a line for each command) and `knosc` (how many files and sign-ins it saw).

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Running};

use super::{binary, compare};

const EXPECTED: [&str; 4] = ["stdout.txt", "stderr.txt", "exit", "knosc"];

/// Runs a scenario in a folder of its own; the difference if it did something else than before.
pub(crate) fn check(folder: &Path) -> Result<(), String> {
    let knosc = local_knosc::spawn(Config::default()).unwrap();
    if let Ok(knobs) = fs::read_to_string(folder.join("knobs.json")) {
        let answer = ask(&knosc, "POST", "/_local/knobs", &knobs);
        assert!(answer.starts_with("HTTP/1.1 2"), "{}: {answer}", folder.display());
    }
    let place = place(folder);
    let found = run(folder, &place, &knosc);
    fs::remove_dir_all(&place).unwrap();
    let mut differences = String::new();
    for (name, text) in EXPECTED.into_iter().zip(found) {
        differences += &compare_one(&folder.join(name), &text);
    }
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

/// A copy of the inputs, since commands may write beside them.
fn place(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap().to_string_lossy();
    let place = std::env::temp_dir().join(format!("knosc-cli-{}-{name}", std::process::id()));
    copy(folder, &place.join("work"));
    place
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn run(folder: &Path, place: &Path, knosc: &Running) -> [String; 4] {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").canonicalize().unwrap();
    let (mut stdout, mut stderr, mut exits) = (String::new(), String::new(), String::new());
    let script = fs::read_to_string(folder.join("cmd")).unwrap();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut command = binary::command(place);
        command.current_dir(place.join("work"));
        command.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
        command.env("KNOSC_POLL_INTERVAL", "10ms");
        for word in line.split_whitespace() {
            let word = word
                .replace("$URL", &knosc.url())
                .replace("$EXAMPLES", &exports.display().to_string());
            match word.split_once('=') {
                Some((name, "")) if name.starts_with("KNOSC_") => command.env_remove(name),
                Some((name, value)) if name.starts_with("KNOSC_") => command.env(name, value),
                _ => command.arg(word),
            };
        }
        let output = command.output().unwrap();
        stdout += &String::from_utf8(output.stdout).unwrap();
        stderr += &String::from_utf8(output.stderr).unwrap();
        exits += &format!("{}\n", output.status.code().unwrap());
    }
    let normal = |text: &str| {
        compare::normalise(text, &knosc.url(), &[(&exports, "[EXAMPLES]"), (place, "[HOME]")])
    };
    [normal(&stdout), normal(&stderr), exits, seen(knosc)]
}

/// How many files Knosc took, and how often somebody tried to sign in.
fn seen(knosc: &Running) -> String {
    let answer = ask(knosc, "GET", "/_local/uploads", "");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let uploads = value["uploads"].as_array().unwrap().len();
    let sign_ins = value["sign_in_attempts"].as_u64().unwrap();
    format!("uploads taken: {uploads}\nsign-ins tried: {sign_ins}\n")
}

fn ask(knosc: &Running, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(knosc.address()).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// An expectation that is empty has no file, so that a stale one is found.
fn compare_one(path: &Path, found: &str) -> String {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if found == expected && !(found.is_empty() && path.exists()) {
        return String::new();
    }
    if std::env::var_os("UPDATE").is_some() {
        if found.is_empty() {
            fs::remove_file(path).unwrap();
        } else {
            fs::write(path, found).unwrap();
        }
        return String::new();
    }
    format!("--- {}\n{expected}--- found\n{found}", path.display())
}
