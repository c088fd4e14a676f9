//! Computing, memory, tables, stack, traps, and answers that are none.
//!
//! A name, fields and body of a module, and how it ends.

use knosc_runner::platform::limits::PipelineLimit;

use super::Ends::{self, Limit, Met, Trap};
use super::OK;

pub(super) const GUESTS: [(&str, &str, &str, Ends); 24] = [
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
        "(drop (memory.grow $a (i32.const 90))) (drop (memory.grow $b (i32.const 90))) (drop (memory.grow $c (i32.const 90))) (i32.const 16)",
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
        "(drop (table.grow $t (ref.null func) (i32.const 90000))) (drop (table.grow $u (ref.null func) (i32.const 90000))) (i32.const 16)",
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
