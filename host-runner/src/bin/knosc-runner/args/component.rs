//! What is typed about components as files.
//!
//! Nothing is opened here.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Component {
    /// Show a component's world, size, digest, metadata, imports and exports; none of it is compiled or run
    Inspect(Inspect),
}

#[derive(Debug, Args)]
pub struct Inspect {
    /// A component in binary form, of any world
    #[arg(value_name = "FILE.WASM")]
    pub file: PathBuf,
}
