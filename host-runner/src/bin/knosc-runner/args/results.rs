//! What is typed about the rows that Knosc rejected.
//!
//! Nothing is looked up here.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

/// How rejected rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For a terminal
    Text,
    /// One line a message; values that a spreadsheet would compute are kept from it
    Csv,
    /// One document
    Json,
    /// For the summary of a CI job
    Markdown,
    /// A workbook of the rejected rows, their cells marked; needs --to
    Xlsx,
    /// One page without network: times, counts, messages by their kind
    Html,
}

#[derive(Debug, Args)]
pub struct Results {
    /// The run, as much of its id as names one; without it, the latest
    #[arg(value_name = "RUN", conflicts_with = "latest")]
    pub run: Option<String>,
    /// The latest run
    #[arg(long, env = "KNOSC_LATEST", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub latest: bool,
    /// How they are written; by the ending of --to, else as text (or as --output says)
    #[arg(long, env = "KNOSC_FORMAT", value_enum)]
    pub format: Option<Form>,
    /// Where to; without it, standard output. An existing file is never overwritten
    #[arg(long, env = "KNOSC_TO", value_name = "FILE")]
    pub to: Option<PathBuf>,
}
