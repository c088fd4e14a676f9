//! Journals that lose their last facts: a log that was removed, a copy of yesterday that was put back.
//!
//! Each file that may have reached Knosc is counted, and the count is kept outside of the journal too; a journal that knows fewer is
//! refused until a person accepts it. What it may have lost is then unknown for each trigger.

use crate::verbs::{FILES, Office, OnDisk, Recorded};
use crate::world::Truth;
use knosc_bulk_import::job::Job;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::run::{Event, Fact, Resolution, SentFile};
use knosc_bulk_import::trigger::Trigger;

impl Office {
    /// The journal loses its last facts: those of the latest run, or of more than one.
    pub(crate) fn lose_facts(&mut self) {
        let count = self.runs.len() as u64;
        let first = self.world.chance.below(count) as usize;
        for run in first..self.runs.len() {
            if self.runs[run].is_restored {
                continue;
            }
            let length = self.runs[run].durable.len() as u64;
            // Later runs are gone as a whole.
            let kept = if run == first { self.world.chance.below(length + 1) as usize } else { 0 };
            self.forget(run, kept);
        }
        self.world.tally.losses += 1;
        self.world.trace(|| format!("the journal loses what came after some fact of run {first}"));
    }

    fn forget(&mut self, run: usize, kept: usize) {
        let Recorded { durable, truths, accepted, .. } = &mut self.runs[run];
        let is_accepted = |event: &Event, job_id: &String| match &event.fact {
            Fact::UploadAccepted(Job { job_id: known, .. })
            | Fact::Resolved(Resolution::Accepted(Job { job_id: known, .. })) => known == job_id,
            _ => false,
        };
        durable.truncate(kept);
        for (step, truth) in truths.iter_mut().enumerate() {
            let Some(job_id) = truth.jobs.first() else { continue };
            if !durable.iter().any(|event| event.step == step && is_accepted(event, job_id)) {
                truth.is_forgotten = true;
                accepted[step] = None;
                self.lost.push(job_id.clone());
            }
        }
    }

    /// How often a file may have reached Knosc, as the journal knows it.
    pub(crate) fn counted(&self) -> usize {
        let facts = self.runs.iter().flat_map(|recorded| &recorded.durable);
        facts.filter(|event| matches!(event.fact, Fact::UploadSealed(_))).count()
    }

    /// Whether the journal is refused.
    pub(crate) fn is_doubted(&self) -> bool {
        (self.world.rules.doubts)(self.counted(), self.generation)
    }

    /// `runs accept-restored`: a file of unknown outcome for each trigger, for a person to decide on.
    pub(crate) fn accept_restored(&mut self) {
        self.world.trace(|| "the journal is accepted as it is".to_owned());
        self.generation = self.counted();
        for (trigger, _) in FILES {
            let file_name = "restored.csv".to_owned();
            let started = SentFile {
                trigger,
                name: file_name.clone(),
                size: 0,
                sha256: None,
                seal_follows: false,
            };
            let fact = Fact::UploadStarted(started);
            let truth = Truth {
                trigger,
                content: "",
                jobs: self.last_lost(trigger).into_iter().collect(),
                repeated: Vec::new(),
                is_forgotten: true,
                called_unsent: false,
                is_knowable: false,
            };
            self.runs.push(Recorded {
                plan: Plan::new(vec![Planned { trigger, file_name }], false).unwrap(),
                durable: vec![Event { at_ms: self.world.now_ms(), step: 0, fact }],
                truths: vec![truth],
                found: vec![OnDisk::default()],
                accepted: vec![None],
                is_restored: true,
            });
        }
    }

    /// What a person finds in Knosc: the job that it made last, where the journal does not know it.
    fn last_lost(&self, trigger: Trigger) -> Option<String> {
        let mut uploads = self.world.model.uploads().iter();
        let last = uploads.rfind(|known| known.trigger == trigger.name())?;
        self.lost.contains(&last.job_id).then(|| last.job_id.clone())
    }
}
