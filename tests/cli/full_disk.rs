//! A disk that takes no more: before a run nothing is sent, in a run what is on disk decides, and no file is sent twice.
//!
//! The shell's limit on file sizes stands in for the disk: a write beyond it fails as one to a full disk does.
#![cfg(unix)]

use std::process::Command;

use local_knosc::Running;

use super::place::{Ended, Place, knosc, run};
use super::{binary, place};

/// The binary where no file grows beyond so many blocks of 512 bytes (of 1,024 in some shells).
fn limited(place: &Place, knosc: &Running, blocks: u32, line: &str) -> Ended {
    let runner = place.runner(&knosc.url(), &[]);
    let mut shell = Command::new("sh");
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$RUNNER\" {line}");
    shell.args(["-c", &line]).env_clear().current_dir(place.path());
    shell.envs(runner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    run(shell.env("RUNNER", binary::path()))
}

#[test]
fn without_space_for_a_journal_nothing_is_sent() {
    let knosc = knosc();
    let place = Place::new("no-space");
    place.export("unit-master.csv", "units.csv");
    let refused = limited(&place, &knosc, 16, "upload unit-master units.csv");
    assert_eq!(refused.exit, 2, "{refused:?}");
    assert!(refused.stderr.contains("known: nothing was sent"), "{refused:?}");
    assert!(refused.stderr.contains("journal"), "{refused:?}");
    assert_eq!(knosc.model().upload_posts(), 0);
    // With space again, the same call does it.
    let loaded = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    assert_eq!(loaded.exit, 0, "{loaded:?}");
}

#[test]
fn a_disk_that_fills_up_in_a_run_costs_no_file_and_doubles_none() {
    // Where in the run it happens depends on the limit; what holds then does not.
    for blocks in [180, 230, 300, 700] {
        let knosc = knosc();
        let place = Place::new("fills-up");
        for entry in std::fs::read_dir(place::exports()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            place.export(&name, &format!("exports/{name}"));
        }
        let cut = limited(&place, &knosc, blocks, "run exports --settle 0s -q");
        assert!(matches!(cut.exit, 1 | 2 | 6), "{blocks}: {cut:?}");
        println!(
            "{blocks} blocks: exit {} after {} files",
            cut.exit,
            knosc.model().uploads().len()
        );
        assert!(cut.stderr.contains("journal"), "{blocks}: {cut:?}");
        if cut.exit == 2 {
            assert_eq!(knosc.model().upload_posts(), 0, "{blocks}: {cut:?}");
            continue;
        }
        let resumed = run(&mut place.runner(&knosc.url(), &["resume", "-q"]));
        let unknown = resumed.exit == 6;
        assert!(unknown || resumed.exit == 0, "{blocks}: {cut:?} {resumed:?}");
        // What is unknown on disk was never told to be something better.
        assert_eq!(unknown, cut.exit == 6, "{blocks}: {cut:?} {resumed:?}");
        let model = knosc.model();
        let mut triggers: Vec<&str> =
            model.uploads().iter().map(|upload| upload.trigger.as_str()).collect();
        let count = triggers.len();
        triggers.sort_unstable();
        triggers.dedup();
        assert_eq!(triggers.len(), count, "{blocks}: a file was accepted twice");
        assert!(unknown || count == 13, "{blocks}: {count} files");
    }
}
