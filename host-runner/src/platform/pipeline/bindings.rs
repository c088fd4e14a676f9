//! World `tenant` in Rust: generated from `wit/`, on the types of the importer's own bindings.
//!
//! What a pipeline imports of WASI is left out here: wasmtime's own crates have bindings of it, and link it.
#![allow(
    missing_docs,
    clippy::pedantic,
    unreachable_pub,
    reason = "generated; the contract is documented in wit/"
)]

wasmtime::component::bindgen!({
    path: "wit",
    inline: "
        package knosc:host;

        world tenant {
            import knosc:bulk-import/blobs@0.1.0;
            import knosc:bulk-import/pieces@0.1.0;
            import knosc:bulk-import/scratch@0.1.0;
            import knosc:bulk-import/jobs@0.1.0;
            export knosc:bulk-import/pipeline@0.1.0;
        }
    ",
    world: "knosc:host/tenant",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "knosc:bulk-import/types": crate::bindings::knosc::bulk_import::types,
        "knosc:bulk-import/blobs": crate::bindings::knosc::bulk_import::blobs,
        "knosc:bulk-import/scratch.writer": super::scratch::Writer,
    },
    require_store_data_send: true,
});
