//! What was typed. Nothing is looked up or opened here.
//!
//! Every flag has an environment variable, `KNOSC_` and its name. No secret is ever an argument: process lists show those.

mod auth;
mod component;
mod files;
mod judging;
mod pipeline;
mod results;
mod runs;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use knosc_bulk_import::job::Job;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::trigger::Trigger;

pub use auth::AuthArgs;
pub use component::{Component, Inspect};
pub use files::{FileArgs, SourceArgs, WaitArgs};
pub use judging::{Check, HeadArgs, JudgingArgs, ReadingArgs};
pub use pipeline::{Pipeline, PipelineRun, Tenanted};
pub use results::{Form, Results};
pub use runs::{Resolve, Resume, Runs, Unchanged, UnchangedArgs};

/// Loads ERP exports into Knosc, in the documented order, each file once.
#[derive(Debug, Parser)]
#[command(
    name = "knosc-runner",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "help topics: knosc-runner help exit-codes | env | files | events | journal | pipelines"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags of every verb.
#[derive(Debug, Args)]
pub struct Global {
    #[allow(clippy::doc_markdown, reason = "the text is help on a terminal")]
    /// The tenant, https://acme.knosc.com (production) or https://acme.knosc.io (test); there is no default
    #[arg(
        long,
        global = true,
        env = "KNOSC_BASE_URL",
        value_name = "URL",
        conflicts_with = "profile"
    )]
    pub base_url: Option<String>,
    /// A tenant by its name in the configuration file, which may hold every other flag too (config show)
    #[arg(long, global = true, env = "KNOSC_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,
    /// Where sessions and the journal of runs are kept; on a disk of this machine
    #[arg(long, global = true, env = "KNOSC_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Use a state folder on a network or shared file system too: only if no other machine uses it, since locks may not hold there
    #[arg(long, global = true, env = "KNOSC_TRUST_FILE_LOCKS", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub trust_file_locks: bool,
    /// Results as text, as one JSON document, or as JSON events
    #[arg(long, global = true, env = "KNOSC_OUTPUT", value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// No progress and no notes
    #[arg(short, long, global = true, env = "KNOSC_QUIET", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub quiet: bool,
    /// Log more; twice for everything
    #[arg(short, long, global = true, env = "KNOSC_VERBOSE", action = ArgAction::Count)]
    pub verbose: u8,
    /// Write the log to this file instead of stderr
    #[arg(long, global = true, env = "KNOSC_LOG_FILE", value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// The form of the log
    #[arg(long, global = true, env = "KNOSC_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Trust the certificates of this PEM file too
    #[arg(long, visible_alias = "ca", global = true, env = "KNOSC_CA_FILE", value_name = "FILE")]
    pub ca_file: Vec<PathBuf>,
    #[command(flatten)]
    pub auth: AuthArgs,
    /// The flags that only the profile says: a manifest's own words about its files go before them
    #[arg(skip)]
    pub of_profile: Vec<String>,
    #[cfg(feature = "otlp")]
    #[command(flatten)]
    pub otlp: OtlpArgs,
}

impl Global {
    /// Whether a flag is as the profile says, and neither typed nor in a variable.
    pub fn is_of_profile(&self, flag: &str) -> bool {
        self.of_profile.iter().any(|of| of == flag)
    }
}

/// Where spans go.
#[cfg(feature = "otlp")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Traces")]
pub struct OtlpArgs {
    /// A collector of OpenTelemetry that takes OTLP over HTTP, https or on this machine
    #[arg(
        long = "otlp-endpoint",
        global = true,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL"
    )]
    pub endpoint: Option<Origin>,
    /// Tell Knosc the trace that each request belongs to (traceparent)
    #[arg(long, global = true, env = "KNOSC_TRACEPARENT", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub traceparent: bool,
}

/// The form of results on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
    Ndjson,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Plan, upload, poll and report all files of a manifest or a folder
    Run(Run),
    /// Show what would be sent, in which order and why; send nothing
    Plan(Plan),
    /// Look into files and say what will go wrong; send nothing
    Check(Check),
    /// Send one file and wait for its job
    Upload(Upload),
    /// Go on with a run that was cut off, interrupted or left; nothing is sent twice
    Resume(Resume),
    /// Runs of the past: list, show, resolve, unlock; a journal that was restored
    #[command(subcommand)]
    Runs(Runs),
    /// The rows that Knosc rejected, beside the lines of the file that was sent
    Results(Results),
    /// Ask how far jobs are
    Poll(Poll),
    /// A tenant's own component: check it, or run it in a sandbox
    #[command(subcommand)]
    Pipeline(Pipeline),
    /// About a component's file
    #[command(subcommand)]
    Component(Component),
    /// Sign in and keep the session for the other verbs
    Login,
    /// End the session and forget it
    Logout,
    /// About the session
    #[command(subcommand)]
    Auth(Auth),
    /// Knosc's upload templates
    #[command(subcommand)]
    Template(Template),
    /// Look at what a run needs: state folder, address, certificate, proxy, clock, sign-in, privileges; send no file
    Doctor,
    /// About the configuration file and its profiles
    #[command(subcommand)]
    Config(Config),
    /// Help on a verb or a topic: exit-codes, env, files, events, journal, pipelines
    Help(Help),
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub wait: WaitArgs,
    #[command(flatten)]
    pub unchanged: UnchangedArgs,
    #[command(flatten)]
    pub head: HeadArgs,
}

#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub head: HeadArgs,
    /// Write what was found as a manifest
    #[arg(long, env = "KNOSC_WRITE_MANIFEST", value_name = "FILE")]
    pub write_manifest: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Upload {
    /// The upload type, such as item-master
    #[arg(value_name = "TRIGGER")]
    pub trigger: Trigger,
    /// The .xlsx or .csv file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub wait: WaitArgs,
    #[command(flatten)]
    pub unchanged: UnchangedArgs,
    /// Do not look into the file, and so not at what it leaves out of what was loaded before
    #[arg(long, env = "KNOSC_NO_CHECK", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub no_check: bool,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_field_names, reason = "the flag is named so")]
pub struct Poll {
    /// Jobs as TRIGGER:JOB-ID, at most 50
    #[arg(required = true, value_name = "TRIGGER:JOB-ID", value_parser = job)]
    pub jobs: Vec<Job>,
    /// Poll until the jobs ended, but no longer than this; without it, ask once
    #[arg(long, env = "KNOSC_WAIT", value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,
    /// Shortest time between two polls
    #[arg(long, env = "KNOSC_POLL_INTERVAL", value_name = "DURATION", value_parser = duration)]
    pub poll_interval: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Show whether a session or credentials are at hand
    Status,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show what flags are where nobody types them: by variables and by the profile
    Show(ConfigShow),
}

#[derive(Debug, Args)]
pub struct ConfigShow {
    /// With the profile that this manifest names
    #[arg(value_name = "IMPORT.TOML")]
    pub manifest: Option<PathBuf>,
    /// Say of each whence it is
    #[arg(long, env = "KNOSC_ORIGIN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub origin: bool,
    /// Defaults too
    #[arg(long, env = "KNOSC_ALL", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub all: bool,
}

#[derive(Debug, Subcommand)]
pub enum Template {
    /// Print what Knosc answers, as it is
    List,
    /// Save one blank file, and keep it for the checks of this tenant's files
    Get(TemplateGet),
    /// Compare the columns of a template with those of the one that was kept, or of a file; 7 if they differ
    Diff(TemplateDiff),
}

#[derive(Debug, Args)]
pub struct TemplateDiff {
    /// The upload type
    #[arg(value_name = "TRIGGER")]
    pub trigger: Trigger,
    /// A file whose header is compared; without it, the template that template get kept
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub elsewhere: ElsewhereArgs,
}

/// Links that lead away from the tenant.
#[derive(Debug, Args)]
pub struct ElsewhereArgs {
    /// Fetch the file also where its link leads to this other origin, without cookies; may be said several times
    #[arg(long, env = "KNOSC_ALLOW_ORIGIN", value_name = "ORIGIN")]
    pub allow_origin: Vec<Origin>,
}

#[derive(Debug, Args)]
pub struct TemplateGet {
    /// The upload type, or a link as template list prints it
    #[arg(value_name = "TRIGGER | LINK")]
    pub what: String,
    /// Where to; without it, the link's own file name in this folder. An existing file is never overwritten
    #[arg(long, env = "KNOSC_TO", value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub elsewhere: ElsewhereArgs,
}

#[derive(Debug, Args)]
pub struct Help {
    /// A verb or a topic
    pub topic: Option<String>,
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    knosc_runner::manifest::duration::parse(text).map_err(|error| error.to_string())
}

fn job(text: &str) -> Result<Job, String> {
    let (trigger, job_id) =
        text.split_once(':').ok_or_else(|| "write TRIGGER:JOB-ID".to_owned())?;
    let trigger = trigger.parse::<Trigger>().map_err(|error| error.to_string())?;
    if job_id.is_empty() {
        return Err("the job id is missing".to_owned());
    }
    Ok(Job { trigger, job_id: job_id.to_owned() })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Every verb with those above it, as typed.
    fn paths(verb: &clap::Command, above: &str, found: &mut Vec<String>) {
        for below in verb.get_subcommands() {
            let path = format!("{above}{} ", below.get_name());
            paths(below, &path, found);
            found.push(path);
        }
    }

    #[test]
    fn the_help_of_each_verb_is_in_a_scenario() {
        let script = include_str!("../../../../../tests/scenarios/helps/cmd");
        let mut found = Vec::new();
        paths(&Cli::command(), "", &mut found);
        assert!(found.len() > 20, "{found:?}");
        for path in found {
            assert!(script.lines().any(|line| line == format!("{path}--help")), "{path}");
        }
    }

    #[test]
    fn the_commands_are_well_formed_and_every_flag_has_a_variable() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        let mut verbs = vec![&command];
        while let Some(verb) = verbs.pop() {
            verbs.extend(verb.get_subcommands());
            for flag in verb.get_arguments().filter(|arg| arg.get_long().is_some()) {
                let is_decision = verb.get_name() == "resolve"
                    && matches!(flag.get_id().as_str(), "accepted" | "not_accepted")
                    || verb.get_name() == "accept-restored" && flag.get_id() == "yes";
                if !matches!(flag.get_id().as_str(), "help" | "version") && !is_decision {
                    assert!(flag.get_env().is_some(), "{} of {}", flag.get_id(), verb.get_name());
                }
            }
        }
    }
}
