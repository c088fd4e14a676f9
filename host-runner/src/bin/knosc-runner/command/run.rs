//! `run`: all files of a manifest or a folder, in order, each to its end.
//!
//! Checks everything before anything is sent; the sending is the library's.

use std::sync::Arc;

use knosc_bulk_import::admission::Unchanged;
use knosc_bulk_import::admission::refresh::Contents;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Outcome, StepReport};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::BlobSource;
use knosc_runner::journal::sqlite::{Kind, NewRun, NewStep, Store, id};

use super::source::{self, Source};
use crate::admission::{self, Content, SizeLimit, Wish};
use crate::args::{Global, Run, WaitArgs};
use crate::connect;
use crate::drive::{self, Drive, Going};
use crate::exit::Exit;
use crate::expecting::expecting;
use crate::problem::Problem;
use crate::render::{Reporter, Shown};
use crate::{state, when};

/// How a run is recorded and watched.
pub struct How<'a> {
    pub kind: Kind,
    pub unchanged: Unchanged,
    pub digest: bool,
    pub limit: SizeLimit,
    pub wait: &'a WaitArgs,
}

pub async fn execute(
    global: &Global,
    args: &Run,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let source =
        source::read(global, &args.source, &args.files, &args.head, true, reporter).await?;
    let unchanged = args.unchanged.unchanged.map_or(Unchanged::Skip, Into::into);
    let digest = !args.unchanged.no_digest;
    let limit = SizeLimit::new(args.files.ignore_size_limit);
    let how = How { kind: Kind::Run, unchanged, digest, limit, wait: &args.wait };
    send(global, source, &how, reporter).await
}

/// Sends checked files and reports; the triggers are this process's until it ends.
pub async fn send(
    global: &Global,
    source: Source,
    how: &How<'_>,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let is_manifests = source.says_poll_interval && global.is_of_profile("poll-interval");
    let interval = how.wait.poll_interval.filter(|_| !is_manifests);
    let policy = source::with_interval(source.policy, interval);
    policy.check(source.origin.is_loopback())?;
    let store = state::store(global)?;
    let run = id::new_id(when::now_ms());
    let triggers = source.files.iter().map(|file| file.trigger).collect();
    let tenant = source.origin.to_string();
    let locks = store.lock(&tenant, triggers, &run, when::now_ms()).await?;
    let ended = locked(global, source, policy, how, &store, run, reporter).await;
    // A lock that could not be given back is free with the process all the same.
    let _ = locks.release().await;
    ended
}

async fn locked(
    global: &Global,
    mut source: Source,
    policy: Policy,
    how: &How<'_>,
    store: &Store,
    run: String,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let tenant = source.origin.to_string();
    let shown = source.shown();
    let wishes = source.files.iter().zip(&shown).map(|(file, shown)| Wish {
        trigger: file.trigger,
        file_name: shown.file_name.clone(),
        path: file.path.clone(),
        content: Content::File,
    });
    let steps =
        admission::admit(store, &tenant, wishes.collect(), how.unchanged, how.limit).await?;
    let contents = guarded(store, &mut source, &steps, reporter).await?;
    // No run is recorded for somebody who cannot sign in.
    let runner = connect::runner(global, &source.origin)?;
    let files = Files::new(&steps, source.steps(), shown);
    let new = NewRun {
        id: run.clone(),
        tenant,
        kind: how.kind,
        created_ms: when::now_ms(),
        policy,
        steps,
    };
    store.begin_with(new, contents).await?;
    reporter.run_id(&run, global.state.as_deref());
    let plan = Plan::new(files.planned(), policy.allow_repeated_trigger).ok();
    let order = plan.as_ref().map_or(&[][..], Plan::order);
    let Files { sent, shown, unchanged } = files;
    reporter.begin(&source.origin, shown, order);
    if order.is_empty() {
        let report = drive::whole(drive::NOTHING, &unchanged);
        reporter.finish(&report, Exit::Done, false);
        return Ok(Exit::Done);
    }
    let journal = Arc::new(store.journal(&run).await?);
    // Every file before the last one has to be complete before the next may go, so that only the last is left alone.
    let detach_after = if how.wait.detach { order.last().copied() } else { None };
    let (wait, grace) = (how.wait.wait, how.wait.grace);
    let digest = how.digest;
    let drive = Drive { steps: sent, policy, journal, detach_after, digest, wait, grace };
    let going = Going { runner: &runner, store, run: &run, unchanged: &unchanged };
    drive::to_the_end(going, drive, reporter).await
}

/// Refuses files that leave out too much; gives what is in those that are sent, by their places.
async fn guarded(
    store: &Store,
    source: &mut Source,
    steps: &[NewStep],
    reporter: &mut Reporter,
) -> Result<Vec<(usize, Contents)>, Problem> {
    let is_sent = |index: &usize| steps.get(*index).is_some_and(|step| step.unchanged_of.is_none());
    let order: Vec<usize> = source.plan.order().iter().copied().filter(is_sent).collect();
    source.guard(Some(store), &order, reporter).await?;
    let contents = std::mem::take(&mut source.contents).into_iter().enumerate();
    let contents = contents.filter(|(index, _)| is_sent(index));
    Ok(contents.filter_map(|(index, contents)| Some((index, contents?))).collect())
}

/// The files of a run: those that are sent, under the indexes that the component sees, and the others.
struct Files {
    sent: Vec<(Trigger, Arc<dyn BlobSource>)>,
    shown: Vec<Shown>,
    /// With their places among all files.
    unchanged: Vec<(usize, StepReport)>,
}

impl Files {
    fn new(
        steps: &[NewStep],
        blobs: Vec<(Trigger, Arc<dyn BlobSource>)>,
        shown: Vec<Shown>,
    ) -> Self {
        let mut files = Self { sent: Vec::new(), shown: Vec::new(), unchanged: Vec::new() };
        let all = steps.iter().zip(blobs).zip(shown).enumerate();
        for (position, ((step, (trigger, blob)), shown)) in all {
            if let Some(run) = &step.unchanged_of {
                let outcome = Outcome::Unchanged(run.clone());
                let file_name = step.file_name.clone();
                files.unchanged.push((position, StepReport { trigger, file_name, outcome }));
            } else {
                files.sent.push((trigger, expecting(blob, step.expected)));
                files.shown.push(shown);
            }
        }
        files
    }

    fn planned(&self) -> Vec<Planned> {
        let planned = |(trigger, blob): &(Trigger, Arc<dyn BlobSource>)| Planned {
            trigger: *trigger,
            file_name: blob.name().to_owned(),
        };
        self.sent.iter().map(planned).collect()
    }
}
