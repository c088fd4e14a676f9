//! A disk that takes bytes and cannot keep them: one after the other of a run's calls of fsync is the first that fails, and all after it.
//!
//! An ordinary run of the tests plays every third call; `SYNCS_STRIDE=1` plays each.
//! A shim in C, compiled here with the compiler that building needs anyway, stands before the system's fsync. Linux alone.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use local_knosc::Running;

use super::place::{Ended, Place, knosc, run};

/// More than a run of two files needs; the last of them is one without any failure.
const SYNCS_MAX: u32 = 60;

fn shim(place: &Place) -> PathBuf {
    let library = place.path().join("fsync.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/fsync.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(compiler.status().unwrap().success(), "the shim does not compile");
    library
}

fn failing(place: &Place, knosc: &Running, shim: &Path, syncs: u32, words: &[&str]) -> Ended {
    let mut runner = place.runner(&knosc.url(), words);
    run(runner.env("LD_PRELOAD", shim).env("KNOSC_SYNCS", syncs.to_string()))
}

#[test]
fn a_disk_that_cannot_keep_the_journal_costs_no_file_and_doubles_none() {
    let compiled = Place::new("fsync");
    let shim = shim(&compiled);
    // Refused before anything was sent, stopped in the middle, and not reached by the failure at all.
    let (mut refused, mut stopped, mut done) = (0, 0, 0);
    let stride = std::env::var("SYNCS_STRIDE").ok().and_then(|text| text.parse().ok());
    for syncs in (0..SYNCS_MAX).step_by(stride.unwrap_or(3)) {
        let knosc = knosc();
        let place = Place::new("failing-disk");
        place.export("unit-master.csv", "exports/units.csv");
        place.export("suppliers.csv", "exports/suppliers.csv");
        let words = ["run", "exports", "--settle", "0s", "-q"];
        let broken = failing(&place, &knosc, &shim, syncs, &words);
        let posts = knosc.model().upload_posts();
        match broken.exit {
            0 => done += 1,
            2 => refused += 1,
            1 | 6 => stopped += 1,
            _ => panic!("{syncs}: {broken:?}"),
        }
        if broken.exit == 0 {
            assert_eq!(knosc.model().uploads().len(), 2, "{syncs}: {broken:?}");
            break;
        }
        let is_named = ["journal", "state folder"].iter().any(|word| broken.stderr.contains(word));
        assert!(is_named && broken.stderr.contains("hint: "), "{syncs}: {broken:?}");
        assert!(broken.exit != 2 || posts == 0, "{syncs}: {broken:?}");
        // The disk is whole again: what it kept decides, and nothing is sent that may be there.
        let mut resumed = run(&mut place.runner(&knosc.url(), &["resume", "-q"]));
        if resumed.exit == 2 {
            assert_eq!(posts, 0, "{syncs}: no run is known, and something was sent: {broken:?}");
            resumed = run(&mut place.runner(&knosc.url(), &words));
        }
        let known: Vec<String> =
            knosc.model().uploads().iter().map(|upload| upload.trigger.clone()).collect();
        match resumed.exit {
            0 => assert_eq!(known, ["unit-master", "supplier-master"], "{syncs}: {broken:?}"),
            // Sealed by what was on disk: nobody but a person may say more.
            6 => assert!(known.len() <= 2, "{syncs}: {known:?}"),
            _ => panic!("{syncs}: {broken:?} {resumed:?}"),
        }
        assert!(known.len() < 2 || known[0] != known[1], "{syncs}: twice: {known:?}");
    }
    println!("{refused} refused before anything was sent, {stopped} stopped, {done} done");
    assert!(refused > 0 && stopped > 0 && done > 0, "the failures do not reach the code");
}
