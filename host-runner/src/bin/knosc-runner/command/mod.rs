//! The verbs, one a file: each takes what was typed and gives an exit code.
//!
//! What several verbs share of files and plans is in `source`.

mod auth_status;
mod blank_file;
mod check;
mod component;
mod config;
pub mod doctor;
mod help;
mod links;
mod login;
mod logout;
mod pipeline;
mod plan;
mod poll;
mod restored;
mod results;
mod resume;
mod run;
pub mod runs;
mod source;
mod template;
mod upload;

use crate::args::{Auth, Cli, Component, Config, Pipeline, Template, Verb};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;

/// Does what was typed.
pub async fn execute(cli: &Cli, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let global = &cli.global;
    match &cli.verb {
        Verb::Run(args) => run::execute(global, args, reporter).await,
        Verb::Plan(args) => plan::execute(global, args, reporter).await,
        Verb::Check(args) => check::execute(global, args, reporter).await,
        Verb::Upload(args) => upload::execute(global, args, reporter).await,
        Verb::Resume(args) => resume::execute(global, args, reporter).await,
        Verb::Runs(args) => runs::execute(global, args, reporter).await,
        Verb::Results(args) => results::execute(global, args, reporter).await,
        Verb::Poll(args) => poll::execute(global, args, reporter).await,
        Verb::Pipeline(Pipeline::Check(args)) => pipeline::check(args, reporter).await,
        Verb::Pipeline(Pipeline::Run(args)) => pipeline::run(global, args, reporter).await,
        Verb::Component(Component::Inspect(args)) => component::inspected(args, reporter),
        Verb::Login => login::execute(global, reporter).await,
        Verb::Logout => logout::execute(global, reporter).await,
        Verb::Auth(Auth::Status) => auth_status::execute(global, reporter),
        Verb::Template(Template::List) => template::list(global).await,
        Verb::Template(Template::Get(args)) => template::get(global, args, reporter).await,
        Verb::Template(Template::Diff(args)) => template::diff(global, args, reporter).await,
        Verb::Config(Config::Show(args)) => config::show(args, reporter),
        Verb::Doctor => doctor::execute(global, reporter).await,
        Verb::Help(args) => help::execute(args),
    }
}

/// The verb's name, for reports.
pub const fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Run(_) => "run",
        Verb::Plan(_) => "plan",
        Verb::Check(_) => "check",
        Verb::Upload(_) => "upload",
        Verb::Resume(_) => "resume",
        Verb::Runs(_) => "runs",
        Verb::Results(_) => "results",
        Verb::Poll(_) => "poll",
        Verb::Pipeline(Pipeline::Check(_)) => "pipeline-check",
        Verb::Pipeline(Pipeline::Run(_)) => "pipeline-run",
        Verb::Component(_) => "component-inspect",
        Verb::Login => "login",
        Verb::Logout => "logout",
        Verb::Auth(Auth::Status) => "auth-status",
        Verb::Template(_) => "template",
        Verb::Config(_) => "config",
        Verb::Doctor => "doctor",
        Verb::Help(_) => "help",
    }
}

/// The command that hears how it ended.
pub fn on_finish(verb: &Verb) -> Option<&str> {
    let wait = match verb {
        Verb::Run(args) => &args.wait,
        Verb::Upload(args) => &args.wait,
        Verb::Resume(args) => &args.wait,
        _ => return None,
    };
    wait.on_finish.as_deref()
}
