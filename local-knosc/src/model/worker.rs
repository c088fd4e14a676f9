//! Jobs and the one worker of a tenant. Progress is a function of time: nothing runs between two requests.
//! Knows nothing of HTTP; an integration holds the worker back and loses no job.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    Knobs,
    data::{
        check::{RowError, Verdict, judge, refuse},
        read::{FileType, read},
        store::Stores,
        tables::Table,
    },
    faults::JobFaults,
};

/// The computation trigger, the only one without a file.
pub(crate) const PLANNING: &str = "inventory-planning";

/// What a job is made from.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// A file to read.
    File(FileType, Arc<[u8]>),
    /// A file that was only counted, and is said to have so many rows.
    Discarded(u64),
    /// A computation.
    Planning,
}

#[derive(Debug, Clone)]
pub(crate) enum State {
    Queued,
    Running { started: u64, ends: u64, verdict: Verdict },
    Completed { at: u64, rows: u64, errors: Vec<RowError> },
    Failed { at: u64, rows: u64, errors: Vec<RowError> },
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) trigger: &'static str,
    pub(crate) accepted: u64,
    pub(crate) work: Work,
    pub(crate) state: State,
    /// What a test wants of it.
    pub(crate) faults: JobFaults,
}

/// An integration that holds the tenant's tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IntegrationLock {
    /// No integration runs.
    #[default]
    Free,
    /// One runs until somebody says otherwise.
    Held,
    /// One runs until that moment (milliseconds, the model's time).
    Until(u64),
    /// One runs until so many more polls were answered.
    Polls(u64),
}

/// A tenant's jobs in the order accepted; queued ones start in that order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Worker {
    pub(crate) jobs: Vec<Job>,
    waiting: VecDeque<usize>,
    running: Option<usize>,
    /// When the worker last became free, or an integration last let go.
    free_from: u64,
    lock: IntegrationLock,
}

impl Worker {
    pub(crate) fn accept(&mut self, job: Job) {
        self.waiting.push_back(self.jobs.len());
        self.jobs.push(job);
    }

    pub(crate) fn set_lock(&mut self, lock: IntegrationLock, now: u64) {
        if lock == IntegrationLock::Free && self.lock != IntegrationLock::Free {
            self.free_from = self.free_from.max(now);
        }
        self.lock = lock;
    }

    /// Counts a poll, after it was answered.
    pub(crate) fn polled(&mut self, now: u64) {
        match self.lock {
            IntegrationLock::Polls(left) if left > 1 => {
                self.lock = IntegrationLock::Polls(left - 1);
            }
            IntegrationLock::Polls(_) => self.set_lock(IntegrationLock::Free, now),
            _ => {}
        }
    }

    /// Brings everything up to now: ends what has ended, starts what may start.
    pub(crate) fn advance(&mut self, stores: &mut Stores, knobs: &Knobs, now: u64) {
        loop {
            if let Some(at) = self.running {
                let Some(job) = self.jobs.get_mut(at) else { return };
                let State::Running { ends, verdict, .. } = &mut job.state else { return };
                let ends = *ends;
                if now < ends {
                    return;
                }
                let verdict = std::mem::take(verdict);
                finish(job, verdict, ends, stores, knobs);
                self.running = None;
                self.free_from = self.free_from.max(ends);
            }
            let Some(at) = self.waiting.front().copied() else { return };
            let Some(job) = self.jobs.get_mut(at) else { return };
            let ready = match self.lock {
                IntegrationLock::Free => 0,
                IntegrationLock::Held | IntegrationLock::Polls(_) => return,
                IntegrationLock::Until(until) => until,
            };
            let started =
                ready.max(self.free_from).max(job.accepted.saturating_add(knobs.queued_ms));
            if now < started {
                return;
            }
            if matches!(self.lock, IntegrationLock::Until(_)) {
                self.lock = IntegrationLock::Free;
                self.free_from = self.free_from.max(ready);
            }
            let verdict = start(job, stores, knobs);
            let time = match job.work {
                Work::Planning => knobs.assumed_planning_ms,
                _ => verdict.work.saturating_mul(1_000).div_ceil(knobs.rows_per_second.max(1)),
            };
            job.state = State::Running { started, ends: started.saturating_add(time), verdict };
            self.waiting.pop_front();
            self.running = Some(at);
        }
    }
}

/// Reads and judges a file, once.
fn start(job: &mut Job, stores: &Stores, knobs: &Knobs) -> Verdict {
    if let Some(count) = job.faults.errors {
        return Verdict { failed: true, errors: made_up(count), ..Verdict::default() };
    }
    let mut verdict = match (&job.work, Table::of(job.trigger)) {
        (Work::File(file_type, bytes), Some(table)) => match read(*file_type, bytes) {
            Ok(sheet) => judge(table, &sheet, stores, knobs),
            Err(error) => refuse(error.message()),
        },
        (Work::Discarded(rows), _) => {
            Verdict { processed: *rows, work: *rows, ..Verdict::default() }
        }
        _ => Verdict::default(),
    };
    if matches!(job.work, Work::File(..)) {
        // The rows are judged; holding the file any longer would only cost memory.
        job.work = Work::Discarded(verdict.processed);
    }
    verdict.errors.extend(made_up(job.faults.completed_with_errors.unwrap_or_default()));
    verdict
}

fn made_up(count: u64) -> Vec<RowError> {
    (1..=count)
        .map(|row| RowError {
            row,
            message: format!("Item Unit 'U{row}' not found in Unit Master"),
        })
        .collect()
}

fn finish(job: &mut Job, verdict: Verdict, at: u64, stores: &mut Stores, knobs: &Knobs) {
    let Verdict { processed: rows, errors, failed, changes, .. } = verdict;
    if let Some(table) = Table::of(job.trigger) {
        stores.apply(table, changes, knobs.assumed_refresh_closes_masters);
    }
    job.state = if failed {
        State::Failed { at, rows, errors }
    } else {
        State::Completed { at, rows, errors }
    };
}

impl Job {
    /// Gives the documented status word.
    pub(crate) fn status(&self) -> &'static str {
        match self.state {
            State::Queued => "queued",
            State::Running { .. } => "running",
            State::Completed { .. } => "completed",
            State::Failed { .. } => "failed",
        }
    }

    /// Says when it ended.
    pub(crate) fn ended(&self) -> Option<u64> {
        match self.state {
            State::Completed { at, .. } | State::Failed { at, .. } => Some(at),
            State::Queued | State::Running { .. } => None,
        }
    }

    /// Gives `rows_processed` at a moment.
    pub(crate) fn rows(&self, knobs: &Knobs, now: u64) -> u64 {
        match &self.state {
            State::Queued => 0,
            State::Running { started, verdict, .. } => {
                let read =
                    now.saturating_sub(*started).saturating_mul(knobs.rows_per_second) / 1_000;
                read.min(verdict.processed)
            }
            State::Completed { rows, .. } | State::Failed { rows, .. } => *rows,
        }
    }

    /// Gives the row errors; while it runs there are none, as in the documented sample.
    pub(crate) fn errors(&self) -> &[RowError] {
        match &self.state {
            State::Queued | State::Running { .. } => &[],
            State::Completed { errors, .. } | State::Failed { errors, .. } => errors,
        }
    }
}
