//! As one JSON document. The names here are a promise to scripts: fields are added, never renamed.

use knosc_checks::rejected::Counting;
use serde_json::{Value, json};

use super::super::json::SCHEMA;
use crate::results::{FileResult, Place, Rejected, Results, Source};
use crate::when;

pub fn document(results: &Results) -> Value {
    json!({
        "schema": SCHEMA, "type": "results", "run_id": results.run, "base_url": results.tenant,
        "created_at": when::rfc3339(results.created_ms),
        "finished_at": results.finished_ms.map(when::rfc3339),
        "files": results.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn file(file: &FileResult) -> Value {
    let groups = file.groups();
    let groups = groups.iter().map(|(shape, group)| json!({ "kind": shape, "count": group.len() }));
    let evidence = file.evidence().map(|counts| {
        let count =
            |(counting, count): (Counting, usize)| (name(counting).to_owned(), json!(count));
        Value::Object(counts.into_iter().map(count).collect())
    });
    let source = file.source.as_ref().ok();
    json!({
        "trigger": file.trigger.name(), "file": file.file, "outcome": file.outcome, "message": file.note,
        "job_id": file.job_id, "rows_processed": file.rows_processed, "rows_in_file": source.map(|source| source.rows),
        "blank_rows": source.map(|source| source.blank_rows), "stored": file.stored(),
        "not_joined": if file.rejected.is_empty() { None } else { file.source.as_ref().err() },
        "header": source.map(|source| &source.header), "kinds": groups.collect::<Vec<_>>(),
        "values_found": evidence, "errors_omitted": file.more, "errors_cut": file.is_cut,
        "errors": file.rejected.iter().map(|one| rejected(one, source)).collect::<Vec<_>>(),
        "stages": file.stages.iter().map(|stage| json!({
            "phase": stage.phase.word(), "from": when::rfc3339(stage.from_ms), "to": when::rfc3339(stage.to_ms),
        })).collect::<Vec<_>>(),
    })
}

fn rejected(rejected: &Rejected, source: Option<&Source>) -> Value {
    let mut value =
        json!({ "row": rejected.row, "message": rejected.message, "kind": rejected.shape });
    for (counting, found) in Counting::BOTH.into_iter().zip(&rejected.places) {
        let found = found.as_ref().map(|found| place(found, source));
        super::super::json::merge(&mut value, &json!({ name(counting): found }));
    }
    value
}

fn place(place: &Place, source: Option<&Source>) -> Value {
    let name = place.column.and_then(|column| source?.header.get(column));
    json!({
        "line": place.line, "sheet": source.and_then(|source| source.sheet.as_ref()), "cell": place.cell,
        "column": name, "value": place.column.and_then(|column| place.cells.get(column)), "cells": place.cells,
        "has_value": place.has_value,
    })
}

const fn name(counting: Counting) -> &'static str {
    match counting {
        Counting::FromHeader => "header_not_counted",
        Counting::FromTop => "header_counted",
    }
}
