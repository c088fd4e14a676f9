//! Set-up, demo, test, build and bench.
fn main() {}
