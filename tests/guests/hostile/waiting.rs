//! Waiting, polls, streams, logs, random numbers, and traps at awkward moments.

use knosc_runner::platform::limits::PipelineLimit;

use super::Ends::{self, Either, Fine, Limit, Met, Trap};

pub(super) const GUESTS: [(&str, &str, &str, Ends); 27] = [
    (
        "sleep-for-ever",
        "",
        "(call $block (call $subscribe (i64.const -1))) (unreachable)",
        Limit(PipelineLimit::Wall),
    ),
    (
        "sleep-a-year",
        "",
        "(call $block (call $subscribe (i64.const 31536000000000000))) (unreachable)",
        Limit(PipelineLimit::Wall),
    ),
    (
        "naps-without-end",
        "(global $p (mut i32) (i32.const 0))",
        "(loop $l (global.set $p (call $subscribe (i64.const 1000000))) (call $block (global.get $p)) (call $drop-pollable (global.get $p)) (br $l)) (unreachable)",
        Either(PipelineLimit::Wall, PipelineLimit::Cpu),
    ),
    (
        "pollable-flood",
        "",
        "(loop $l (drop (call $subscribe (i64.const 1))) (br $l)) (unreachable)",
        Either(PipelineLimit::Resources, PipelineLimit::Handles),
    ),
    ("foreign-handle", "", "(call $block (i32.const 77)) (unreachable)", Trap),
    (
        "never-ending-poll",
        "",
        "(i32.store (i32.const 64) (call $subscribe (i64.const -1))) (i32.store (i32.const 68) (call $subscribe (i64.const -2))) (call $poll (i32.const 64) (i32.const 2) (i32.const 80)) (unreachable)",
        Limit(PipelineLimit::Wall),
    ),
    (
        "poll-of-nothing",
        "",
        "(call $poll (i32.const 64) (i32.const 0) (i32.const 80)) (unreachable)",
        Trap,
    ),
    (
        "poll-of-too-many",
        "",
        "(drop (memory.grow (i32.const 100))) (call $poll (i32.const 0) (i32.const 1500000) (i32.const 80)) (unreachable)",
        Limit(PipelineLimit::HostcallBytes),
    ),
    (
        "ready-without-end",
        "(global $p (mut i32) (i32.const 0))",
        "(global.set $p (call $subscribe (i64.const -1))) (loop $l (drop (call $ready (global.get $p))) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "clock-without-end",
        "",
        "(loop $l (drop (call $now)) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "empty-stream-without-end",
        "",
        "(loop $l (call $read (call $stdin) (i64.const 0) (i32.const 64)) (br $l)) (unreachable)",
        Either(PipelineLimit::Resources, PipelineLimit::Handles),
    ),
    (
        "closed-stream-without-end",
        "(global $s (mut i32) (i32.const 0))",
        "(global.set $s (call $stdin)) (loop $l (call $read (global.get $s) (i64.const 1) (i32.const 64)) (br $l)) (unreachable)",
        Either(PipelineLimit::Cpu, PipelineLimit::Resources),
    ),
    (
        "reads-that-wait-for-nothing",
        "(global $s (mut i32) (i32.const 0))",
        "(global.set $s (call $stdin)) (loop $l (call $blocking-read (global.get $s) (i64.const -1) (i32.const 64)) (br $l)) (unreachable)",
        Either(PipelineLimit::Cpu, PipelineLimit::Resources),
    ),
    (
        "log-flood",
        "(global $s (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0))",
        "(global.set $s (call $stdout)) (loop $l (call $print (global.get $s) (i32.const 0) (i32.const 4096) (i32.const 64)) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 200)))) OK",
        Met(PipelineLimit::LogBytes),
    ),
    (
        "log-of-empty-lines",
        "(global $s (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0))",
        "(memory.fill (i32.const 8192) (i32.const 10) (i32.const 4096)) (global.set $s (call $stdout)) (loop $l (call $print (global.get $s) (i32.const 8192) (i32.const 4096) (i32.const 64)) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 100)))) OK",
        Met(PipelineLimit::LogBytes),
    ),
    (
        "line-that-is-too-long-at-once",
        "",
        "(call $print (call $stdout) (i32.const 0) (i32.const 5000) (i32.const 64)) OK",
        Trap,
    ),
    (
        "log-of-everything-at-once",
        "",
        "(drop (memory.grow (i32.const 100))) (call $print (call $stdout) (i32.const 0) (i32.const 6000000) (i32.const 64)) OK",
        Limit(PipelineLimit::HostcallBytes),
    ),
    ("random-at-once", "", "(call $random (i64.const -1) (i32.const 64)) OK", Trap),
    (
        "random-without-end",
        "",
        "(drop (memory.grow (i32.const 2))) (global.set $trick (i32.const 4)) (loop $l (call $random (i64.const 65536) (i32.const 64)) (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "random-that-fills-memory",
        "",
        "(loop $l (call $random (i64.const 65536) (i32.const 64)) (br $l)) (unreachable)",
        Either(PipelineLimit::Memory, PipelineLimit::Cpu),
    ),
    ("exit-well", "", "(call $exit (i32.const 0)) OK", Trap),
    ("exit-badly", "", "(call $exit (i32.const 1)) OK", Trap),
    (
        "trap-while-it-is-given-something",
        "",
        "(global.set $trick (i32.const 1)) (call $random (i64.const 16) (i32.const 64)) OK",
        Trap,
    ),
    (
        "takes-it-outside-of-memory",
        "",
        "(global.set $trick (i32.const 2)) (call $random (i64.const 16) (i32.const 64)) OK",
        Trap,
    ),
    (
        "never-takes-it",
        "",
        "(global.set $trick (i32.const 3)) (call $random (i64.const 16) (i32.const 64)) OK",
        Limit(PipelineLimit::Cpu),
    ),
    (
        "takes-it-over-something-else",
        "",
        "(global.set $trick (i32.const 4)) (call $random (i64.const 16) (i32.const 64)) OK",
        Fine,
    ),
    ("trap-while-it-waits", "", "(drop (call $subscribe (i64.const -1))) (unreachable)", Trap),
];
