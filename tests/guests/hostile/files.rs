//! Files: over the quota, out of range, another tenant's, and handles that are nobody's.

use knosc_runner::platform::limits::PipelineLimit;

use super::Ends::{self, Either, Fine, Limit, Met, Trap};

/// A file called `a.csv` in the record at 32; its writer is at 36.
pub(super) const CREATE: &str = "(call $create (i32.const 512) (i32.const 5) (i32.const 32))";

/// A finished file of 64 KiB; its handle is at 44.
pub(super) const FILE: &str = "(call $create (i32.const 512) (i32.const 5) (i32.const 32)) (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 65536) (i32.const 48)) (call $finish (i32.load (i32.const 36)) (i32.const 40))";

pub(super) const GUESTS: [(&str, &str, &str, Ends); 20] = [
    (
        "over-the-quota",
        "",
        "CREATE (loop $l (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 65536) (i32.const 48)) (br_if $l (i32.eqz (i32.load8_u (i32.const 48))))) OK",
        Met(PipelineLimit::ScratchBytes),
    ),
    (
        "too-many-files",
        "",
        "(loop $l CREATE (br_if $l (i32.eqz (i32.load8_u (i32.const 32))))) OK",
        Met(PipelineLimit::ScratchFiles),
    ),
    (
        "too-much-at-once",
        "",
        "(drop (memory.grow (i32.const 100))) CREATE (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 6000000) (i32.const 48)) OK",
        Limit(PipelineLimit::HostcallBytes),
    ),
    (
        "endless-name",
        "",
        "(drop (memory.grow (i32.const 100))) (call $create (i32.const 0) (i32.const 6000000) (i32.const 32)) OK",
        Limit(PipelineLimit::HostcallBytes),
    ),
    (
        "name-that-leaves-the-folder",
        "",
        "(call $create (i32.const 520) (i32.const 5) (i32.const 32)) (if (i32.eqz (i32.load8_u (i32.const 32))) (then (unreachable))) OK",
        Fine,
    ),
    (
        "folders-of-the-host",
        "",
        "(call $directories (i32.const 32)) (if (i32.load (i32.const 36)) (then (unreachable))) OK",
        Fine,
    ),
    (
        "variables-of-the-host",
        "",
        "(call $environment (i32.const 32)) (if (i32.load (i32.const 36)) (then (unreachable))) OK",
        Fine,
    ),
    (
        "file-out-of-range",
        "",
        "FILE (call $open (i32.load (i32.const 44)) (i64.const -1) (i32.const 56)) (if (i32.eqz (i32.load8_u (i32.const 56))) (then (unreachable))) (call $open (i32.load (i32.const 44)) (i64.const 65537) (i32.const 56)) (if (i32.eqz (i32.load8_u (i32.const 56))) (then (unreachable))) OK",
        Fine,
    ),
    (
        "piece-out-of-range",
        "",
        "FILE (call $piece (i32.load (i32.const 44)) (i64.const -1) (i32.const 1) (i32.const 56)) (if (i32.eqz (i32.load8_u (i32.const 56))) (then (unreachable))) (call $piece (i32.load (i32.const 44)) (i64.const 65537) (i32.const 1) (i32.const 56)) (if (i32.eqz (i32.load8_u (i32.const 56))) (then (unreachable))) (call $piece (i32.load (i32.const 44)) (i64.const 65535) (i32.const -1) (i32.const 56)) (if (i32.load8_u (i32.const 56)) (then (unreachable))) (if (i32.ne (i32.load (i32.const 64)) (i32.const 1)) (then (unreachable))) (call $piece (i32.load (i32.const 44)) (i64.const 65536) (i32.const -1) (i32.const 56)) (if (i32.load (i32.const 64)) (then (unreachable))) OK",
        Fine,
    ),
    (
        "pieces-without-end",
        "",
        "FILE (loop $l (call $piece (i32.load (i32.const 44)) (i64.const 0) (i32.const 1) (i32.const 56)) (br $l)) (unreachable)",
        Either(PipelineLimit::Cpu, PipelineLimit::Wall),
    ),
    (
        "files-opened-without-end",
        "",
        "FILE (loop $l (call $open (i32.load (i32.const 44)) (i64.const 0) (i32.const 56)) (br_if $l (i32.eqz (i32.load8_u (i32.const 56))))) OK",
        Met(PipelineLimit::OpenFiles),
    ),
    (
        "files-doubled-without-end",
        "",
        "FILE (loop $l (drop (call $duplicate (i32.load (i32.const 44)))) (br $l)) (unreachable)",
        Either(PipelineLimit::Resources, PipelineLimit::Handles),
    ),
    (
        "slow-reads",
        "",
        "FILE (loop $l (call $open (i32.load (i32.const 44)) (i64.const 0) (i32.const 56)) (call $blocking-read (i32.load (i32.const 60)) (i64.const 1) (i32.const 64)) (call $drop-input (i32.load (i32.const 60))) (br $l)) (unreachable)",
        Either(PipelineLimit::Cpu, PipelineLimit::Wall),
    ),
    ("finished-twice", "", "FILE (call $finish (i32.load (i32.const 36)) (i32.const 40)) OK", Trap),
    (
        "written-after-its-end",
        "",
        "FILE (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 1) (i32.const 48)) OK",
        Trap,
    ),
    (
        "writer-of-nobody",
        "",
        "(call $write (i32.const 77) (i32.const 0) (i32.const 1) (i32.const 48)) OK",
        Trap,
    ),
    ("file-of-nobody", "", "(drop (call $size (i32.const 3))) OK", Trap),
    ("file-that-is-a-writer", "", "CREATE (drop (call $size (i32.load (i32.const 36)))) OK", Trap),
    (
        "trap-while-writing",
        "",
        "CREATE (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 1) (i32.const 48)) (unreachable)",
        Trap,
    ),
    (
        "loop-while-writing",
        "",
        "CREATE (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 1) (i32.const 48)) (loop $l (br $l)) (unreachable)",
        Limit(PipelineLimit::Cpu),
    ),
];
