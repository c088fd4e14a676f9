//! What an embedder of version 0.1 generated: from `wit-0.1/`, a copy of the contract as it was, and never from today's `wit/`.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    dead_code,
    reason = "generated"
)]

/// World `portable`, as an engine sees it.
pub(crate) mod portable {
    wasmtime::component::bindgen!({
        path: "promise/wit-0.1",
        inline: "
            package local:old;

            world portable {
                export knosc:bulk-import/sessions@0.1.0;
                export knosc:bulk-import/importer@0.1.0;
                export knosc:bulk-import/planner@0.1.0;
            }
        ",
        world: "local:old/portable",
        exports: { default: async },
    });
}

/// World `hosted`, as a host of its own sees it.
pub(crate) mod hosted {
    wasmtime::component::bindgen!({
        path: "promise/wit-0.1",
        inline: "
            package local:old;

            world hosted {
                import knosc:bulk-import/blobs@0.1.0;
                import knosc:bulk-import/tenancy@0.1.0;
                import knosc:bulk-import/journal@0.1.0;
                export knosc:bulk-import/jobs@0.1.0;
            }
        ",
        world: "local:old/hosted",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "knosc:bulk-import/blobs.blob": crate::old_host::Blob,
        },
        require_store_data_send: true,
    });
}
