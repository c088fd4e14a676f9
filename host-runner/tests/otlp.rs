//! Spans arrive at a collector, Knosc is told the trace only where that is asked for, and no secret is in either.
//!
//! The collector is a listener that keeps what was posted; it decodes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::tests_outside_test_module,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "what the tests of hostile pipelines use of it")]
#[path = "../../tests/guests/hostile/template.rs"]
mod template;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use local_knosc::{DEFAULT_PASSWORD, DEFAULT_USER, Running};

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/exports/unit-master.csv");

/// What was posted: the request's line, and its body.
type Posted = (String, Vec<u8>);

fn collector() -> (String, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (kept, posted) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            take(stream, &kept);
        }
    });
    (url, posted)
}

fn take(mut stream: TcpStream, kept: &Sender<Posted>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_ascii_lowercase());
    }
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    // A test that is over no longer listens.
    let _ = kept.send((lines[0].clone(), body));
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
}

fn upload(knosc: &Running, name: &str, flags: &[&str]) -> Output {
    let state = std::env::temp_dir().join(format!("knosc-otlp-{name}-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_knosc-runner"));
    command.args(["upload", "unit-master", UNITS, "--poll-interval", "20ms"]).args(flags);
    command.env("KNOSC_BASE_URL", knosc.url()).env("KNOSC_STATE", &state);
    command.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    output
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Whether a request to Knosc told a trace: none, or all of the component's.
fn traced(knosc: &Running) -> usize {
    let model = knosc.model();
    let told = |names: &[String]| names.iter().any(|name| name == "traceparent");
    model.requests().filter(|request| told(&request.header_names)).count()
}

#[test]
fn spans_arrive_and_knosc_is_told_the_trace_where_that_is_asked_for() {
    let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let (url, posted) = collector();
    let output = upload(&knosc, "asked", &["--otlp-endpoint", &url, "--traceparent"]);
    assert!(output.status.success(), "{output:?}");
    let (line, body) = posted.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(line, "post /v1/traces http/1.1");
    for name in ["knosc-runner", "step", "request"] {
        assert!(holds(&body, name), "no {name} in {}", String::from_utf8_lossy(&body));
    }
    assert!(!holds(&body, DEFAULT_PASSWORD));
    // The upload and a poll at least.
    assert!(traced(&knosc) >= 2);
}

#[test]
fn knosc_is_told_nothing_unasked_and_a_collector_that_is_not_there_changes_nothing() {
    let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    // It takes the connection and never answers.
    let began = Instant::now();
    let output = upload(&knosc, "unasked", &["--otlp-endpoint", &url]);
    assert!(output.status.success(), "{output:?}");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert_eq!(traced(&knosc), 0);
}

#[test]
fn a_collector_elsewhere_is_asked_over_https_or_not_at_all() {
    let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let state = std::env::temp_dir().join(format!("knosc-otlp-plain-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_knosc-runner"));
    command.args(["upload", "unit-master", UNITS, "--otlp-endpoint", "http://192.0.2.1:4318"]);
    command.env("KNOSC_BASE_URL", knosc.url()).env("KNOSC_STATE", state);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    assert_eq!(knosc.model().requests().count(), 0);
}

/// `run-ordered` of its first input as units.
const LOADS: &str = r"
  (i32.store (i32.const 300) (i32.const 800)) (i32.store (i32.const 304) (i32.const 11))
  (i32.store (i32.const 308) (i32.load (local.get $inputs)))
  (call $run-ordered (i32.const 300) (i32.const 1)
    (i32.const 10) (i32.const 50) (i64.const 60000) (i64.const 60000) (i32.const 0) (i32.const 832))
  (i32.const 16)
";

#[test]
fn of_two_tenants_the_one_whose_operator_says_so_has_its_trace_told() {
    let folder = tempfile::tempdir().unwrap();
    let fields = "(data (i32.const 800) \"unit-master\")";
    let text = template::text("", fields, LOADS, "erp.acme.example", "other.example");
    std::fs::write(folder.path().join("pipeline.wasm"), wat::parse_str(text).unwrap()).unwrap();
    for (asked, told) in [("true", true), ("false", false)] {
        let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
        let (url, _posted) = collector();
        let tenants = template::tenants(&knosc.url(), &format!("traceparent = {asked}"));
        std::fs::write(folder.path().join("tenants.toml"), tenants).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_knosc-runner"));
        command.args(["pipeline", "run", "pipeline.wasm", "--tenant", "acme", "--input", UNITS]);
        command.args(["--otlp-endpoint", &url]).current_dir(folder.path());
        command.env("KNOSC_STATE", folder.path().join(asked)).env("XDG_CACHE_HOME", folder.path());
        command.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(traced(&knosc) >= 2, told, "{asked}");
    }
}
