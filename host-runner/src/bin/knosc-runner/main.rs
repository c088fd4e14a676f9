//! The command `knosc-runner`: parses its arguments before anything else, does one verb, ends with a documented code.
//!
//! Holds no logic of its own.
#![allow(unreachable_pub, reason = "the modules of a binary are nobody's interface")]
#![allow(missing_docs, reason = "the same; `knosc-runner help` is the documentation")]

mod admission;
mod args;
mod bounded;
mod certificates;
mod check;
mod command;
mod connect;
mod credentials;
mod document;
mod drive;
mod elsewhere;
mod exit;
mod expecting;
mod file_problem;
mod guard;
mod interrupt;
mod judge;
mod logging;
mod on_finish;
mod pinned;
mod pipeline_log;
mod pipeline_problem;
mod private;
mod problem;
mod profile;
mod recorded;
mod render;
mod results;
mod save;
mod state;
mod target;
mod when;

use std::process::ExitCode;

use args::{Cli, Output};
use problem::Problem;
use render::Reporter;

fn main() -> ExitCode {
    // Started by this program to compile a tenant's component, and for nothing else.
    if let Some(code) = knosc_runner::platform::compile::compile_worker() {
        return ExitCode::from(code);
    }
    let cli = match profile::parse() {
        Ok(cli) => cli,
        Err(profile::Refused::Typed(error)) => return ExitCode::from(refused(&error)),
        Err(profile::Refused::Profile(problem)) => {
            let output = if wants_json() { Output::Json } else { Output::Text };
            render::print_problem(output, &problem);
            return ExitCode::from(problem.exit().code());
        }
    };
    let mut reporter = Reporter::new(cli.global.output, cli.global.quiet, command::name(&cli.verb));
    let ended = execute(&cli, &mut reporter);
    if let Err(problem) = &ended {
        reporter.fatal(problem);
    }
    if let Some(command) = command::on_finish(&cli.verb)
        && let Some(document) = reporter.summary(ended.as_ref().err())
        && let Some(sentence) = on_finish::tell(command, &document)
    {
        reporter.note(&sentence);
    }
    let exit = ended.unwrap_or_else(|problem| problem.exit());
    ExitCode::from(exit.code())
}

fn execute(cli: &Cli, reporter: &mut Reporter) -> Result<exit::Exit, Problem> {
    let log = logging::start(&cli.global)?;
    // One thread: a start costs less, and the work is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Problem::Internal(error.to_string()))?;
    let ended = runtime.block_on(command::execute(cli, reporter));
    log.finish();
    ended
}

/// Before anything is parsed.
fn wants_json() -> bool {
    std::env::args().chain(std::env::var("KNOSC_OUTPUT")).any(|word| {
        matches!(word.as_str(), "json" | "ndjson" | "--output=json" | "--output=ndjson")
    })
}

/// What clap refused or printed. Programs that asked for JSON get it here too.
fn refused(error: &clap::Error) -> u8 {
    if wants_json() && error.use_stderr() {
        let message = error.render().to_string();
        let problem = Problem::Usage { message, hint: "run knosc-runner help" };
        render::print_problem(Output::Json, &problem);
    } else {
        // A closed stdout is no error of ours.
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).unwrap_or(exit::Exit::Usage.code())
}
