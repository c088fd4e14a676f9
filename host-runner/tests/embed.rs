//! The examples, each against Knosc on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod objects;

#[path = "../../examples/embed.rs"]
#[allow(dead_code, reason = "its main is for readers")]
mod embed;

#[path = "../../examples/foreign/main.rs"]
#[allow(dead_code, reason = "its main is for readers")]
mod foreign;

#[path = "../../examples/own_store.rs"]
#[allow(dead_code, reason = "its main is for readers")]
mod own_store;

use foreign::{Database, ObjectBlob, Vault};
use knosc_bulk_import::run::{Fact, Outcome};
use knosc_runner::blobs::{BlobSource, BlobSourceError};
use knosc_runner::error::Error;
use local_knosc::{DEFAULT_PASSWORD, DEFAULT_USER, Running};
use objects::Objects;
use twox_hash::XxHash3_128;

const WAREHOUSES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/exports/warehouses.xlsx");
const UNITS: &str = "_UnitCode,_UnitName,_UnitType,_Multiplier\nEA,Each,Count,1\n";

fn knosc() -> Running {
    local_knosc::spawn(local_knosc::Config::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_loads_two_files_in_the_documented_order() {
    let server = knosc();
    let password = DEFAULT_PASSWORD.to_owned();
    let lines = embed::load(&server.url(), DEFAULT_USER, password, WAREHOUSES).await.unwrap();
    assert_eq!(
        lines,
        ["warehouse-master warehouses.xlsx: completed", "unit-master units.csv: completed"]
    );
    let sent: Vec<String> =
        server.model().uploads().iter().map(|upload| upload.trigger.clone()).collect();
    assert_eq!(sent, ["unit-master", "warehouse-master"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_its_own_engine_linker_and_store_loads_a_file() {
    let server = knosc();
    let password = DEFAULT_PASSWORD.to_owned();
    let report = own_store::load(&server.url(), DEFAULT_USER, password, WAREHOUSES).await.unwrap();
    let model = server.model();
    assert_eq!(model.uploads().len(), 1);
    assert_eq!(report.job.trigger.name(), model.uploads()[0].trigger);
    assert_eq!(model.uploads()[0].size, std::fs::metadata(WAREHOUSES).unwrap().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trait_works_on_storage_of_the_embedders_own() {
    let server = knosc();
    let objects = Objects::serve(UNITS.as_bytes().to_vec()).await;
    let database = Database::default();
    let vault = Vault::new(DEFAULT_USER, DEFAULT_PASSWORD);
    let load = async || {
        foreign::load(&server.url(), &vault, &objects.url("units.csv"), &database, "run-1")
            .await
            .unwrap()
    };
    assert!(matches!(load().await.steps[0].outcome, Outcome::Completed(_)));
    let rows = database.rows("run-1");
    assert!(matches!(rows.events[1].fact, Fact::UploadSealed(_)));
    assert_eq!(rows.digests[&0], XxHash3_128::oneshot(UNITS.as_bytes()).to_be_bytes());

    // The database knows the run: nothing is sent again, and the vault's session needs no second sign-in.
    assert!(matches!(load().await.steps[0].outcome, Outcome::Completed(_)));
    let model = server.model();
    assert_eq!((model.upload_posts(), model.sign_in_attempts()), (1, 1));
}

#[tokio::test]
async fn an_object_that_was_replaced_is_not_read_on() {
    let objects = Objects::serve(UNITS.as_bytes().to_vec()).await;
    let blob = ObjectBlob::open(&objects.url("units.csv")).await.unwrap();
    assert_eq!(blob.size(), UNITS.len() as u64);
    assert_eq!(blob.read_at(1, 8).await.unwrap(), UNITS.as_bytes()[1..9]);
    objects.replace(UNITS.to_lowercase().into_bytes());
    let changed = blob.read_at(9, 8).await;
    assert!(matches!(changed, Err(BlobSourceError::Changed { .. })), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_not_given_again() {
    let server = knosc();
    let objects = Objects::serve(UNITS.as_bytes().to_vec()).await;
    let vault = Vault::new(DEFAULT_USER, "wrong");
    for _ in 0..2 {
        let (url, object) = (server.url(), objects.url("units.csv"));
        let loaded = foreign::load(&url, &vault, &object, &Database::default(), "run").await;
        let error = loaded.unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Error::SignIn(_))), "{error:?}");
    }
    assert_eq!(server.model().sign_in_attempts(), 1);
}
