//! The promise of a version: a component of 0.1 works in today's host, and today's component in a host of 0.1.
//!
//! What is old is committed (`component-0.1/`, `wit-0.1/`) and never made anew. A change that breaks one of these breaks an embedder.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod bindings;
mod old_host;

use std::fs;
use std::path::PathBuf;
use std::slice::from_ref;
use std::sync::Arc;

use bindings::portable;
use bindings::portable::exports::knosc::bulk_import::sessions::SignIn;
use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::CancellationToken;
use knosc_runner::blobs::MemoryBlob;
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{ComponentSource, Runtime, RuntimeConfig};
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{Runner, UploadInput};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_USER, Running};
use old_host::{Blob, Host};
use portable_example::State;
use wasmtime::component::{Component, Linker, Resource};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtxBuilder, p2};
use xtask::components::{self, Kind};

const UNITS: &str = "_UnitCode,_UnitName\nEA,Each\nBX,Box\n";

/// What we promise of the size of a component, and want of a fixture.
const BYTES_MAX: usize = components::COMPONENT_BYTES_MAX;

/// A component as 0.1 had it.
fn old(kind: Kind) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("promise/component-0.1");
    let bytes = fs::read(folder.join(format!("{}.wasm", kind.name()))).unwrap();
    assert!(bytes.len() <= BYTES_MAX);
    bytes
}

/// The component as this tree has it.
fn todays(kind: Kind) -> Vec<u8> {
    fs::read(components::build(kind).unwrap().path).unwrap()
}

fn knosc() -> Running {
    local_knosc::spawn(Config::default()).unwrap()
}

/// That one file arrived whole, as which job.
fn arrived(knosc: &Running, job_id: &str) {
    let model = knosc.model();
    let [upload] = model.uploads() else { unreachable!("{} uploads", model.uploads().len()) };
    assert_eq!((upload.trigger.as_str(), upload.size), ("unit-master", UNITS.len() as u64));
    assert!(job_id.starts_with("unit-master-upload-"), "{job_id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_component_of_0_1_loads_a_file_in_todays_host() {
    let knosc = knosc();
    let secret = Secret::SignIn {
        username: DEFAULT_USER.to_owned(),
        password: DEFAULT_PASSWORD.to_owned(),
        one_time: None,
    };
    let tenant = Tenant::new(TenantConfig {
        name: DEFAULT_TENANT.to_owned(),
        origin: knosc.url().parse().unwrap(),
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    });
    let source = ComponentSource::Bytes(old(Kind::Hosted));
    let runner = Runner::new(Runtime::new(RuntimeConfig::new(source)).unwrap(), tenant.unwrap());
    let units = Arc::new(MemoryBlob::new("units.csv", UNITS.as_bytes().to_vec()));
    let report = runner.upload(UploadInput::new(Trigger::UnitMaster, units)).await.unwrap();
    arrived(&knosc, &report.job.job_id);
    let polled = runner.poll(from_ref(&report.job), CancellationToken::new()).await.unwrap();
    assert_eq!(polled.first().unwrap().job, report.job);
    assert!(!matches!(polled.first().unwrap().status, JobStatus::Missing | JobStatus::Other(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portable_component_of_0_1_loads_a_file_through_todays_bindings() {
    use portable_example::importer::{Auth, Connection, Content, File};

    let knosc = knosc();
    let (mut store, portable) =
        portable_example::instantiate(&old(Kind::Portable), &mut environment()).await.unwrap();
    let importer = portable.knosc_bulk_import_importer();
    let connection = Connection { base_url: knosc.url(), auth: Auth::Environment };
    let content = Content::Text(UNITS.to_owned());
    let file =
        File { trigger: "unit-master".into(), name: "units.csv".into(), content, sha256: None };
    let sent = importer.call_upload(&mut store, &connection, &file).await.unwrap().unwrap();
    arrived(&knosc, &sent.job.job_id);
    let polled = importer.call_poll(&mut store, &connection, &[sent.job]).await.unwrap().unwrap();
    assert_eq!(polled.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn todays_portable_component_loads_a_file_through_bindings_of_0_1() {
    use portable::exports::knosc::bulk_import::importer::{Auth, Connection, Content, File};

    let knosc = knosc();
    let (mut store, component) = old_portable(&todays(Kind::Portable)).await;
    let session = login(&mut store, &component, &knosc.url()).await;
    let importer = component.knosc_bulk_import_importer();
    let connection = Connection { base_url: knosc.url(), auth: Auth::Session(session) };
    let content = Content::Bytes(UNITS.as_bytes().to_vec());
    let file =
        File { trigger: "unit-master".into(), name: "units.csv".into(), content, sha256: None };
    let sent = importer.call_upload(&mut store, &connection, &file).await.unwrap().unwrap();
    arrived(&knosc, &sent.job.job_id);
    let polled = importer.call_poll(&mut store, &connection, &[sent.job]).await.unwrap().unwrap();
    assert_eq!(polled.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn todays_hosted_component_loads_a_file_in_a_host_of_0_1() {
    use bindings::hosted::knosc::bulk_import::types::Fact;

    let knosc = knosc();
    let (mut store, component) = old_portable(&old(Kind::Portable)).await;
    let session = login(&mut store, &component, &knosc.url()).await;
    let host = Host::new(&knosc.url(), session);
    let (mut store, hosted) = old_host::instantiate(&todays(Kind::Hosted), host).await.unwrap();
    let bytes = UNITS.as_bytes().to_vec();
    let blob = store.data_mut().table.push(Blob { name: "units.csv", bytes }).unwrap();
    let lent = Resource::new_borrow(blob.rep());
    let jobs = hosted.knosc_bulk_import_jobs();
    let sent =
        jobs.call_upload(&mut store, &"unit-master".to_owned(), lent).await.unwrap().unwrap();
    arrived(&knosc, &sent.job.job_id);
    let facts: Vec<&Fact> = store.data().events.iter().map(|event| &event.fact).collect();
    assert!(
        matches!(
            facts.as_slice(),
            [Fact::UploadStarted(_), Fact::UploadSealed(_), Fact::UploadAccepted(_), ..]
        ),
        "{facts:?}"
    );
    let polled = jobs.call_poll(&mut store, &[sent.job]).await.unwrap().unwrap();
    assert_eq!(polled.len(), 1);
}

fn environment() -> WasiCtxBuilder {
    let mut wasi = WasiCtxBuilder::new();
    wasi.env("KNOSC_USERNAME", DEFAULT_USER).env("KNOSC_PASSWORD", DEFAULT_PASSWORD);
    wasi
}

/// As an embedder of 0.1 wrote it.
async fn old_portable(wasm: &[u8]) -> (Store<State>, portable::Portable) {
    let engine = Engine::default();
    let component = Component::from_binary(&engine, wasm).unwrap();
    let mut linker = Linker::new(&engine);
    p2::add_to_linker_async(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
    let mut store = Store::new(&engine, State::new(&mut environment()));
    let made = portable::Portable::instantiate_async(&mut store, &component, &linker).await;
    (store, made.unwrap())
}

async fn login(
    store: &mut Store<State>,
    component: &portable::Portable,
    url: &str,
) -> portable::knosc::bulk_import::types::Session {
    let signed_in = component.knosc_bulk_import_sessions().call_login(store, url, None).await;
    match signed_in.unwrap().unwrap() {
        SignIn::SignedIn(session) => session,
        other => unreachable!("{other:?}"),
    }
}
