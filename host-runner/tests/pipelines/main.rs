//! The pipelines of `examples/pipelines/`, built as their pages say, and run as a platform runs a tenant's.
//!
//! Built by plain cargo everywhere; cargo-component is named as not run where it is missing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod built;
mod erp;
#[allow(dead_code, reason = "what the tests of the platform use of it")]
#[path = "../platform/host.rs"]
mod host;
#[path = "../isolation/in_memory.rs"]
mod in_memory;

use std::sync::Arc;

use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::platform::{JobCall, PipelineEnd, PipelineReport, Submission};

use crate::erp::Erp;
use crate::host::{Host, TOKEN};

/// What the ERP says, in its own words and order, with a field that has a separator of ours in it.
const EXPORT: &str =
    "text;unit;note;factor;dimension\nEach;EA;;1;Count\n\"Box, of ten\";BX;x;10;Count\n";

async fn run(
    host: &Host,
    component: Vec<u8>,
    inputs: &[(&'static str, &'static str)],
    settings: &[(&str, &str)],
) -> PipelineReport {
    let blob = |(name, text): &(&'static str, &'static str)| -> Arc<dyn BlobSource> {
        Arc::new(MemoryBlob::new(*name, text.as_bytes()))
    };
    let inputs = inputs.iter().map(blob).collect();
    let setting = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let settings = settings.iter().map(setting).collect();
    let submission = Submission { component, inputs, settings, limits: None };
    host.platform.submit("acme", submission).await.unwrap().report().await
}

fn rows(host: &Host, trigger: &str) -> Vec<Vec<String>> {
    let now = host.knosc.now_ms();
    let mut rows = host.knosc.model().rows("acme", trigger, now);
    // The column of the action is the file's own business.
    for row in &mut rows {
        row.truncate(4);
    }
    rows.sort();
    rows
}

fn loaded(report: &PipelineReport, trigger: Trigger) {
    let [JobCall::Run(run)] = &report.calls[..] else { panic!("{report:?}") };
    assert_eq!((run.steps[0].trigger, run.steps[0].outcome.word()), (trigger, "completed"));
}

fn grant(erp: &Erp) -> String {
    format!(
        "[[tenant.egress]]\norigin = \"{}\"\nmethods = [\"GET\"]\npaths = [\"/exports\"]\nheader.authorization = TOKEN\n",
        erp.origin()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_one_in_rust_pulls_from_an_erp_whose_token_it_never_sees() {
    let component = built::rust();
    let erp = Erp::start(TOKEN, EXPORT);
    let host = Host::start("", &grant(&erp));
    let report = run(&host, component.clone(), &[], &[("erp", &erp.origin())]).await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok("2 units were loaded".to_owned())));
    loaded(&report, Trigger::UnitMaster);
    let expected = [["BX", "Box, of ten", "Count", "10"], ["EA", "Each", "Count", "1"]];
    assert_eq!(rows(&host, "unit-master"), expected);
    assert_eq!(report.used.requests, 1);
    assert!(!format!("{report:?}").contains(TOKEN));
    assert_eq!(host.scratch_files(), 0);

    // Without the operator's token the ERP gives nothing, and Knosc gets nothing.
    let stranger = Erp::start("another token", EXPORT);
    let host = Host::start("", &grant(&stranger));
    let report = run(&host, component.clone(), &[], &[("erp", &stranger.origin())]).await;
    let note = format!("{}/exports/units.csv answered 401", stranger.origin());
    assert_eq!(report.end, PipelineEnd::Returned(Err(note)));
    // An export that breaks off, and one that has no row, would close what they leave out.
    for (export, cut, said) in [
        (EXPORT, 20, "cannot be read to its end"),
        ("text;unit;factor;dimension\n", 0, "has no row"),
    ] {
        let erp = Erp::start(TOKEN, export).cut(cut);
        let host = Host::start("", &grant(&erp));
        let report = run(&host, component.clone(), &[], &[("erp", &erp.origin())]).await;
        let PipelineEnd::Returned(Err(note)) = &report.end else { panic!("{report:?}") };
        assert!(note.contains(said), "{note}");
        assert_eq!((report.calls.len(), host.knosc.model().upload_posts()), (0, 0));
    }
}

#[test]
fn cargo_component_builds_the_same_pipeline() {
    let Some(theirs) = built::rust_by_cargo_component() else { return };
    let names = |bytes: &[u8]| {
        let mut names = xtask::component::names(bytes).unwrap();
        names.imports.sort_unstable();
        (names.imports, names.exports)
    };
    assert_eq!(names(&theirs), names(&built::rust()));
}
