//! What the journal costs, printed; `--nocapture` shows it. Bounds are wide, since other tests run beside this one.

use std::time::{Duration, Instant};

use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::run::Fact;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::Journal as _;

use super::common::{Folder, completed, event, new_run, reset, seen};

#[tokio::test]
async fn an_event_costs_one_sync() {
    let folder = Folder::new("cost");
    let store = folder.store();
    let mut spent = Duration::ZERO;
    let steps = 200_u32;
    for number in 0..steps {
        let id = format!("run-{number}");
        store.begin(new_run(&id, &[Trigger::ItemMaster])).await.unwrap();
        let journal = store.journal(&id).await.unwrap();
        let begun = Instant::now();
        for event in completed(0, Trigger::ItemMaster) {
            journal.append(event).await.unwrap();
        }
        spent += begun.elapsed();
    }
    println!("four events of a step: {:?}", spent / steps);
    assert!(spent < Duration::from_mins(1), "{spent:?}");
}

#[tokio::test]
async fn ten_thousand_events_are_read_within_seconds() {
    let folder = Folder::new("recovery");
    let store = folder.store();
    store.begin(new_run("run-1", &[Trigger::ItemMaster])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    for event in completed(0, Trigger::ItemMaster).into_iter().take(3) {
        journal.append(event).await.unwrap();
    }
    // Each of these changes something, so that each is written. They go in together: the thread groups them.
    let facts = (0..9_997).map(|number| match number % 2 {
        0 => Fact::JobObserved(seen(Trigger::ItemMaster, JobStatus::Running)),
        _ => Fact::PollFailed(reset()),
    });
    for (fact, at_ms) in facts.zip(10..) {
        journal.append(event(at_ms, 0, fact)).await.unwrap();
    }
    drop((journal, store));
    let begun = Instant::now();
    let journal = folder.store().journal("run-1").await.unwrap();
    let took = begun.elapsed();
    assert_eq!(journal.history().await.unwrap().len(), 10_000);
    println!("opening a journal of 10,000 events and folding them: {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}
