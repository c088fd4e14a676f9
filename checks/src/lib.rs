//! What is wrong with an export, as data. Knows no wasm and sends nothing.
