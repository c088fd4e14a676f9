//! `results`: the rows that Knosc rejected, beside the lines of the file that was sent.
//!
//! Sends nothing and asks Knosc nothing.

use std::path::Path;

use super::resume;
use crate::args::{Form, Global, Output, Results};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::{render, results, save, state};

pub async fn execute(
    global: &Global,
    args: &Results,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let form = form(global, args);
    if form == Form::Xlsx && args.to.is_none() {
        return Err(Problem::Usage {
            message: "a workbook is no text".to_owned(),
            hint: "say where it is to be written: --to failed-rows.xlsx",
        });
    }
    let store = state::store_to_read(global, reporter)?;
    let run = match &args.run {
        Some(asked) => store.find(asked).await?,
        None => resume::latest(&store).await?,
    };
    let results = results::gather(&store, &run).await?;
    let bytes = render::results::bytes(&results, form)?;
    match &args.to {
        Some(path) if form == Form::Text => {
            save::write_new(path, &render::results::without_colours(&bytes))?;
        }
        Some(path) => save::write_new(path, &bytes)?,
        None => render::results::show(&bytes),
    }
    Ok(Exit::Done)
}

/// As typed; else as the file's name ends; else as all results are told.
fn form(global: &Global, args: &Results) -> Form {
    let ending = args.to.as_deref().and_then(Path::extension);
    let by_name = ending.and_then(|ending| match ending.to_str()? {
        "csv" => Some(Form::Csv),
        "json" => Some(Form::Json),
        "md" => Some(Form::Markdown),
        "xlsx" => Some(Form::Xlsx),
        "html" => Some(Form::Html),
        "txt" => Some(Form::Text),
        _ => None,
    });
    args.format.or(by_name).unwrap_or(match global.output {
        Output::Text => Form::Text,
        Output::Json | Output::Ndjson => Form::Json,
    })
}
