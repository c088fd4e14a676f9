//! `resume`: a run goes on from its events.
//!
//! Sends again only what cannot have arrived, and only as it was; the deciding is the run machine's and the admission rules'.

use std::sync::Arc;

use knosc_bulk_import::admission::RecordedStep;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Command, Outcome, Run, StepReport};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::BlobSource;
use knosc_runner::journal::sqlite::{Kind, RecordedRun, SqliteJournal, Store};

use knosc_runner::platform::tenants::TenantSpec;
use knosc_runner::runner::Runner;

use super::{pipeline, source};
use crate::admission::{self, SizeLimit};
use crate::args::{Global, Resume, WaitArgs};
use crate::drive::{self, Drive, Going};
use crate::exit::{self, Exit};
use crate::expecting::{RecordedBlob, expecting};
use crate::pinned::PinnedBlob;
use crate::problem::{FileProblem, Problem};
use crate::render::{Reporter, Shown};
use crate::{connect, state, when};

pub async fn execute(
    global: &Global,
    args: &Resume,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let store = state::store(global)?;
    let run = match &args.run {
        Some(asked) => store.find(asked).await?,
        None => latest(&store).await?,
    };
    let recorded = store.run(&run).await?;
    let origin = origin(global, &recorded)?;
    let spec = spec(args, &recorded, &origin)?;
    let triggers = sent(&recorded).map(|step| step.trigger).collect();
    let locks = store.lock(&recorded.tenant, triggers, &run, when::now_ms()).await?;
    let limit = SizeLimit::new(args.ignore_size_limit);
    let who = Who { global, origin: &origin, spec: spec.as_ref(), limit };
    let ended = locked(who, &run, &args.wait, &store, reporter).await;
    // A lock that could not be given back is free with the process all the same.
    let _ = locks.release().await;
    ended
}

/// More than the runs that one `runs accept-restored` makes for some tenants.
const LATEST_AMONG: usize = 1_000;

pub async fn latest(store: &Store) -> Result<String, Problem> {
    // A run that stands for what was lost has nothing to go on with.
    let runs = store.runs(None, LATEST_AMONG).await?;
    let latest = runs.into_iter().find(|run| run.kind != Kind::Restored);
    latest.map(|run| run.id).ok_or_else(|| Problem::Usage {
        message: "there is no run yet".to_owned(),
        hint: "begin one with knosc-runner run or upload, or name its state folder with --state",
    })
}

/// The run's own tenant: another one that is named is a mistake.
fn origin(global: &Global, recorded: &RecordedRun) -> Result<Origin, Problem> {
    let parse = |url: &str| {
        url.parse::<Origin>().map_err(|source| Problem::Origin { url: url.to_owned(), source })
    };
    let origin = parse(&recorded.tenant)?;
    match &global.base_url {
        Some(url) if parse(url)? != origin => Err(Problem::Usage {
            message: format!("run {} is of {origin}", recorded.id),
            hint: "leave --base-url out: a run knows its tenant",
        }),
        _ => Ok(origin),
    }
}

/// The files that the run sends, in the order of their indexes.
fn sent(recorded: &RecordedRun) -> impl Iterator<Item = &RecordedStep> {
    recorded.steps.iter().filter(|step| step.unchanged_of.is_none())
}

/// The other files, with their places among all.
pub fn unchanged(recorded: &RecordedRun) -> Vec<(usize, StepReport)> {
    let unchanged = |step: &RecordedStep| {
        let run = step.unchanged_of.clone()?;
        let (trigger, file_name) = (step.trigger, step.file_name.clone());
        Some((step.position, StepReport { trigger, file_name, outcome: Outcome::Unchanged(run) }))
    };
    recorded.steps.iter().filter_map(unchanged).collect()
}

/// The tenant of the operator's file that somebody named for a pipeline's run; other runs are of the user of this shell.
fn spec(
    args: &Resume,
    recorded: &RecordedRun,
    origin: &Origin,
) -> Result<Option<TenantSpec>, Problem> {
    let Some(name) = args.tenant.as_ref().filter(|_| recorded.kind == Kind::Pipeline) else {
        return Ok(None);
    };
    let (_, spec) = pipeline::named(name, &args.tenants)?;
    if spec.origin != *origin {
        return Err(Problem::Usage {
            message: format!(
                "run {} is of {origin}, and tenant '{name}' is of {}",
                recorded.id, spec.origin
            ),
            hint: "name the tenant whose pipeline began the run",
        });
    }
    Ok(Some(spec))
}

/// Who goes on with a run.
#[derive(Clone, Copy)]
struct Who<'a> {
    global: &'a Global,
    origin: &'a Origin,
    spec: Option<&'a TenantSpec>,
    limit: SizeLimit,
}

impl Who<'_> {
    fn runner(self) -> Result<Runner, Problem> {
        match self.spec {
            Some(spec) => connect::runner_of(self.global, spec),
            None => connect::runner(self.global, self.origin),
        }
    }
}

async fn locked(
    who: Who<'_>,
    run: &str,
    wait: &WaitArgs,
    store: &Store,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let Who { global, origin, .. } = who;
    // Read again now that nobody else writes.
    let recorded = store.run(run).await?;
    let unchanged = unchanged(&recorded);
    reporter.run_id(run, global.state.as_deref());
    let shown = sent(&recorded).map(shown).collect();
    if sent(&recorded).next().is_none() {
        reporter.begin(origin, shown, &[]);
        let report = drive::whole(drive::NOTHING, &unchanged);
        reporter.finish(&report, Exit::Done, false);
        return Ok(Exit::Done);
    }
    let journal = Arc::new(store.journal(run).await?);
    let policy = source::with_interval(recorded.policy, wait.poll_interval);
    policy.check(origin.is_loopback())?;
    let machine = machine(&journal, policy)?;
    let next = machine.next(when::now_ms());
    let steps = blobs(store, &recorded, &machine, &next, who.limit).await?;
    if let Command::Finish(report) = next {
        reporter.begin(origin, shown, machine.plan().order());
        let errors = store.row_errors(run).await?;
        let report = drive::whole(drive::with_row_errors(report, errors), &unchanged);
        let exit = exit::of_report(&report);
        reporter.finish(&report, exit, false);
        return Ok(exit);
    }
    let runner = who.runner()?;
    reporter.begin(origin, shown, machine.plan().order());
    let detach_after = if wait.detach { machine.plan().order().last().copied() } else { None };
    let WaitArgs { wait, grace, .. } = *wait;
    let drive = Drive { steps, policy, journal, detach_after, digest: true, wait, grace };
    let going = Going { runner: &runner, store, run, unchanged: &unchanged };
    drive::to_the_end(going, drive, reporter).await
}

/// The run as somebody finds it who watches from now on.
fn machine(journal: &SqliteJournal, policy: Policy) -> Result<Run, Problem> {
    let run = journal.run();
    Run::recover(run.plan().clone(), policy, run.history(), when::now_ms())
        .map_err(|illegal| Problem::Internal(illegal.to_string()))
}

/// The files that may be sent have to be there as they were; of the others only the names are needed.
async fn blobs(
    store: &Store,
    recorded: &RecordedRun,
    machine: &Run,
    next: &Command,
    limit: SizeLimit,
) -> Result<Vec<(Trigger, Arc<dyn BlobSource>)>, Problem> {
    let mut blobs: Vec<(Trigger, Arc<dyn BlobSource>)> = Vec::new();
    for step in sent(recorded) {
        let is_next = *next == Command::Upload(step.step);
        let may_follow = !matches!(next, Command::Finish(_))
            && machine.outcome(step.step) == Some(Outcome::NotStarted);
        if !is_next && !may_follow {
            blobs.push((step.trigger, Arc::new(RecordedBlob::new(step))));
            continue;
        }
        let expected = admission::readmit(store, recorded, step, limit).await?;
        let blob = PinnedBlob::open(&step.path).map_err(|error| Problem::File {
            path: step.path.clone(),
            problem: FileProblem::Unreadable(error.to_string()),
        })?;
        blobs.push((step.trigger, expecting(Arc::new(blob.looked_into()), expected)));
    }
    Ok(blobs)
}

fn shown(step: &RecordedStep) -> Shown {
    Shown {
        trigger: step.trigger,
        file_name: step.file_name.clone(),
        path: step.path.display().to_string(),
        size: step.stamp.size,
        position: 0,
    }
}
