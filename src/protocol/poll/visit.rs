//! The streaming reader of a poll's answer: what it holds is bounded, and what it read before a cut stays.
//!
//! Knows JSON and the documented keys; what a cut or a wrong shape means is decided in `poll`.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::value::{Key, Loose, Row};
use crate::job::{ERROR_BYTES_MAX, ERRORS_MAX, Job, JobReport, RowError};
use crate::protocol::upload;

/// The jobs asked for, with what was said of each so far.
pub(super) struct Slots<'a> {
    jobs: &'a [Job],
    reports: Vec<Option<JobReport>>,
    /// The entry that is being read.
    open: Entry,
}

#[derive(Default)]
struct Entry {
    trigger: Option<String>,
    job_id: Option<String>,
    status: Option<String>,
    rows_processed: Option<u64>,
    completed_at: Option<String>,
    errors: Errors,
}

#[derive(Default)]
struct Errors {
    kept: Vec<RowError>,
    bytes: usize,
    omitted: u64,
    /// The list was read to its end.
    whole: bool,
}

/// Reads `{"jobs": [...]}` into the slots. After an error they hold what was read before it.
pub(super) fn read_all(body: impl Read, slots: &mut Slots<'_>) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_reader(body);
    Top(slots).deserialize(&mut json)?;
    match json.end() {
        // All was said; how the connection ended after that is no matter.
        Err(error) if error.is_io() => Ok(()),
        end => end,
    }
}

impl<'a> Slots<'a> {
    pub(super) fn new(jobs: &'a [Job]) -> Self {
        Self { jobs, reports: vec![None; jobs.len()], open: Entry::default() }
    }

    /// Takes what the entry that was being read had said when the answer ended.
    pub(super) fn close_cut(&mut self) {
        let errors_cut = !self.open.errors.whole;
        // An entry without a status leaves its slot empty, which is what a cut before it means.
        let _ = self.close(errors_cut);
    }

    /// The reports in the order asked, with `missing` for those that were not named; none if `missing` gives none.
    pub(super) fn into_reports(
        self,
        missing: impl Fn(Job) -> Option<JobReport>,
    ) -> Option<Vec<JobReport>> {
        let said = self.jobs.iter().zip(self.reports);
        said.map(|(job, report)| report.or_else(|| missing(job.clone()))).collect()
    }

    /// Files the open entry under every job that it names and that nothing was said of before. False if it names one and
    /// has no status.
    fn close(&mut self, errors_cut: bool) -> bool {
        let Entry { trigger, job_id, status, rows_processed, completed_at, errors } =
            std::mem::take(&mut self.open);
        let named = |job: &Job| {
            trigger.as_deref() == Some(job.trigger.name()) && job_id.as_ref() == Some(&job.job_id)
        };
        let slots = self.jobs.iter().zip(&mut self.reports);
        let mut wanted = slots.filter(|(job, slot)| slot.is_none() && named(job)).peekable();
        if wanted.peek().is_none() {
            return true;
        }
        let Some(status) = status.as_deref().map(upload::status_of) else { return false };
        for (job, slot) in wanted {
            *slot = Some(JobReport {
                job: job.clone(),
                status: status.clone(),
                rows_processed,
                errors: errors.kept.clone(),
                errors_omitted: errors.omitted,
                errors_cut,
                completed_at: completed_at.clone(),
            });
        }
        true
    }
}

impl Errors {
    fn is_full(&self) -> bool {
        self.omitted > 0 || self.kept.len() >= ERRORS_MAX
    }

    /// Keeps the first ones and counts the rest: what is kept has no holes.
    fn push(&mut self, error: RowError) {
        let bytes = self.bytes + error.message.len();
        if self.is_full() || bytes > ERROR_BYTES_MAX {
            self.omitted += 1;
        } else {
            self.bytes = bytes;
            self.kept.push(error);
        }
    }
}

/// `{"jobs": [...]}`.
struct Top<'a, 'b>(&'a mut Slots<'b>);

impl<'de> DeserializeSeed<'de> for Top<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of jobs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = false;
        while let Some(key) = map.next_key::<Key>()? {
            if key != Key::Jobs {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if std::mem::replace(&mut seen, true) {
                return Err(Error::duplicate_field("jobs"));
            }
            map.next_value_seed(List(self.0))?;
        }
        if seen { Ok(()) } else { Err(Error::missing_field("jobs")) }
    }
}

/// The list of jobs.
struct List<'a, 'b>(&'a mut Slots<'b>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of jobs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(One(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// One job.
struct One<'a, 'b>(&'a mut Slots<'b>);

impl<'de> DeserializeSeed<'de> for One<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a job")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.open = Entry::default();
        let mut seen: Vec<Key> = Vec::new();
        let mut rows_processed = None;
        loop {
            let key = map.next_key::<Key>()?;
            // Only what stands after a number shows that it ended: of a cut 1500 nothing is kept, instead of 15.
            self.0.open.rows_processed = rows_processed;
            let Some(key) = key else { break };
            if seen.contains(&key) {
                return Err(Error::custom("a key stands twice"));
            }
            if key.is_of_job() {
                seen.push(key);
            }
            let open = &mut self.0.open;
            match key {
                Key::Trigger => open.trigger = map.next_value::<Loose>()?.text(),
                Key::JobId => open.job_id = map.next_value::<Loose>()?.text(),
                Key::Status => open.status = map.next_value::<Loose>()?.text(),
                Key::RowsProcessed => rows_processed = map.next_value::<Loose>()?.count(),
                Key::CompletedAt => open.completed_at = map.next_value::<Loose>()?.moment(),
                Key::Errors => map.next_value_seed(ErrorList(&mut open.errors))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if self.0.close(false) { Ok(()) } else { Err(Error::missing_field("status")) }
    }
}

/// The list of row errors, or null.
struct ErrorList<'a>(&'a mut Errors);

impl<'de> DeserializeSeed<'de> for ErrorList<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ErrorList<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of row errors")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.whole = true;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            if self.0.is_full() {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
                self.0.omitted += 1;
            } else {
                let Some(Row(error)) = seq.next_element()? else { break };
                self.0.push(error);
            }
        }
        self.0.whole = true;
        Ok(())
    }
}
