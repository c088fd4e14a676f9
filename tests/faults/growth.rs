//! What a hundred thousand polls cost one store: no memory, no table, no journal. F40.
//!
//! `POLLS=100000` makes so many; an ordinary run of the tests makes some thousand. The component's pauses take no time here, its patience
//! with the peer does.

use std::path::Path;
use std::sync::{Arc, Mutex};

use knosc_bulk_import::admission::Stamp;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::Outcome;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Kind, NewRun, NewStep, Store};
use local_knosc::{DEFAULT_TENANT, IntegrationLock};

use crate::own_store::{Figures, OwnEngine, tenant};
use crate::setup::{knosc, session, units};

/// Polls in an ordinary run of the tests: a leak of one entry, page or event a poll shows after some hundred.
const POLLS: u32 = 3_000;

/// Polls before what there is is taken as what there has to be: the answer's buffer is as large as it gets by then.
const WARM: u32 = 200;

/// Handles that the component may hold: a call holds some dozens.
const HANDLES_MAX: usize = 128;

fn new_run(policy: Policy) -> NewRun {
    let step = NewStep {
        trigger: Trigger::UnitMaster,
        path: "units.csv".into(),
        file_name: "units.csv".into(),
        stamp: Stamp { size: 1, mtime_ns: 1, ctime_ns: 1, inode: 1 },
        expected: None,
        unchanged_of: None,
    };
    let (id, tenant) = ("run-1".into(), DEFAULT_TENANT.into());
    NewRun { id, tenant, kind: Kind::Run, created_ms: 1, policy, steps: vec![step] }
}

fn size_of_files(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_polls_in_one_store_grow_nothing() {
    let polls = std::env::var("POLLS").ok().and_then(|text| text.parse().ok()).unwrap_or(POLLS);
    let server = knosc();
    let session = session(&server).await;
    // Knosc itself counts: the job is done after so many polls.
    let lock = IntegrationLock::Polls(polls.into());
    server.model().set_integration_lock(DEFAULT_TENANT, lock, 0);
    let folder = std::env::temp_dir().join(format!("knosc-growth-{}", std::process::id()));
    let journals = Store::open(&folder).unwrap();
    let policy = Policy { poll_interval_min_ms: 10, poll_interval_max_ms: 50, ..Policy::default() };
    journals.begin(new_run(policy)).await.unwrap();
    let journal = Arc::new(journals.journal("run-1").await.unwrap());

    let engine = OwnEngine::without_pauses();
    let mut store = engine.store(tenant(&server.url(), session), journal.clone());
    store.set_max_component_handles(HANDLES_MAX);
    let seen = Arc::new(Mutex::new(Vec::<(Figures, u64)>::new()));
    let (told, files) = (Arc::clone(&seen), folder.clone());
    let mut pauses = 0;
    store.data_mut().on_pause = Some(Box::new(move |figures| {
        pauses += 1;
        if pauses % WARM == 0 {
            told.lock().unwrap().push((figures, size_of_files(&files)));
        }
    }));
    let importer = engine.importer.instantiate(&mut store).await.unwrap();
    let steps = [(Trigger::UnitMaster, units())];
    let report = importer.run_ordered(&mut store, &steps, &policy).await.unwrap();
    assert!(matches!(report.steps[0].outcome, Outcome::Completed(_)), "{report:?}");

    let (history, events) =
        (journal.run().history().len(), journals.events("run-1").await.unwrap());
    let seen = seen.lock().unwrap();
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    println!(
        "{polls} polls; after {WARM}: {first:?}, at the end: {last:?}; {} events",
        events.len()
    );
    // No pause comes after the last poll.
    assert!(seen.len() + 1 >= (polls / WARM) as usize && seen.len() > 1, "{} looks", seen.len());
    assert!(seen.iter().all(|figures| *figures == first), "something grew: {seen:?}");
    // Started, sealed, accepted, queued, completed; between the last two somebody may have seen it running.
    assert!((5..=6).contains(&events.len()) && history == events.len(), "{events:?}");
    drop((journals, journal));
    std::fs::remove_dir_all(&folder).unwrap();
}
