//! Flags about files and about waiting, as typed.
//!
//! Nothing is opened here.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction;
use clap::Args;
use clap::builder::FalseyValueParser;
use knosc_bulk_import::admission::refresh::Allowance;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::manifest::folder::NameRule;

use super::duration;

/// A manifest or a folder.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// import.toml, or a folder of exports
    #[arg(value_name = "IMPORT.TOML | FOLDER")]
    pub source: PathBuf,
    /// What file names of a folder mean, such as 'ITM*.csv=item-master'
    #[arg(long, env = "KNOSC_MAP", value_name = "PATTERN=TRIGGER", value_delimiter = ',')]
    pub map: Vec<NameRule>,
    /// Take two files of one trigger, each of them whole
    #[arg(long, env = "KNOSC_ALLOW_REPEATED_TRIGGER", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub allow_repeated_trigger: bool,
}

/// What may be sent.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// How many keys a file may leave out of what was loaded before, or which share of them; 5% without it
    #[arg(long, env = "KNOSC_ALLOW_DROP", value_name = "N | N%")]
    pub allow_drop: Option<Allowance>,
    /// The columns that tell a trigger's rows apart, such as 'procurement=PO Number+Line'; else what the manifest says or is known
    #[arg(long, env = "KNOSC_KEY", value_name = "TRIGGER=COLUMN+COLUMN", value_parser = key)]
    pub key: Vec<(Trigger, Vec<String>)>,
    /// Send files of a header and no rows, which close everything: --allow-drop 100%
    #[arg(long, env = "KNOSC_ALLOW_EMPTY", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub allow_empty: bool,
    /// The largest file that is sent
    #[arg(long, env = "KNOSC_MAX_BYTES", value_name = "BYTES", default_value_t = 2 << 30)]
    pub max_bytes: u64,
    /// Send files of a size that was refused as too large (413) within the last week
    #[arg(long, env = "KNOSC_IGNORE_SIZE_LIMIT", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub ignore_size_limit: bool,
    /// Wait until a file was left alone for so long; 10s for folders, else 0s
    #[arg(long, env = "KNOSC_SETTLE", value_name = "DURATION", value_parser = duration)]
    pub settle: Option<Duration>,
}

fn key(text: &str) -> Result<(Trigger, Vec<String>), String> {
    let (trigger, columns) =
        text.split_once('=').ok_or_else(|| "write TRIGGER=COLUMN+COLUMN".to_owned())?;
    let trigger = trigger.parse::<Trigger>().map_err(|error| error.to_string())?;
    let columns: Vec<String> = columns.split('+').map(str::to_owned).collect();
    if columns.iter().any(String::is_empty) {
        return Err("a column's name is missing".to_owned());
    }
    Ok((trigger, columns))
}

/// How long is waited.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Return when Knosc accepted the (last) file, and print the line to poll
    #[arg(long, env = "KNOSC_DETACH", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub detach: bool,
    /// End the run after this time: a file that is still on its way is given up, one whose last bytes have left is waited for.
    /// Exit code 5 says that a job was not finished, 10 that nothing was accepted
    #[arg(long, env = "KNOSC_WAIT", value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,
    /// After Ctrl-C, wait so long for the answer to a file whose last bytes have left; 30s
    #[arg(long, env = "KNOSC_GRACE", value_name = "DURATION", value_parser = duration)]
    pub grace: Option<Duration>,
    /// When it ended, however that was, run this with the JSON document of the report, or of the error, on its standard input
    #[arg(long, env = "KNOSC_ON_FINISH", value_name = "COMMAND")]
    pub on_finish: Option<String>,
    /// Shortest time between two polls
    #[arg(long, env = "KNOSC_POLL_INTERVAL", value_name = "DURATION", value_parser = duration)]
    pub poll_interval: Option<Duration>,
}
