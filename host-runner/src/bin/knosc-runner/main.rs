//! The command `knosc-runner`: parses its arguments before anything else.

fn main() {}
