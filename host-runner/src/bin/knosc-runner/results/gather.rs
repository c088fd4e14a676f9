//! Reads a run from the journal and its files from where they were, and joins them.
//!
//! A file that is not as it was sent is not looked into: its lines would be others.

use std::fs::File;
use std::io::BufReader;

use knosc_bulk_import::admission::RecordedStep;
use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::job::{JobReport, RowError};
use knosc_bulk_import::run::{Event, Outcome, StepReport};
use knosc_checks::rejected::{self, Counting, FoundRows};
use knosc_checks::{Limits, ReadingOptions};
use knosc_runner::journal::sqlite::{RecordedRun, Store, file};

use super::{FileResult, Place, Rejected, Results, Source, phases};
use crate::command;
use crate::problem::Problem;

/// Everything about a run.
pub async fn gather(store: &Store, id: &str) -> Result<Results, Problem> {
    let (run, report) = command::runs::known(store, id).await?;
    let events: Vec<Event> =
        store.events(id).await?.into_iter().map(|recorded| recorded.event).collect();
    let mut steps: Vec<&RecordedStep> = run.steps.iter().collect();
    steps.sort_by_key(|step| step.position);
    let files = steps.into_iter().zip(&report.steps);
    let files = files.map(|(recorded, step)| file_result(recorded, step, &events)).collect();
    let RecordedRun { id, tenant, created_ms, finished_ms, .. } = run;
    Ok(Results { run: id, tenant, created_ms, finished_ms, files })
}

fn file_result(recorded: &RecordedStep, step: &StepReport, events: &[Event]) -> FileResult {
    let job = match &step.outcome {
        Outcome::Completed(job) | Outcome::Failed(job) | Outcome::Pending(job) => Some(job),
        _ => None,
    };
    let note = match &step.outcome {
        Outcome::Refused(fault) => Some(fault.message().to_owned()),
        Outcome::Unknown(refusal) => Some(refusal.message.clone()),
        Outcome::Unchanged(run) => Some(format!("the same bytes completed in run {run}")),
        _ => None,
    };
    let errors = job.map_or(&[][..], |job| &job.errors);
    let found = if errors.is_empty() {
        Err("Knosc rejected no row of it".to_owned())
    } else {
        find(recorded, errors)
    };
    let rejected = errors.iter().map(|error| join(recorded, error, found.as_ref().ok())).collect();
    let is_sent = recorded.unchanged_of.is_none();
    let mine = events.iter().filter(|event| is_sent && event.step == recorded.step);
    FileResult {
        trigger: step.trigger,
        file: step.file_name.clone(),
        outcome: step.outcome.word(),
        note,
        job_id: recorded.job_id.clone(),
        rows_processed: job.and_then(|job| job.rows_processed),
        source: found.map(|found| Source {
            sheet: found.sheet,
            header: found.header,
            rows: found.rows,
            blank_rows: found.blank_rows,
        }),
        rejected,
        more: job.map_or(0, |job: &JobReport| job.errors_omitted),
        is_cut: job.is_some_and(|job| job.errors_cut),
        stages: phases::stages(mine),
    }
}

fn find(recorded: &RecordedStep, errors: &[RowError]) -> Result<FoundRows, String> {
    let path = &recorded.path;
    let stamp = file::stamp(path).map_err(|error| {
        format!("the file cannot be read where it was: {}: {error}", path.display())
    })?;
    // A copy with another time is as good where its bytes are known to be the same.
    let is_same = match recorded.digest {
        None => stamp.is_as_recorded(&recorded.stamp),
        Some(_) if stamp.is_same_state(&recorded.stamp) => true,
        Some(digest) => {
            stamp.size == recorded.stamp.size && file::digest(path).is_ok_and(|now| now == digest)
        }
    };
    if !is_same {
        return Err(format!("{} is not as it was sent: its lines may be others", path.display()));
    }
    let kind = FileKind::of_name(&recorded.file_name).map_err(|error| error.to_string())?;
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let numbers: Vec<u64> = errors.iter().filter_map(|error| error.row).collect();
    let (options, limits) = (ReadingOptions::default(), Limits::default());
    let mut content = BufReader::new(file);
    rejected::find(recorded.trigger, kind, &mut content, &numbers, &options, &limits)
        .map_err(|error| error.to_string())
}

fn join(recorded: &RecordedStep, error: &RowError, found: Option<&FoundRows>) -> Rejected {
    let place = |counting: Counting| {
        let found = found?;
        let row = found.row(error.row?, counting)?;
        let column = rejected::mark(recorded.trigger, &error.message, &found.header, &row.cells);
        Some(Place {
            counting,
            line: row.line,
            column,
            cell: column.and_then(|column| found.cell(row, column)),
            has_value: rejected::names_value_of(&error.message, &row.cells),
            cells: row.cells.clone(),
        })
    };
    let places = Counting::BOTH.map(place);
    let marked = |place: &Place| place.column.and_then(|column| place.cells.get(column)).cloned();
    let value = places.iter().flatten().filter(|place| place.has_value).find_map(marked);
    let shape = rejected::shape(&error.message, value.as_deref());
    Rejected { row: error.row, message: error.message.clone(), shape, places }
}
