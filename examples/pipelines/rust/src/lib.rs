//! A tenant's pipeline: pulls the units of measure from the tenant's ERP, gives them Knosc's columns, and loads them.
//!
//! The ERP demands a token. It is not here: the operator's file names it, and the host adds it to requests to that one origin.
//! Setting of the tenant: `erp`, the ERP's origin, such as `https://erp.acme.example`.

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "tenant", generate_all });
}
mod streams;
mod table;

use std::io::{BufWriter, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::bindings::exports::knosc::bulk_import::pipeline::{Blob, Guest};
use crate::bindings::knosc::bulk_import::jobs::{self, Step};
use crate::bindings::knosc::bulk_import::scratch;
use crate::bindings::knosc::bulk_import::types::{Outcome, Policy};
use crate::streams::{Body, File};

const TRIGGER: &str = "unit-master";
const PATH: &str = "/exports/units.csv";

/// `scratch` takes 1 MiB a call; fewer and larger calls are faster.
const WRITE_BYTES: usize = 1024 * 1024;
const SECOND_MS: u32 = 1_000;
const HOUR_MS: u64 = 3_600_000;

struct Pipeline;

impl Guest for Pipeline {
    fn run(_: Vec<Blob>, settings: Vec<(String, String)>) -> Result<String, String> {
        load(&settings).map_err(|error| format!("{error:#}"))
    }
}

fn load(settings: &[(String, String)]) -> Result<String> {
    let erp = settings.iter().find(|(name, _)| name == "erp");
    let (_, erp) = erp.context("the setting 'erp' is missing: the origin of your ERP")?;
    let answer = waki::Client::new()
        .get(&format!("{erp}{PATH}"))
        .connect_timeout(Duration::from_secs(10))
        .send()
        .with_context(|| format!("{erp} was not reached"))?;
    let status = answer.status_code();
    ensure!(status == 200, "{erp}{PATH} answered {status}");

    let writer = scratch::create("units.csv").map_err(anyhow::Error::msg)?;
    // An answer that was cut is an error of `read`, and nothing is loaded.
    let mut file = BufWriter::with_capacity(WRITE_BYTES, File(&writer));
    let rows = table::translate(Body::new(&answer), &mut file)?;
    file.flush()?;
    drop(file);
    // Knosc closes the lines that a file leaves out: an empty one would close them all.
    ensure!(rows > 0, "the ERP's export has no row");

    let file = scratch::finish(writer).map_err(anyhow::Error::msg)?;
    let policy = Policy {
        poll_interval_min_ms: SECOND_MS,
        poll_interval_max_ms: 30 * SECOND_MS,
        queued_max_ms: 4 * HOUR_MS,
        running_max_ms: 2 * HOUR_MS,
        allow_repeated_trigger: false,
    };
    let report = jobs::run_ordered(vec![Step { trigger: TRIGGER.to_owned(), file }], policy)
        .map_err(|fault| anyhow::anyhow!("nothing was loaded: {fault:?}"))?;
    match report.steps.first().map(|step| &step.outcome) {
        Some(Outcome::Completed(_)) => Ok(format!("{rows} units were loaded")),
        other => bail!("it was not completed: {other:?}"),
    }
}

bindings::export!(Pipeline with_types_in bindings);
