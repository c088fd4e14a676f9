//! Hostile pipelines: each is stopped at the right limit, the host lives, and the next one runs.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use knosc_runner::platform::limits::PipelineLimit;
use knosc_runner::platform::{PipelineEnd, PipelineReport};

use crate::guest::{self, OK};
use crate::host::Host;

/// How a hostile pipeline ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    /// Stopped at this limit.
    Limit(PipelineLimit),
    /// Goes on after it met this limit, and returns.
    Met(PipelineLimit),
    /// Traps.
    Trap,
}
use Expected::{Limit, Met, Trap};

const LIMITS: &str = r#"
cpu = "200ms"
wall = "1s"
memory = "8 MiB"
table-elements = 10000
handles = 100
resources = 200
hostcall = "256 KiB"
headers = "16 KiB"
scratch = "1 MiB"
scratch-files = 3
log = "16 KiB"
"#;

async fn check(host: &Host, name: &str, component: Vec<u8>, expected: Expected) {
    let began = Instant::now();
    let report = host.run(component).await;
    judge(name, &report, expected);
    assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
    // The host lives: a well-behaved one runs beside the ruins.
    let next = host.run(guest::running(OK)).await;
    assert_eq!(next.end, PipelineEnd::Returned(Ok(String::new())), "{name}");
}

fn judge(name: &str, report: &PipelineReport, expected: Expected) {
    let ended = match (&report.end, report.limit) {
        (PipelineEnd::Limit(limit), _) => Some(Limit(*limit)),
        (PipelineEnd::Returned(_), Some(limit)) => Some(Met(limit)),
        (PipelineEnd::Trapped { .. }, _) => Some(Trap),
        _ => None,
    };
    assert_eq!(ended, Some(expected), "{name}: {report:?}");
}

/// A name, fields and body of a module, and how it ends.
const MODULES: [(&str, &str, &str, Expected); 24] = [
    ("loop", "", "(loop $l (br $l)) (unreachable)", Limit(PipelineLimit::Cpu)),
    (
        "loop-of-calls",
        "(func $f)",
        "(loop $l (call $f) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "loop-that-counts",
        "",
        "(local i64) (loop $l (local.set 4 (i64.add (local.get 4) (i64.const 1))) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "loop-by-table",
        "",
        "(loop $l (br_table $l $l (i32.const 7))) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "loop-indirect",
        "(table 1 funcref) (elem (i32.const 0) $f) (type $t (func)) (func $f)",
        "(loop $l (call_indirect (type $t) (i32.const 0)) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "bulk-fill",
        "",
        "(drop (memory.grow (i32.const 60))) (loop $l (memory.fill (i32.const 2048) (i32.const 1) (i32.const 3900000)) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "bulk-copy",
        "",
        "(drop (memory.grow (i32.const 60))) (loop $l (memory.copy (i32.const 2048) (i32.const 65536) (i32.const 3800000)) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    ("start-loop", "(func $s (loop $l (br $l))) (start $s)", OK, Limit(PipelineLimit::Cpu)),
    ("recursion", "(func $f (call $f))", "(call $f) (unreachable)", Limit(PipelineLimit::Stack)),
    (
        "mutual-recursion",
        "(func $f (param i64) (call $g (local.get 0))) (func $g (param i64) (call $f (local.get 0)))",
        "(call $f (i64.const 1)) (unreachable)",
        Limit(PipelineLimit::Stack),
    ),
    (
        "deep-frames",
        "(func $f (param i64 i64 i64 i64) (result i64) (i64.add (call $f (local.get 1) (local.get 2) (local.get 3) (local.get 0)) (local.get 0)))",
        "(drop (call $f (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))) (unreachable)",
        Limit(PipelineLimit::Stack),
    ),
    (
        "memory-at-once",
        "",
        "(drop (memory.grow (i32.const 60000))) (i32.const 16)",
        Met(PipelineLimit::Memory),
    ),
    (
        "memory-by-pages",
        "",
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (i32.const 16)",
        Met(PipelineLimit::Memory),
    ),
    (
        "many-memories",
        "(memory $a 0) (memory $b 0) (memory $c 0)",
        "(drop (memory.grow $a (i32.const 50))) (drop (memory.grow $b (i32.const 50))) (drop (memory.grow $c (i32.const 50))) (i32.const 16)",
        Met(PipelineLimit::Memory),
    ),
    (
        "table-at-once",
        "(table $t 0 funcref)",
        "(drop (table.grow $t (ref.null func) (i32.const 1000000))) (i32.const 16)",
        Met(PipelineLimit::TableElements),
    ),
    (
        "many-tables",
        "(table $t 0 funcref) (table $u 0 funcref)",
        "(drop (table.grow $t (ref.null func) (i32.const 9000))) (drop (table.grow $u (ref.null func) (i32.const 9000))) (i32.const 16)",
        Met(PipelineLimit::TableElements),
    ),
    ("unreachable", "", "(unreachable)", Trap),
    ("divide", "", "(i32.div_u (i32.const 1) (i32.const 0))", Trap),
    ("out-of-bounds", "", "(i32.load (i32.const 0x7fffffff))", Trap),
    (
        "null-call",
        "(table 1 funcref) (type $t (func (result i32)))",
        "(call_indirect (type $t) (i32.const 0))",
        Trap,
    ),
    ("answer-outside", "", "(i32.const 0x7ffffff0)", Trap),
    ("answer-unaligned", "", "(i32.const 17)", Trap),
    (
        "answer-no-utf8",
        "",
        "(i32.store (i32.const 20) (i32.const 64)) (i32.store (i32.const 24) (i32.const 4)) (i32.store (i32.const 64) (i32.const -1)) (i32.const 16)",
        Trap,
    ),
    (
        "answer-too-long",
        "",
        "(i32.store (i32.const 24) (i32.const 0x7fffffff)) (i32.const 16)",
        Trap,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn computing_and_memory() {
    let host = Host::start(LIMITS, "");
    for (name, fields, body, expected) in MODULES {
        check(&host, name, guest::with_fields(fields, body), expected).await;
    }
}

const CLOCK: &str = r#"
  (import "wasi:io/poll@0.2.12" (instance $poll
    (export "pollable" (type (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow 0))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.12" (instance $clock
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type $q (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $q))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
"#;

const CLOCK_PASSED: &str =
    r#"(export "subscribe" (func $subscribe)) (export "block" (func $block))"#;

const CLOCK_TAKEN: &str = r#"
  (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
  (import "host" "block" (func $block (param i32)))
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_and_handles() {
    let host = Host::start(LIMITS, "");
    for (name, body, expected) in [
        (
            "sleep-for-ever",
            "(call $block (call $subscribe (i64.const -1))) (unreachable)",
            Limit(PipelineLimit::Wall),
        ),
        (
            "sleep-a-year",
            "(call $block (call $subscribe (i64.const 31536000000000000))) (unreachable)",
            Limit(PipelineLimit::Wall),
        ),
        (
            "many-naps",
            "(loop $l (call $block (call $subscribe (i64.const 1000))) (br $l)) (unreachable)",
            Limit(PipelineLimit::Handles),
        ),
        (
            "pollable-flood",
            "(loop $l (drop (call $subscribe (i64.const 1))) (br $l)) (unreachable)",
            Limit(PipelineLimit::Resources),
        ),
        ("foreign-handle", "(call $block (i32.const 77)) (unreachable)", Trap),
    ] {
        check(&host, name, guest::importing(CLOCK, CLOCK_PASSED, CLOCK_TAKEN, body), expected)
            .await;
    }
}

const SCRATCH: &str = r#"
  (import "knosc:bulk-import/scratch@0.1.0" (instance $scratch
    (alias outer 1 $blob (type $b))
    (export "blob" (type $blob-type (eq $b)))
    (export "writer" (type $writer (sub resource)))
    (export "[method]writer.write" (func (param "self" (borrow $writer)) (param "bytes" (list u8)) (result (result (error string)))))
    (export "create" (func (param "name" string) (result (result (own $writer) (error string)))))
    (export "finish" (func (param "this" (own $writer)) (result (result (own $blob-type) (error string)))))))
  (core func $create (canon lower (func $scratch "create") (memory $memory) (realloc (func $realloc))))
  (core func $write (canon lower (func $scratch "[method]writer.write") (memory $memory) (realloc (func $realloc))))
"#;

const SCRATCH_PASSED: &str = r#"(export "create" (func $create)) (export "write" (func $write))"#;

const SCRATCH_TAKEN: &str = r#"
  (import "host" "create" (func $create (param i32 i32 i32)))
  (import "host" "write" (func $write (param i32 i32 i32 i32)))
  (data (i32.const 512) "a.csv")
"#;

/// A file called `a.csv` in the record at 32; its handle is at 36.
const CREATE: &str = "(call $create (i32.const 512) (i32.const 5) (i32.const 32))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files() {
    let host = Host::start(LIMITS, "");
    let over_quota = format!(
        "{CREATE} (loop $l (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 65536) (i32.const 48)) (br_if $l (i32.eqz (i32.load8_u (i32.const 48))))) {OK}"
    );
    let too_many =
        format!("(loop $l {CREATE} (br_if $l (i32.eqz (i32.load8_u (i32.const 32))))) {OK}");
    let at_once = format!(
        "(drop (memory.grow (i32.const 16))) {CREATE} (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 1000000) (i32.const 48)) {OK}"
    );
    let long_name = format!(
        "(drop (memory.grow (i32.const 16))) (call $create (i32.const 0) (i32.const 1000000) (i32.const 32)) {OK}"
    );
    for (name, body, expected) in [
        ("over-the-quota", over_quota.as_str(), Met(PipelineLimit::ScratchBytes)),
        ("too-many-files", &too_many, Met(PipelineLimit::ScratchFiles)),
        ("too-much-at-once", &at_once, Limit(PipelineLimit::HostcallBytes)),
        ("endless-name", &long_name, Limit(PipelineLimit::HostcallBytes)),
    ] {
        check(
            &host,
            name,
            guest::importing(SCRATCH, SCRATCH_PASSED, SCRATCH_TAKEN, body),
            expected,
        )
        .await;
    }
    // A name that would leave the folder is no name.
    let mut escape =
        format!("{CREATE} (if (i32.eqz (i32.load8_u (i32.const 32))) (then (unreachable)))");
    let _ = write!(escape, "{OK}");
    let fields = SCRATCH_TAKEN.replace("\"a.csv\"", "\"../..\"");
    let component = guest::importing(SCRATCH, SCRATCH_PASSED, &fields, &escape);
    assert_eq!(host.run(component).await.end, PipelineEnd::Returned(Ok(String::new())));
    assert_eq!(host.scratch_files(), 0, "nothing is left of any run");
}
