//! What is typed about tenants' own components.
//!
//! Nothing is opened here. What a pipeline may do is in the operator's file, and no flag widens it.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Subcommand};
use knosc_runner::platform::limits::PipelineLimit;

use super::Unchanged;

#[derive(Debug, Subcommand)]
pub enum Pipeline {
    /// Say whether a tenant's component would be taken; none of it is compiled or run
    Check(Tenanted),
    /// Run a tenant's component in a sandbox, and report what it loaded
    Run(PipelineRun),
}

/// Whose component.
#[derive(Debug, Args)]
pub struct Tenanted {
    /// The component: a binary component of world knosc:bulk-import/tenant
    #[arg(value_name = "FILE.WASM")]
    pub component: PathBuf,
    /// Whose it is, as the operator's file names its tenants
    #[arg(long, env = "KNOSC_TENANT", value_name = "NAME")]
    pub tenant: String,
    /// The operator's file: each tenant's Knosc, sign-in, limits and further origins
    #[arg(long, env = "KNOSC_TENANTS", value_name = "FILE", default_value = "tenants.toml")]
    pub tenants: PathBuf,
}

#[derive(Debug, Args)]
pub struct PipelineRun {
    #[command(flatten)]
    pub of: Tenanted,
    /// Files that the pipeline gets, in the order in which it expects them: --input a.csv b.csv, or once for each
    #[arg(long, env = "KNOSC_INPUT", value_name = "FILE", num_args = 1..)]
    pub input: Vec<PathBuf>,
    /// A setting of the tenant's own for its pipeline; say it again for more
    #[arg(long, env = "KNOSC_SETTING", value_name = "KEY=VALUE", value_parser = setting)]
    pub setting: Vec<(String, String)>,
    /// A limit of this run below the operator's, as in tenants.toml: memory=64 MiB, cpu=10s; say it again for more
    #[arg(long, env = "KNOSC_LIMIT", value_name = "KEY=FIGURE", value_parser = limit)]
    pub limit: Vec<(PipelineLimit, u64)>,
    /// What becomes of a file whose bytes completed before; by default run-ordered skips it, and upload refuses it
    #[arg(long, env = "KNOSC_UNCHANGED", value_enum)]
    pub unchanged: Option<Unchanged>,
    /// Send files of a size that was refused as too large (413) within the last week
    #[arg(long, env = "KNOSC_IGNORE_SIZE_LIMIT", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub ignore_size_limit: bool,
    /// Append admissions, refusals, denials, stops and sign-ins to this file, a line each
    #[arg(long, env = "KNOSC_AUDIT_FILE", value_name = "FILE")]
    pub audit_file: Option<PathBuf>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| "write KEY=VALUE".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

fn limit(text: &str) -> Result<(PipelineLimit, u64), String> {
    let (key, figure) = setting(text)?;
    let limit = PipelineLimit::of_key(&key).ok_or_else(|| {
        let known = PipelineLimit::ALL.map(|limit| limit.row().key).join(", ");
        format!("there is no limit '{key}'; there are {known}")
    })?;
    let row = limit.row();
    let read = row.unit.read(&figure).ok_or_else(|| {
        format!("'{figure}' is no figure for it; its default is {}", row.unit.show(row.default))
    })?;
    Ok((limit, read))
}
