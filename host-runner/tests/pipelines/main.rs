//! The pipelines of `examples/pipelines/`, built as their pages say, and run as a platform runs a tenant's.
//!
//! The one in Rust is built by plain cargo everywhere; cargo-component and componentize-py are named as not run where they are missing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod built;
mod erp;
#[allow(dead_code, reason = "what the tests of the platform use of it")]
#[path = "../platform/host.rs"]
mod host;
#[path = "../isolation/in_memory.rs"]
mod in_memory;

use std::fmt::Write as _;
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
    inputs: &[(&str, &str)],
    settings: &[(&str, &str)],
) -> PipelineReport {
    let blob = |(name, text): &(&str, &str)| -> Arc<dyn BlobSource> {
        Arc::new(MemoryBlob::new(*name, text.as_bytes().to_vec()))
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

/// With all that an export may have: a mark at its start, CRLF, a quoted field with a line end in it, an empty line.
const NORTH: &str = "\u{feff}_UnitCode,_UnitName,_UnitType,_Multiplier\r\nEA,Each,Count,1\r\nBX,\"Box, of\nten\",Count,10\r\n\r\n";
const SOUTH: &str =
    "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,Each,Count,1\nPR,Paar – zwei,Count,2";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_one_in_python_makes_one_file_of_two() {
    let Some(component) = built::python() else { return };
    let host = Host::start("", "");
    let settings = [("trigger", "unit-master"), ("key", "_UnitCode")];
    let inputs = [("north.csv", NORTH), ("south.csv", SOUTH)];
    let report = run(&host, component.clone(), &inputs, &settings).await;
    let note = "3 rows of 2 files were loaded".to_owned();
    assert_eq!(report.end, PipelineEnd::Returned(Ok(note)), "{report:?}");
    loaded(&report, Trigger::UnitMaster);
    let expected = [
        ["BX", "Box, of\nten", "Count", "10"],
        ["EA", "Each", "Count", "1"],
        ["PR", "Paar – zwei", "Count", "2"],
    ];
    assert_eq!(rows(&host, "unit-master"), expected);
    assert_eq!(host.scratch_files(), 0);
    let sent = host.knosc.model().upload_posts();

    // More than one piece, and more than one write.
    let mut many = SOUTH.to_owned();
    for row in 0..20_000 {
        writeln!(many, "\nU{row},Paar – zwei und mehr,Count,{row}").unwrap();
    }
    let inputs = [("north.csv", NORTH), ("many.csv", &many)];
    let report = run(&host, component.clone(), &inputs, &settings).await;
    let note = "20003 rows of 2 files were loaded".to_owned();
    assert_eq!(report.end, PipelineEnd::Returned(Ok(note)), "{report:?}");
    assert_eq!(rows(&host, "unit-master").len(), 20_003);

    // What would load half of the truth loads nothing.
    let other = "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,Dozen,Count,12\n";
    let cut = "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,\"Ea";
    for (south, said) in [
        (other, "south.csv, line 2: 'EA' is another row in an earlier file"),
        ("_UnitCode,_UnitName\nEA,Each\n", "south.csv has other columns than north.csv"),
        ("", "south.csv is empty"),
        (cut, "Error: unexpected end of data"),
    ] {
        let inputs = [("north.csv", NORTH), ("south.csv", south)];
        let report = run(&host, component.clone(), &inputs, &settings).await;
        assert_eq!(report.end, PipelineEnd::Returned(Err(said.to_owned())), "{report:?}");
        assert!(report.calls.is_empty());
    }
    assert_eq!(host.knosc.model().upload_posts(), sent + 1);
    assert_eq!(host.scratch_files(), 0);
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
