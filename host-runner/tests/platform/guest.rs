//! Pipelines as text: a component of world `tenant` around a few lines of core wasm.
//!
//! The lines are the body of `run`, which leaves the address of its answer; `fields` are more of the module: memories, functions.

use crate::template::LIFTED;

/// What `run` leaves to say that all is well: the record at 16 is `ok("")`.
pub(crate) const OK: &str = "(i32.const 16)";

/// A pipeline that runs these lines.
pub(crate) fn running(body: &str) -> Vec<u8> {
    component("", "", body)
}

/// A pipeline with more fields in its module.
pub(crate) fn with_fields(fields: &str, body: &str) -> Vec<u8> {
    component("", fields, body)
}

/// A pipeline that imports host functions: `imports` are component imports and `(core func …)`s, `core` passes them to the module
/// as `(export "name" (func $name))`, and `fields` imports them from `"host"`.
pub(crate) fn importing(imports: &str, core: &str, fields: &str, body: &str) -> Vec<u8> {
    let host = format!("{imports} (core instance $host {core})");
    binary(&text(&host, r#"(with "host" (instance $host))"#, fields, body))
}

fn component(imports: &str, fields: &str, body: &str) -> Vec<u8> {
    binary(&text(imports, "", fields, body))
}

/// Any component text.
pub(crate) fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The text of such a pipeline.
pub(crate) fn text(imports: &str, with: &str, fields: &str, body: &str) -> String {
    format!(
        r#"(component
  (import "knosc:bulk-import/blobs@0.1.0" (instance $blobs
    (export "blob" (type (sub resource)))
    (export "[method]blob.size" (func (param "self" (borrow 0)) (result u64)))))
  (alias export $blobs "blob" (type $blob))
  (core module $memory-module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
        (drop (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1)))))
      (local.get $at)))
  (core instance $own (instantiate $memory-module))
  (alias core export $own "memory" (core memory $memory))
  (alias core export $own "realloc" (core func $realloc))
  {imports}
  (core module $main
    (import "own" "memory" (memory 1))
    {fields}
    (func (export "run") (param $inputs i32) (param $inputs-len i32) (param i32 i32) (result i32)
      {body}))
  (core instance $run (instantiate $main (with "own" (instance $own)) {with}))
  {LIFTED})
"#
    )
}
