//! The journal of one run in the store: each event is checked, written and on disk before it is answered.
//!
//! Holds the run machine, folded from the same events, so that no event is written that does not fit.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use knosc_bulk_import::admission::{Digest, Standing};
use knosc_bulk_import::job::{JobReport, RowError};
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::run::{Command, Event, Fact, Outcome, Resolution, Run};

use super::codec;
use super::error::StoreError;
use super::record::{RecordedEvent, RecordedRun};
use super::write::{self, Change};
use super::writer::{Answer, Fence, Kept, Writer};
use crate::BoxFuture;
use crate::journal::{Journal, JournalError};

/// The journal of one run.
///
/// A poll that [repeats](Event::repeats) the last event takes its place in memory and is not written. After an event that could
/// not be written nothing more is taken: what is on disk decides, when the run is resumed.
pub struct SqliteJournal {
    id: String,
    tenant: String,
    writer: Writer,
    /// Why nothing may be written, if so.
    doubt: Option<StoreError>,
    state: Mutex<State>,
    broken: Arc<AtomicBool>,
}

struct State {
    run: Run,
    next_seq: usize,
    /// The event that could not be written.
    unwritten: Option<Event>,
    /// Made while a file is sent, and written with its seal.
    digests: HashMap<usize, Digest>,
}

impl SqliteJournal {
    /// Folds what the store holds of a run.
    pub(super) fn new(
        writer: Writer,
        doubt: Option<StoreError>,
        recorded: &RecordedRun,
        events: Vec<RecordedEvent>,
    ) -> Result<Self, StoreError> {
        let history: Vec<Event> = events.into_iter().map(|recorded| recorded.event).collect();
        let run = Run::replay(plan(recorded)?, recorded.policy, &history)?;
        let state =
            State { run, next_seq: history.len(), unwritten: None, digests: HashMap::new() };
        Ok(Self {
            id: recorded.id.clone(),
            tenant: recorded.tenant.clone(),
            writer,
            doubt,
            state: Mutex::new(state),
            broken: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The run as its events make it.
    pub fn run(&self) -> Run {
        self.state().run.clone()
    }

    /// Records what a person found out.
    ///
    /// # Errors
    /// [`StoreError::Illegal`] if the step is not open; else the storage's.
    pub async fn resolve(
        &self,
        step: usize,
        resolution: Resolution,
        actor: String,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        let event = Event { at_ms, step, fact: Fact::Resolved(resolution) };
        self.write(event, Some(actor)).await
    }

    /// Records one event.
    ///
    /// # Errors
    /// [`StoreError::Illegal`] if it does not fit; else the storage's, and then nothing more is taken.
    pub async fn record(&self, event: Event) -> Result<(), StoreError> {
        self.write(event, None).await
    }

    async fn write(&self, event: Event, actor: Option<String>) -> Result<(), StoreError> {
        if let Some(doubt) = &self.doubt {
            return Err(doubt.clone());
        }
        // A place first: from the moment that the machine believes the event, nothing may keep it from the thread.
        let place = self.writer.place().await?;
        let answer: Answer<()> = {
            let mut state = self.state();
            if self.broken.load(Ordering::SeqCst) {
                return Err(StoreError::Stopped {
                    message: "an event of this run was not written".to_owned(),
                });
            }
            let repeats = state.run.history().last().is_some_and(|last| event.repeats(last));
            let errors = row_errors(&event);
            let fact = codec::encode(&event.fact)?;
            let may_be_there = state.may_be_there(event.step);
            state.run.apply(event.clone())?;
            if repeats {
                return Ok(());
            }
            let change = state.change(&self.id, &event, fact, errors, actor);
            let broken = Arc::clone(&self.broken);
            let is_fence = !may_be_there && state.may_be_there(event.step);
            let fence = if is_fence { self.fence(&state, event.step) } else { None };
            place.hand_in(kept(&event.fact, change.is_over), fence, move |connection| {
                let written = write::append(connection, &change);
                broken.fetch_or(written.is_err(), Ordering::SeqCst);
                written
            })
        };
        let written = answer.wait().await;
        if written.is_err() {
            self.broken.store(true, Ordering::SeqCst);
            self.state().take_back(event);
        }
        written
    }

    /// Where a file of this run goes.
    fn fence(&self, state: &State, step: usize) -> Fence {
        let planned = state.run.plan().files().get(step)?;
        Some((self.tenant.clone(), planned.trigger.name().to_owned()))
    }

    /// The event that could not be written, if there is one; nothing was taken after it.
    pub fn unwritten(&self) -> Option<Event> {
        self.state().unwritten.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is written of an event that the machine took.
    fn change(
        &mut self,
        run: &str,
        event: &Event,
        fact: String,
        row_errors: Vec<RowError>,
        actor: Option<String>,
    ) -> Change {
        let seq = self.next_seq;
        self.next_seq += 1;
        let accepted = match &event.fact {
            Fact::UploadAccepted(job) | Fact::Resolved(Resolution::Accepted(job)) => {
                Some(job.job_id.clone())
            }
            _ => None,
        };
        let is_seal = matches!(event.fact, Fact::UploadSealed(_));
        let outcome = self.run.outcome(event.step);
        Change {
            run: run.to_owned(),
            seq,
            at_ms: event.at_ms,
            step: event.step,
            fact,
            actor,
            standing: outcome.as_ref().map_or(Standing::NotStarted, Standing::from),
            accepted,
            digest: if is_seal { self.digests.remove(&event.step) } else { None },
            row_errors,
            is_whole: self.is_whole(event.step),
            is_over: self.is_over(event.at_ms),
        }
    }

    /// Whether Knosc may have something of a step's file.
    fn may_be_there(&self, step: usize) -> bool {
        let outcome = self.run.outcome(step);
        outcome.is_some_and(|outcome| {
            !matches!(outcome, Outcome::NotStarted | Outcome::Refused(_) | Outcome::Unchanged(_))
        })
    }

    /// Whether all of a step's file had left when it was accepted: not where its last bytes had to be recorded first, and were not.
    fn is_whole(&self, step: usize) -> bool {
        let facts = self.run.history().iter().rev().filter(|event| event.step == step);
        for event in facts {
            match &event.fact {
                Fact::UploadSealed(_) => return true,
                Fact::UploadStarted(sent) => return !sent.seal_follows,
                _ => {}
            }
        }
        true
    }

    /// Forgets an event that could not be written: what is told of the run is what is on disk.
    fn take_back(&mut self, event: Event) {
        let event = event.without_row_errors();
        if let Some((last, before)) = self.run.history().split_last()
            && *last == event
            && let Ok(run) = Run::replay(self.run.plan().clone(), *self.run.policy(), before)
        {
            self.run = run;
        }
        self.unwritten.get_or_insert(event);
    }

    /// Whether nothing is left to do: no file to send, no job to watch and nothing to decide.
    fn is_over(&self, now_ms: u64) -> bool {
        let open = |outcome: &Outcome| {
            matches!(outcome, Outcome::Unknown(_) | Outcome::Pending(_) | Outcome::Lost(_))
        };
        let steps = 0..self.run.plan().files().len();
        let is_open = steps.filter_map(|step| self.run.outcome(step)).any(|outcome| open(&outcome));
        !is_open && matches!(self.run.next(now_ms), Command::Finish(_))
    }
}

/// What a poll saw is acted on by the next upload or by the report of a run that is over, and goes to disk with `upload-started` or
/// with the run's end: a power cut before that leaves a history in which the job is polled once more. Every other fact is on disk when
/// it is answered.
fn kept(fact: &Fact, is_over: bool) -> Kept {
    match fact {
        Fact::JobObserved(_) | Fact::PollFailed(_) if !is_over => Kept::ByTheSystem,
        _ => Kept::OnDisk,
    }
}

/// The row errors of a job that ended.
fn row_errors(event: &Event) -> Vec<RowError> {
    match &event.fact {
        Fact::JobObserved(JobReport { status, errors, .. }) if status.is_final() => errors.clone(),
        _ => Vec::new(),
    }
}

/// The plan of the files that a run sends.
pub(super) fn plan(recorded: &RecordedRun) -> Result<Plan, StoreError> {
    let sent = recorded.steps.iter().filter(|step| step.unchanged_of.is_none());
    let planned =
        sent.map(|step| Planned { trigger: step.trigger, file_name: step.file_name.clone() });
    Plan::new(planned.collect(), recorded.policy.allow_repeated_trigger)
        .map_err(|error| StoreError::Corrupt { message: format!("run {}: {error}", recorded.id) })
}

impl Journal for SqliteJournal {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        Box::pin(async { Ok(self.state().run.history().to_vec()) })
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async { self.write(event, None).await.map_err(JournalError::from) })
    }

    fn digest(&self, step: usize, digest: [u8; 16]) -> BoxFuture<'_, Result<(), JournalError>> {
        self.state().digests.insert(step, Digest(digest));
        Box::pin(std::future::ready(Ok(())))
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, Kept, kept};
    use knosc_bulk_import::fault::Fault;

    #[test]
    fn what_a_poll_saw_waits_for_the_next_commit_unless_the_run_is_over() {
        let poll = Fact::PollFailed(Fault::PermanentInvalid(String::new()));
        let end = Fact::UploadEnded(Fault::PermanentInvalid(String::new()));
        assert_eq!(kept(&poll, false), Kept::ByTheSystem);
        assert_eq!(kept(&poll, true), Kept::OnDisk);
        assert_eq!(kept(&end, false), Kept::OnDisk);
        assert_eq!(kept(&Fact::UploadSealed(2), false), Kept::OnDisk);
    }
}
