//! One scenario: `cmd` holds a command a line, `knobs.json` what goes wrong in Knosc, every other file is an input.
//!
//! In a command, `NAME=value` before the verb is its environment and `<file` its standard input; words with spaces stand in single
//! quotes. `!knobs {…}` turns knobs between two commands, `!cookies FILE` signs in as `curl -c FILE` does.
//! Of `x.wat` the binary form is `x.wasm`; so is that of `x.lines`, a pipeline around lines of core wasm: fields, `---`, the body of
//! its `run`, as `tests/guests/hostile/template.rs` has them.
//! Expected are `stdout.txt`, `stderr.txt`, `exit` (a line for each command) and `knosc` (how many files and sign-ins it saw).

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_TOTP_SECRET, DEFAULT_USER, Running};

use super::{binary, compare, schemas, template};

const EXPECTED: [&str; 4] = ["stdout.txt", "stderr.txt", "exit", "knosc"];

/// Runs a scenario in a folder of its own; the difference if it did something else than before.
pub(crate) fn check(folder: &Path) -> Result<(), String> {
    let knosc = local_knosc::spawn(Config::default()).unwrap();
    if let Ok(knobs) = fs::read_to_string(folder.join("knobs.json")) {
        turn(&knosc, &knobs);
    }
    let place = place(folder, &knosc.url());
    let found = run(folder, &place, &knosc);
    fs::remove_dir_all(&place).unwrap();
    let mut differences = String::new();
    for (name, text) in EXPECTED.into_iter().zip(found) {
        differences += &compare_one(&folder.join(name), &text);
    }
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

/// A copy of the inputs, since commands may write beside them.
fn place(folder: &Path, url: &str) -> PathBuf {
    let name = folder.file_name().unwrap().to_string_lossy();
    let place = std::env::temp_dir().join(format!("knosc-cli-{}-{name}", std::process::id()));
    copy(folder, &place.join("here"), url);
    place
}

fn copy(from: &Path, to: &Path, url: &str) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target, url);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            fs::write(&target, fs::read_to_string(&path).unwrap().replace("$URL", url)).unwrap();
        } else if let Some(binary) = component(&path) {
            fs::write(target.with_extension("wasm"), binary).unwrap();
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The binary form of a component that stands there as text.
fn component(path: &Path) -> Option<Vec<u8>> {
    let text = match path.extension()?.to_str()? {
        "wat" => fs::read_to_string(path).unwrap(),
        "lines" => {
            let lines = fs::read_to_string(path).unwrap();
            let (fields, body) = lines.split_once("---").unwrap();
            template::text("", fields, body, "erp.acme.example", "other.example")
        }
        _ => return None,
    };
    Some(wat::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn run(folder: &Path, place: &Path, knosc: &Running) -> [String; 4] {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").canonicalize().unwrap();
    let (mut stdout, mut stderr, mut exits) = (String::new(), String::new(), String::new());
    let script = fs::read_to_string(folder.join("cmd")).unwrap();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(order) = line.strip_prefix('!') {
            obey(order, place, knosc);
            continue;
        }
        let output = command(line, place, &exports, knosc).output().unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        schemas::hold(&out);
        schemas::hold(&err);
        stdout += &out;
        stderr += &err;
        exits += &format!("{}\n", output.status.code().unwrap());
    }
    let normal = |text: &str| {
        compare::normalise(text, &knosc.url(), &[(&exports, "[EXAMPLES]"), (place, "[HOME]")])
    };
    [normal(&stdout), normal(&stderr), exits, seen(knosc)]
}

fn command(line: &str, place: &Path, exports: &Path, knosc: &Running) -> Command {
    let here = place.join("here");
    let mut command = binary::command(place);
    command.current_dir(&here).stdin(Stdio::null());
    command.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
    command.env("KNOSC_POLL_INTERVAL", "10ms");
    for word in words(line) {
        let word = word
            .replace("$URL", &knosc.url())
            .replace("$EXAMPLES", &exports.display().to_string())
            .replace("$HERE", &here.display().to_string())
            .replace("$TOTP_SECRET", DEFAULT_TOTP_SECRET)
            .replace(
                "$TOTP_CODE",
                &local_knosc::totp_code(DEFAULT_TOTP_SECRET, knosc.now_ms()).unwrap(),
            );
        let is_name = |name: &str| name.starts_with("KNOSC_") || name.starts_with("XDG_");
        match (word.split_once('='), word.strip_prefix('<')) {
            (Some((name, "")), _) if is_name(name) => command.env_remove(name),
            (Some((name, value)), _) if is_name(name) => command.env(name, value),
            (_, Some(input)) => command.stdin(fs::File::open(here.join(input)).unwrap()),
            _ => command.arg(word),
        };
    }
    command
}

/// Words between spaces; a quoted part may have spaces in it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (part, is_quoted) in line.split('\'').zip([false, true].into_iter().cycle()) {
        let mut pieces = if is_quoted { vec![part] } else { part.split(' ').collect() };
        words.last_mut().unwrap().push_str(pieces.remove(0));
        words.extend(pieces.into_iter().map(str::to_owned));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What happens between two commands.
fn obey(order: &str, place: &Path, knosc: &Running) {
    let (verb, rest) = order.split_once(' ').unwrap();
    match verb {
        "knobs" => turn(knosc, rest),
        "cookies" => fs::write(place.join("here").join(rest), cookies(knosc)).unwrap(),
        other => panic!("{other}"),
    }
}

pub(crate) fn turn(knosc: &Running, knobs: &str) {
    let answer = ask(knosc, "POST", "/_local/knobs", knobs);
    assert!(answer.starts_with("HTTP/1.1 2"), "{knobs}: {answer}");
}

/// The guide's `curl -c cookies.txt`: one line a cookie, tabs between host, subdomains, path, https, end, name and value.
fn cookies(knosc: &Running) -> String {
    let body = format!("{{\"username\":\"{DEFAULT_USER}\",\"password\":\"{DEFAULT_PASSWORD}\"}}");
    let answer = ask(knosc, "POST", "/api/authenticate", &body);
    let mut file = "# Netscape HTTP Cookie File\n\n".to_owned();
    for line in answer.lines() {
        let Some((header, cookie)) = line.split_once(": ") else { continue };
        if !header.eq_ignore_ascii_case("set-cookie") {
            continue;
        }
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        let path = cookie.split("; ").find_map(|part| part.strip_prefix("Path=")).unwrap();
        let mark = if cookie.contains("HttpOnly") { "#HttpOnly_" } else { "" };
        file += &format!("{mark}127.0.0.1\tFALSE\t{path}\tFALSE\t0\t{name}\t{value}\n");
    }
    file
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
