//! As one JSON document.

use serde_json::Value;

use crate::document::{
    self, Body, Document, FileResults, Kind, Places, RowPlace, Stage, ValuesFound,
};
use crate::results::{FileResult, Place, Rejected, Results, Source};
use crate::when;

pub fn document(results: &Results) -> Value {
    let body = Body::Results(document::Results {
        run_id: results.run.clone(),
        base_url: results.tenant.clone(),
        created_at: when::rfc3339(results.created_ms),
        finished_at: results.finished_ms.map(when::rfc3339),
        files: results.files.iter().map(file).collect(),
    });
    document::value(&Document::from(body))
}

fn file(file: &FileResult) -> FileResults {
    let groups = file.groups().into_iter();
    let kinds = groups.map(|(shape, group)| Kind { kind: shape.to_owned(), count: group.len() });
    let evidence = file.evidence().map(|[(_, header_not_counted), (_, header_counted)]| {
        ValuesFound { header_not_counted, header_counted }
    });
    let source = file.source.as_ref().ok();
    let stages = file.stages.iter().map(|stage| Stage {
        phase: stage.phase.word(),
        from: when::rfc3339(stage.from_ms),
        to: when::rfc3339(stage.to_ms),
    });
    FileResults {
        trigger: file.trigger.into(),
        file: file.file.clone(),
        outcome: file.outcome,
        message: file.note.clone(),
        job_id: file.job_id.clone(),
        rows_processed: file.rows_processed,
        rows_in_file: source.map(|source| source.rows),
        blank_rows: source.map(|source| source.blank_rows),
        stored: file.stored(),
        not_joined: file.source.as_ref().err().filter(|_| !file.rejected.is_empty()).cloned(),
        header: source.map(|source| source.header.clone()),
        kinds: kinds.collect(),
        values_found: evidence,
        errors_omitted: file.more,
        errors_cut: file.is_cut,
        errors: file.rejected.iter().map(|one| rejected(one, source)).collect(),
        stages: stages.collect(),
    }
}

fn rejected(rejected: &Rejected, source: Option<&Source>) -> document::Rejected {
    let [header_not_counted, header_counted] =
        rejected.places.each_ref().map(|found| found.as_ref().map(|found| place(found, source)));
    document::Rejected {
        row: rejected.row,
        message: rejected.message.clone(),
        kind: rejected.shape.clone(),
        places: Places { header_not_counted, header_counted },
    }
}

fn place(place: &Place, source: Option<&Source>) -> RowPlace {
    let name = place.column.and_then(|column| source?.header.get(column));
    RowPlace {
        line: place.line,
        sheet: source.and_then(|source| source.sheet.clone()),
        cell: place.cell.clone(),
        column: name.cloned(),
        value: place.column.and_then(|column| place.cells.get(column)).cloned(),
        cells: place.cells.clone(),
        has_value: place.has_value,
    }
}
