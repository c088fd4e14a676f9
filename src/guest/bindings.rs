//! The generated bindings of both worlds, and the exports: the only file that names a world.
//!
//! WASI types are the `wasi` crate's own, so that the whole component has one set of them.

#![allow(
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    missing_debug_implementations,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "bindgen-generated code"
)]

#[cfg(not(feature = "hosted"))]
wit_bindgen::generate!({
    world: "portable",
    path: "wit",
    with: {
        "wasi:cli/environment@0.2.12": wasi::cli::environment,
        "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
        "wasi:clocks/wall-clock@0.2.12": wasi::clocks::wall_clock,
        "wasi:filesystem/preopens@0.2.12": wasi::filesystem::preopens,
        "wasi:filesystem/types@0.2.12": wasi::filesystem::types,
        "wasi:http/outgoing-handler@0.2.12": wasi::http::outgoing_handler,
        "wasi:http/types@0.2.12": wasi::http::types,
        "wasi:io/error@0.2.12": wasi::io::error,
        "wasi:io/poll@0.2.12": wasi::io::poll,
        "wasi:io/streams@0.2.12": wasi::io::streams,
        "wasi:random/random@0.2.12": wasi::random::random,
    },
    generate_all,
});

#[cfg(feature = "hosted")]
wit_bindgen::generate!({
    world: "hosted",
    path: "wit",
    with: {
        "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
        "wasi:clocks/wall-clock@0.2.12": wasi::clocks::wall_clock,
        "wasi:http/outgoing-handler@0.2.12": wasi::http::outgoing_handler,
        "wasi:http/types@0.2.12": wasi::http::types,
        "wasi:io/error@0.2.12": wasi::io::error,
        "wasi:io/poll@0.2.12": wasi::io::poll,
        "wasi:io/streams@0.2.12": wasi::io::streams,
        "wasi:random/random@0.2.12": wasi::random::random,
    },
    generate_all,
});

pub(super) use self::knosc::bulk_import::types;

/// What the exports are implemented on; it holds nothing, since an instance serves one call after the other.
pub(super) struct Component;

export!(Component with_types_in self);
