//! The component that these tests call, built as `cargo xtask build` does it; cargo does nothing where it is fresh.

use std::process::Command;
use std::sync::OnceLock;

/// Its bytes, built and read once for all tests of a process.
pub(crate) fn bytes() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--profile", "guest", "--target", "wasm32-wasip2"])
            .args(["-p", "knosc-bulk-import", "--target-dir", "target/guest/portable"])
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .current_dir(root)
            .status();
        assert!(built.unwrap().success(), "the component does not build");
        let wasm = "target/guest/portable/wasm32-wasip2/guest/knosc_bulk_import.wasm";
        std::fs::read(format!("{root}/{wasm}")).unwrap()
    })
}
