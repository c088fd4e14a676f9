//! The contract in Rust: generated from `wit/`, and nowhere else.
//!
//! What world `hosted` imports of WASI is left out here: wasmtime's own crates have bindings of it, and link it.
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

        world hosted {
            import knosc:bulk-import/blobs@0.1.0;
            import knosc:bulk-import/tenancy@0.1.0;
            import knosc:bulk-import/journal@0.1.0;
            export knosc:bulk-import/jobs@0.1.0;
        }
    ",
    world: "knosc:host/hosted",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "knosc:bulk-import/blobs.blob": crate::host::blobs::Blob,
    },
    require_store_data_send: true,
});
