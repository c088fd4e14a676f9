//! What the portable component does when its caller repeats a call: it remembers nothing, so that the caller has to.
//!
//! An engine that starts `upload` again after it was interrupted sends the file again. Only a history that the engine keeps, handed
//! to `run-ordered` or `planner`, prevents that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod component;

use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Running};
use portable_example::importer::{Auth, Connection, Content, File};
use portable_example::types::{Outcome, Policy};
use portable_example::{Portable, State, instantiate};
use wasmtime::Store;
use wasmtime_wasi::WasiCtxBuilder;

const POLICY: Policy = Policy {
    poll_interval_min_ms: 10,
    poll_interval_max_ms: 100,
    queued_max_ms: 10_000,
    running_max_ms: 10_000,
    allow_repeated_trigger: false,
};

/// A fresh instance, as an engine makes one for each call.
async fn instance(component: &[u8]) -> (Store<State>, Portable) {
    let mut wasi = WasiCtxBuilder::new();
    wasi.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
    instantiate(component, &mut wasi).await.unwrap()
}

fn knosc() -> (Running, Connection) {
    let knosc = local_knosc::spawn(Config::default()).unwrap();
    let connection = Connection { base_url: knosc.url().clone(), auth: Auth::Environment };
    (knosc, connection)
}

fn units() -> File {
    let content = Content::Text("_UnitCode,_UnitName\nEA,Each\nBX,Box\n".to_owned());
    File { trigger: "unit-master".into(), name: "units.csv".into(), content, sha256: None }
}

#[tokio::test]
async fn a_repeated_upload_is_a_second_submission() {
    let (wasm, (knosc, connection)) = (component::bytes(), knosc());
    let mut jobs = Vec::new();
    for _ in 0..2 {
        let (mut store, portable) = instance(wasm).await;
        let importer = portable.knosc_bulk_import_importer();
        let answer = importer.call_upload(&mut store, &connection, &units()).await.unwrap();
        jobs.push(answer.unwrap().job.job_id);
    }
    assert_ne!(jobs.first(), jobs.last());
    let accepted = knosc.model().uploads().len();
    assert_eq!(accepted, 2, "each call of a component without a journal is a submission");
}

#[tokio::test]
async fn a_repeated_run_with_its_history_submits_nothing() {
    let (wasm, (knosc, connection)) = (component::bytes(), knosc());
    let mut history = Vec::new();
    for _ in 0..2 {
        let (mut store, portable) = instance(wasm).await;
        let importer = portable.knosc_bulk_import_importer();
        let files = [units()];
        let answer =
            importer.call_run_ordered(&mut store, &connection, &files, POLICY, &history).await;
        let report = answer.unwrap().unwrap();
        assert!(matches!(report.steps.first().unwrap().outcome, Outcome::Completed(_)));
        history = report.events;
    }
    assert_eq!(knosc.model().uploads().len(), 1);
}
