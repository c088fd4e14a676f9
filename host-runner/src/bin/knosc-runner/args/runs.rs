//! What is typed about runs of the past.
//!
//! Nothing is looked up here.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Subcommand, ValueEnum};
use knosc_bulk_import::admission;
use knosc_bulk_import::trigger::Trigger;

use super::WaitArgs;

/// What becomes of a file whose bytes completed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unchanged {
    /// It is not sent and counts as done
    Skip,
    /// It is sent again
    Send,
    /// Nothing is sent
    Refuse,
}

impl From<Unchanged> for admission::Unchanged {
    fn from(unchanged: Unchanged) -> Self {
        match unchanged {
            Unchanged::Skip => Self::Skip,
            Unchanged::Send => Self::Send,
            Unchanged::Refuse => Self::Refuse,
        }
    }
}

/// The same file again.
#[derive(Debug, Args)]
pub struct UnchangedArgs {
    /// What becomes of a file whose bytes completed before; run skips it, upload refuses it
    #[arg(long, env = "KNOSC_UNCHANGED", value_enum)]
    pub unchanged: Option<Unchanged>,
    /// Make no digest of a file while it is sent, which spares a little computing; the same file is then sent
    /// again, unless it lies untouched on a local disk
    #[arg(long, env = "KNOSC_NO_DIGEST", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub no_digest: bool,
}

#[derive(Debug, Args)]
pub struct Resume {
    /// The run, as much of its id as names one; without it, the latest
    #[arg(value_name = "RUN", conflicts_with = "latest")]
    pub run: Option<String>,
    /// The latest run
    #[arg(long, env = "KNOSC_LATEST", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub latest: bool,
    /// Of a run that a pipeline began: sign in as this tenant of the operator's file, as the pipeline did
    #[arg(long, env = "KNOSC_TENANT", value_name = "NAME")]
    pub tenant: Option<String>,
    /// The operator's file, for --tenant
    #[arg(long, env = "KNOSC_TENANTS", value_name = "FILE", default_value = "tenants.toml")]
    pub tenants: PathBuf,
    /// Send files of a size that was refused as too large (413) within the last week
    #[arg(long, env = "KNOSC_IGNORE_SIZE_LIMIT", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub ignore_size_limit: bool,
    #[command(flatten)]
    pub wait: WaitArgs,
}

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// The last runs, the latest first; of one tenant with --base-url
    List,
    /// What is known of a run, and what can be checked where that is not enough
    Show {
        /// The run, as much of its id as names one
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// Record what you found out in Knosc about a file whose outcome is unknown, or whose job is lost
    Resolve(Resolve),
    /// Use a journal that may have lost what was sent, such as one from a backup: what may be missing is marked as unknown
    AcceptRestored {
        /// Do not ask; a decision comes from the one who types it: this flag has no variable
        #[arg(long)]
        yes: bool,
    },
    /// Forget the lock of a process that ended on another host, where locks do not hold between machines
    Unlock {
        /// The upload type
        #[arg(value_name = "TRIGGER")]
        trigger: Trigger,
    },
}

/// A decision comes from the one who types it: these flags have no variables.
#[derive(Debug, Args)]
pub struct Resolve {
    /// The run, as much of its id as names one
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step, as runs show numbers it, or its trigger
    #[arg(value_name = "STEP")]
    pub step: String,
    /// Knosc accepted the file as this job, which is then watched by resume
    #[arg(
        long,
        value_name = "JOB-ID",
        required_unless_present = "not_accepted",
        conflicts_with = "not_accepted"
    )]
    pub accepted: Option<String>,
    /// Knosc did not accept the file: it may be sent again
    #[arg(long)]
    pub not_accepted: bool,
}
