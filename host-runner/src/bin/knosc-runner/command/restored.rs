//! `runs accept-restored`: going on with a journal that may have lost what was sent.
//!
//! Lists what it means, asks, and records that what may be missing is unknown. Sends nothing and asks Knosc nothing.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use knosc_runner::journal::sqlite::{Concerned, Restored, actor};

use crate::args::Global;
use crate::document::{self, Body};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::{state, when};

pub fn execute(global: &Global, yes: bool, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let Some(restored) = state::restored(global)? else {
        let nothing = document::Runs::Restored { restored: Vec::new() };
        reporter.say("the journal has kept everything; nothing was changed", Body::Runs(nothing));
        return Ok(Exit::Done);
    };
    if !yes && !is_agreed(&restored)? {
        return Err(Problem::Usage {
            message: "the journal was left as it is".to_owned(),
            hint: "look in Knosc which files arrived, then run it again",
        });
    }
    let runs = restored.accept(&actor(), when::now_ms())?;
    reporter
        .say(&sentence(&runs), Body::Runs(document::Runs::Restored { restored: values(&runs) }));
    Ok(Exit::Done)
}

/// Asks on the terminal; no is the answer of Enter.
fn is_agreed(restored: &Restored) -> Result<bool, Problem> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Problem::Usage {
            message: format!("{}; there is no terminal to ask on", restored.doubt()),
            hint: "add --yes: nothing is then sent to the tenants' triggers of this journal until you decide with knosc-runner runs resolve",
        });
    }
    let mut text = format!(
        "{}\nNothing will be sent to these until you decide with runs resolve:\n",
        restored.doubt()
    );
    for Concerned { tenant, trigger } in restored.concerned() {
        let _ = writeln!(text, "  {tenant}  {trigger}");
    }
    text.push_str("Use this journal? [y/N] ");
    let broken = |error: io::Error| Problem::Io {
        what: "the terminal".to_owned(),
        message: error.to_string(),
    };
    anstream::stderr().write_all(text.as_bytes()).map_err(broken)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(broken)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn sentence(runs: &[(String, Concerned)]) -> String {
    let mut text = "the journal is used again; what may be missing is marked as unknown".to_owned();
    for (run, Concerned { tenant, trigger }) in runs {
        let _ = write!(text, "\n  {run}  {tenant}  {trigger}");
    }
    if !runs.is_empty() {
        text.push_str("\nfor each: knosc-runner runs show RUN, look in Knosc, then knosc-runner runs resolve RUN 1");
    }
    text
}

fn values(runs: &[(String, Concerned)]) -> Vec<document::RestoredRun> {
    let value = |(run, one): &(String, Concerned)| document::RestoredRun {
        run_id: run.clone(),
        tenant: one.tenant.clone(),
        trigger: one.trigger.into(),
    };
    runs.iter().map(value).collect()
}
