//! `runs list | show | resolve | unlock | accept-restored`: what is known of runs of the past, and what a person decides about them.
//!
//! Sends nothing and asks Knosc nothing.

use knosc_bulk_import::admission::RecordedStep;
use knosc_bulk_import::job::Job;
use knosc_bulk_import::run::{Report, Resolution};
use knosc_runner::journal::sqlite::{RecordedRun, Store, StoreError, actor};

use super::{restored, resume};
use crate::args::{Global, Resolve, Runs};
use crate::document::{self, Body};
use crate::drive;
use crate::exit::Exit;
use crate::pipeline_log;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::target::{self, Wanted};
use crate::{state, when};

/// Runs that are listed: some months of one a day.
const LISTED_MAX: usize = 100;

pub async fn execute(
    global: &Global,
    args: &Runs,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    match args {
        Runs::List => {
            let store = state::store_to_read(global, reporter)?;
            list(global, &store, reporter).await?;
        }
        Runs::Show { run } => {
            let store = state::store_to_read(global, reporter)?;
            show(global, &store, run, reporter).await?;
        }
        Runs::Resolve(args) => resolve(global, &state::store(global)?, args, reporter).await?,
        Runs::AcceptRestored { yes } => return restored::execute(global, *yes, reporter),
        Runs::Unlock { trigger } => {
            let store = state::store(global)?;
            let origin = target::origin(global, &Wanted::default())?;
            let had = store.unlock(&origin.to_string(), *trigger).await?;
            let sentence = match &had {
                Some(holder) => format!(
                    "{trigger} is free again; process {} on {} had it for run {}",
                    holder.pid, holder.host, holder.run
                ),
                None => format!("{trigger} was not locked"),
            };
            let unlocked_from = had.map(|holder| holder.run);
            let unlocked = document::Runs::Unlocked { trigger: (*trigger).into(), unlocked_from };
            reporter.say(&sentence, Body::Runs(unlocked));
        }
    }
    Ok(Exit::Done)
}

async fn list(global: &Global, store: &Store, reporter: &mut Reporter) -> Result<(), Problem> {
    let named = global.base_url.is_some() || global.profile.is_some();
    let origin =
        if named { Some(target::origin(global, &Wanted::default())?.to_string()) } else { None };
    let runs = store.runs(origin.as_deref(), LISTED_MAX).await?;
    reporter.runs(&runs);
    Ok(())
}

async fn show(
    global: &Global,
    store: &Store,
    asked: &str,
    reporter: &mut Reporter,
) -> Result<(), Problem> {
    let id = store.find(asked).await?;
    let (run, report) = known(store, &id).await?;
    reporter.run_id(&id, global.state.as_deref());
    let log = pipeline_log::of_run(&state::folder(global)?.pipeline_logs(), &id);
    reporter.recorded_run(&run, &report, &store.events(&id).await?, log.as_ref());
    Ok(())
}

/// A run, and what the journal knows of each of its files.
pub async fn known(store: &Store, id: &str) -> Result<(RecordedRun, Report), Problem> {
    let run = store.run(id).await?;
    let sends = run.steps.iter().any(|step| step.unchanged_of.is_none());
    let report = if sends {
        let report = store.journal(id).await?.run().report();
        drive::with_row_errors(report, store.row_errors(id).await?)
    } else {
        drive::NOTHING
    };
    let report = drive::whole(report, &resume::unchanged(&run));
    Ok((run, report))
}

async fn resolve(
    global: &Global,
    store: &Store,
    args: &Resolve,
    reporter: &mut Reporter,
) -> Result<(), Problem> {
    let id = store.find(&args.run).await?;
    let run = store.run(&id).await?;
    let step = step(&run, &args.step)?;
    let resolution = match &args.accepted {
        Some(job_id) => Resolution::Accepted(Job { trigger: step.trigger, job_id: job_id.clone() }),
        None => Resolution::NotAccepted,
    };
    // Nobody decides about a file that is on its way.
    let locks = store.lock(&run.tenant, vec![step.trigger], &id, when::now_ms()).await?;
    let (who, now_ms) = (actor(), when::now_ms());
    let resolved = match store.journal(&id).await {
        Ok(journal) => journal.resolve(step.step, resolution, who.clone(), now_ms).await,
        Err(error) => Err(error),
    };
    // A lock that could not be given back is free with the process all the same.
    let _ = locks.release().await;
    resolved?;
    reporter.run_id(&id, global.state.as_deref());
    let what = match &args.accepted {
        Some(job_id) => format!("accepted as {job_id}"),
        None => "not accepted".to_owned(),
    };
    let (trigger, file) = (step.trigger, &step.file_name);
    reporter.resolved(
        &format!("{trigger} {file}: {what}, by {who}"),
        document::Runs::Resolved {
            run_id: id,
            trigger: trigger.into(),
            file: file.clone(),
            job_id: args.accepted.clone(),
            accepted: args.accepted.is_some(),
            who: who.clone(),
        },
    );
    Ok(())
}

/// By its number among the files given, or by its trigger where only one file has it.
fn step<'a>(run: &'a RecordedRun, asked: &str) -> Result<&'a RecordedStep, Problem> {
    let sent = || run.steps.iter().filter(|step| step.unchanged_of.is_none());
    let number = asked.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let mut named = sent().filter(|step| match number {
        Some(position) => step.position == position,
        None => step.trigger.name() == asked,
    });
    match (named.next(), named.next()) {
        (Some(step), None) => Ok(step),
        _ => Err(StoreError::NoStep { step: asked.to_owned() }.into()),
    }
}
