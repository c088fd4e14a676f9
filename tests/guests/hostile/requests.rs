//! Requests: floods, headers that are the host's, origins that are somebody else's, answers that never come or never end.

use knosc_runner::platform::limits::PipelineLimit;

use super::Ends::{self, Either, Fine, Limit, Met, Trap};

/// Asks the granted origin for the path at 560, of five characters.
pub(super) const ASK: &str =
    "(call $ask (i32.const 560) (i32.const 5) (i32.const 640) (global.get $granted-len))";

/// The peer never answers this one.
const MUTE: &str = r#"(data (i32.const 560) "/mute") (global $f (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0))"#;

/// Answered at once.
const WELL: &str = r#"(data (i32.const 560) "/well") (global $f (mut i32) (i32.const 0)) (global $p (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0))"#;

/// Its answer never ends.
const LONG: &str = r#"(data (i32.const 560) "/long") (global $f (mut i32) (i32.const 0))"#;

/// Names of headers, one after another, each ended by a comma.
const NAMES: &str = r#"(data (i32.const 800) "host,cookie,authorization,x-xsrf-token,transfer-encoding,connection,proxy-authorization,x-forwarded-for,te,trailer,upgrade,expect,via,forwarded,keep-alive,x-erp-token,") (global $f (mut i32) (i32.const 0)) (global $from (mut i32) (i32.const 800)) (global $to (mut i32) (i32.const 800))"#;

pub(super) const GUESTS: [(&str, &str, &str, Ends); 15] = [
    (
        "requests-at-one-time",
        MUTE,
        "(loop $l (drop ASK) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 40)))) (call $block (call $subscribe (i64.const 50000000))) OK",
        Met(PipelineLimit::RequestsInFlight),
    ),
    (
        "calls-of-jobs-without-end",
        "(global $n (mut i32) (i32.const 0))",
        "(loop $l (call $poll-jobs (i32.const 64) (i32.const 0) (i32.const 832)) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 10)))) OK",
        Met(PipelineLimit::JobCalls),
    ),
    (
        "requests-in-all",
        WELL,
        "(loop $l (global.set $f ASK) (if (i32.ge_s (global.get $f) (i32.const 0)) (then (global.set $p (call $answered (global.get $f))) (call $block (global.get $p)) (call $drop-pollable (global.get $p)) (call $answer (global.get $f) (i32.const 256)) (if (i32.eqz (i32.load8_u (i32.const 272))) (then (call $drop-response (i32.load (i32.const 280))))) (call $drop-future (global.get $f)))) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 60)))) OK",
        Met(PipelineLimit::Requests),
    ),
    (
        "answer-that-never-comes",
        MUTE,
        "(call $block (call $answered ASK)) (unreachable)",
        Limit(PipelineLimit::Wall),
    ),
    (
        "answer-that-never-ends",
        LONG,
        "(drop (memory.grow (i32.const 2))) (global.set $f ASK) (call $block (call $answered (global.get $f))) (call $answer (global.get $f) (i32.const 256)) (call $consume (i32.load (i32.const 280)) (i32.const 64)) (call $stream (i32.load (i32.const 68)) (i32.const 72)) (global.set $trick (i32.const 4)) (loop $l (call $blocking-read (i32.load (i32.const 76)) (i64.const 65536) (i32.const 80)) (br_if $l (i32.eqz (i32.load8_u (i32.const 80))))) OK",
        Met(PipelineLimit::AnswerBytes),
    ),
    (
        "answer-that-nobody-reads",
        LONG,
        "(drop ASK) (call $block (call $subscribe (i64.const -1))) (unreachable)",
        Limit(PipelineLimit::Wall),
    ),
    ("trap-while-asking", MUTE, "(drop ASK) (unreachable)", Trap),
    (
        "loop-while-asking",
        MUTE,
        "(drop ASK) (loop $l (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "another-ones-origin",
        MUTE,
        "(global.set $f (call $ask (i32.const 560) (i32.const 5) (i32.const 704) (global.get $denied-len))) (if (i32.ge_s (global.get $f) (i32.const 0)) (then (call $block (call $answered (global.get $f))) (call $answer (global.get $f) (i32.const 256)) (if (i32.eqz (i32.load8_u (i32.const 272))) (then (unreachable))))) OK",
        Fine,
    ),
    (
        "headers-of-the-host",
        NAMES,
        "(global.set $f (call $fields)) (loop $l (if (i32.eqz (i32.load8_u (global.get $to))) (then (return OK))) (if (i32.eq (i32.load8_u (global.get $to)) (i32.const 44)) (then (call $append (global.get $f) (global.get $from) (i32.sub (global.get $to) (global.get $from)) (i32.const 512) (i32.const 5) (i32.const 64)) (if (i32.eqz (i32.load8_u (i32.const 64))) (then (unreachable))) (global.set $from (i32.add (global.get $to) (i32.const 1))))) (global.set $to (i32.add (global.get $to) (i32.const 1))) (br $l)) (unreachable)",
        Fine,
    ),
    (
        "header-with-a-line-end",
        r#"(data (i32.const 560) "x\0d\0ahost: y") (data (i32.const 600) "x-a b: c")"#,
        "(call $append (call $fields) (i32.const 600) (i32.const 3) (i32.const 560) (i32.const 10) (i32.const 64)) (if (i32.eqz (i32.load8_u (i32.const 64))) (then (unreachable))) (call $append (call $fields) (i32.const 600) (i32.const 8) (i32.const 512) (i32.const 1) (i32.const 64)) (if (i32.eqz (i32.load8_u (i32.const 64))) (then (unreachable))) OK",
        Fine,
    ),
    (
        "headers-without-end",
        r#"(data (i32.const 560) "x-a") (global $f (mut i32) (i32.const 0))"#,
        "(global.set $f (call $fields)) (loop $l (call $append (global.get $f) (i32.const 560) (i32.const 3) (i32.const 512) (i32.const 5) (i32.const 64)) (br $l)) (unreachable)",
        Limit(PipelineLimit::HeaderBytes),
    ),
    (
        "one-header-that-is-too-long",
        r#"(data (i32.const 560) "x-a")"#,
        "(drop (memory.grow (i32.const 16))) (memory.fill (i32.const 8192) (i32.const 65) (i32.const 500000)) (call $append (call $fields) (i32.const 560) (i32.const 3) (i32.const 8192) (i32.const 500000) (i32.const 64)) (unreachable)",
        Limit(PipelineLimit::HeaderBytes),
    ),
    (
        "sets-of-headers-without-end",
        "",
        "(loop $l (drop (call $fields)) (br $l)) (unreachable)",
        Either(PipelineLimit::Resources, PipelineLimit::Handles),
    ),
    (
        "full-sets-of-headers-without-end",
        r#"(data (i32.const 560) "x-a")"#,
        "(loop $l (call $append (call $fields) (i32.const 560) (i32.const 3) (i32.const 1024) (i32.const 3800) (i32.const 64)) (br $l)) (unreachable)",
        Either(PipelineLimit::Resources, PipelineLimit::Cpu),
    ),
];
