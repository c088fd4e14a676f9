//! A component of world `tenant` around a few lines of core wasm: everything that a pipeline may import is there for them.
//!
//! `run` leaves the address of its answer: the record at 16 is `ok("")`. Memory up to 1,024 is the lines' own, with names at 512.

use std::fmt::Write as _;

const WASI: &str = include_str!("wasi.wat");
const HTTP: &str = include_str!("http.wat");
const JOBS: &str = include_str!("jobs.wat");

/// What is imported: the instance, the function, its short name here, and its core type.
const FUNCTIONS: [(&str, &str, &str, &str); 38] = [
    ("poll", "[method]pollable.block", "block", "(param i32)"),
    ("poll", "[method]pollable.ready", "ready", "(param i32) (result i32)"),
    ("poll", "poll", "poll", "(param i32 i32 i32)"),
    ("streams", "[method]input-stream.read", "read", "(param i32 i64 i32)"),
    ("streams", "[method]input-stream.blocking-read", "blocking-read", "(param i32 i64 i32)"),
    (
        "streams",
        "[method]output-stream.blocking-write-and-flush",
        "print",
        "(param i32 i32 i32 i32)",
    ),
    ("clock", "now", "now", "(result i64)"),
    ("clock", "subscribe-duration", "subscribe", "(param i64) (result i32)"),
    ("stdin", "get-stdin", "stdin", "(result i32)"),
    ("stdout", "get-stdout", "stdout", "(result i32)"),
    ("exit", "exit", "exit", "(param i32)"),
    ("environment", "get-environment", "environment", "(param i32)"),
    ("random", "get-random-bytes", "random", "(param i64 i32)"),
    ("preopens", "get-directories", "directories", "(param i32)"),
    ("blobs", "[method]blob.size", "size", "(param i32) (result i64)"),
    ("blobs", "[method]blob.duplicate", "duplicate", "(param i32) (result i32)"),
    ("blobs", "[method]blob.open", "open", "(param i32 i64 i32)"),
    ("pieces", "read", "piece", "(param i32 i64 i32 i32)"),
    ("scratch", "[method]writer.write", "write", "(param i32 i32 i32 i32)"),
    ("scratch", "create", "create", "(param i32 i32 i32)"),
    ("scratch", "finish", "finish", "(param i32 i32)"),
    ("http", "[constructor]fields", "fields", "(result i32)"),
    ("http", "[method]fields.append", "append", "(param i32 i32 i32 i32 i32 i32)"),
    ("http", "[constructor]outgoing-request", "request", "(param i32) (result i32)"),
    (
        "http",
        "[method]outgoing-request.set-path-with-query",
        "set-path",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-request.set-scheme",
        "set-scheme",
        "(param i32 i32 i32 i32 i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-request.set-authority",
        "set-authority",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-request.set-method",
        "set-method",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    ("http", "[method]outgoing-request.body", "body", "(param i32 i32)"),
    ("http", "[method]future-incoming-response.subscribe", "answered", "(param i32) (result i32)"),
    ("http", "[method]future-incoming-response.get", "answer", "(param i32 i32)"),
    ("http", "[method]incoming-response.consume", "consume", "(param i32 i32)"),
    ("http", "[method]incoming-body.stream", "stream", "(param i32 i32)"),
    ("http", "[method]incoming-response.headers", "headers", "(param i32) (result i32)"),
    ("http", "[method]fields.entries", "entries", "(param i32 i32)"),
    ("jobs", "upload", "upload", "(param i32 i32 i32 i32)"),
    ("jobs", "poll", "poll-jobs", "(param i32 i32 i32)"),
    ("jobs", "run-ordered", "run-ordered", "(param i32 i32 i32 i32 i64 i64 i32 i32)"),
];

/// Lines that several guests share. `$ask` sends a GET for a path to an authority, and gives the handle of the future answer, or -1.
const SHARED: &str = r#"
  (data (i32.const 512) "a.csv")
  (data (i32.const 520) "../..")
  (func $ask (param $path i32) (param $path-len i32) (param $host i32) (param $host-len i32) (result i32)
    (local $request i32)
    (local.set $request (call $request (call $fields)))
    (drop (call $set-path (local.get $request) (i32.const 1) (local.get $path) (local.get $path-len)))
    (drop (call $set-scheme (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $set-authority (local.get $request) (i32.const 1) (local.get $host) (local.get $host-len)))
    (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 128))
    (if (result i32) (i32.load8_u (i32.const 128)) (then (i32.const -1)) (else (i32.load (i32.const 136)))))
"#;

/// The end of every pipeline: its `run`, lifted and exported as the world has it.
pub(crate) const LIFTED: &str = r#"
  (func $lifted (param "inputs" (list (own $blob))) (param "settings" (list (tuple string string)))
    (result (result string (error string)))
    (canon lift (core func $run "run") (memory $memory) (realloc (func $realloc))))
  (component $shape
    (import "blob" (type $b (sub resource)))
    (import "run" (func $run (param "inputs" (list (own $b))) (param "settings" (list (tuple string string)))
      (result (result string (error string)))))
    (export "run" (func $run)))
  (instance $pipeline (instantiate $shape (with "blob" (type $blob)) (with "run" (func $lifted))))
  (export "knosc:bulk-import/pipeline@0.1.0" (instance $pipeline))
"#;

/// What stands around the lines; each mark in braces is replaced.
const AROUND: &str = r#"(component
  {WASI}
  {HTTP}
  {JOBS}
  {parts}
  (core module $memory-module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 4096))
    ;; 1: trap, 2: answer with an address outside, 3: never end, 4: a memory of its own size.
    (global $trick (export "trick") (mut i32) (i32.const 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (if (i32.eq (global.get $trick) (i32.const 1)) (then (unreachable)))
      (if (i32.eq (global.get $trick) (i32.const 2)) (then (return (i32.const -8))))
      (if (i32.eq (global.get $trick) (i32.const 3)) (then (loop $l (br $l))))
      (if (i32.eq (global.get $trick) (i32.const 4)) (then (return (i32.const 4096))))
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
        (drop (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1)))))
      (local.get $at)))
  (core instance $own (instantiate $memory-module))
  (alias core export $own "memory" (core memory $memory))
  (alias core export $own "realloc" (core func $realloc))
  {lowered}
  {dropped}
  (core instance $host {passed})
  (core module $main
    (import "own" "memory" (memory 1))
    (import "own" "trick" (global $trick (mut i32)))
    {taken}
    {SHARED}
    (data (i32.const 640) "{granted}")
    (data (i32.const 704) "{denied}")
    (global $granted-len i32 (i32.const {granted_length}))
    (global $denied-len i32 (i32.const {denied_length}))
    {fields}
    (func (export "run") (param $inputs i32) (param $inputs-len i32) (param i32 i32) (result i32)
      {body}))
  (core instance $run (instantiate $main (with "own" (instance $own)) (with "host" (instance $host))))
  {LIFTED})
"#;

/// The operator's file of one tenant, before the Knosc at this address, whose pipeline may ask `erp.acme.example`; with more of its lines.
#[allow(dead_code, reason = "of tests that start the command line")]
pub(crate) fn tenants(url: &str, more: &str) -> String {
    format!(
        r#"
[[tenant]]
name = "acme"
origin = "{url}"
username = {{ env = "KNOSC_USERNAME" }}
password = {{ env = "KNOSC_PASSWORD" }}
policy = {{ poll-interval-min = "10ms", poll-interval-max = "50ms" }}
{more}
[[tenant.egress]]
origin = "https://erp.acme.example"
methods = ["GET"]
paths = ["/"]
"#
    )
}

/// The text of a pipeline that runs these lines, with the authority that it was granted and one that it was not.
pub(crate) fn text(parts: &str, fields: &str, body: &str, granted: &str, denied: &str) -> String {
    let (mut lowered, mut passed, mut taken) = (String::new(), String::new(), String::new());
    let handle = ("handler", "handle", "handle", "(param i32 i32 i32 i32)");
    for (instance, function, name, kind) in FUNCTIONS.into_iter().chain([handle]) {
        let options = "(memory $memory) (realloc (func $realloc))";
        let lower = format!("(canon lower (func ${instance} \"{function}\") {options})");
        // Writing to a string does not fail.
        _ = writeln!(lowered, "(core func ${name} {lower})");
        _ = write!(passed, "(export \"{name}\" (func ${name})) ");
        _ = writeln!(taken, "(import \"host\" \"{name}\" (func ${name} {kind}))");
    }
    let mut dropped = String::new();
    for resource in ["input", "pollable", "future", "response"] {
        _ = writeln!(dropped, "(core func $drop-{resource} (canon resource.drop ${resource}))");
        _ = write!(passed, "(export \"drop-{resource}\" (func $drop-{resource})) ");
        _ = writeln!(
            taken,
            "(import \"host\" \"drop-{resource}\" (func $drop-{resource} (param i32)))"
        );
    }
    [
        ("{WASI}", WASI),
        ("{HTTP}", HTTP),
        ("{JOBS}", JOBS),
        ("{parts}", parts),
        ("{lowered}", &lowered),
        ("{dropped}", &dropped),
        ("{passed}", &passed),
        ("{taken}", &taken),
        ("{SHARED}", SHARED),
        ("{LIFTED}", LIFTED),
        ("{granted}", granted),
        ("{denied}", denied),
        ("{granted_length}", &granted.len().to_string()),
        ("{denied_length}", &denied.len().to_string()),
        ("{fields}", fields),
        ("{body}", body),
    ]
    .into_iter()
    .fold(AROUND.to_owned(), |text, (mark, with)| text.replace(mark, with))
}
