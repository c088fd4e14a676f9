//! "The same file" and "the same tenant": content decides, and an origin has one name in the journal.
#![cfg(unix)]

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use super::place::{Place, knosc, run};
use super::resumed::accepted;

const FILE: &str = "units.csv";

/// Writes a file in place, with this time of writing whatever the clock says.
fn write(place: &Place, name: &str, mtime: SystemTime) {
    let path = place.path().join(FILE);
    fs::write(&path, format!("_UnitCode,_UnitName\nPC,{name}\n")).unwrap();
    let times = FileTimes::new().set_modified(mtime);
    File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
}

#[test]
fn other_bytes_with_the_time_of_before_are_sent() {
    let knosc = knosc();
    let place = Place::new("same-time");
    let mtime = SystemTime::now() - Duration::from_hours(24);
    let words = ["run", ".", "--settle=0s", "--map=units.csv=unit-master", "--no-check"];
    // A stamp of a moment ago proves nothing, and one that has settled says that the file was touched.
    for (round, wait) in [Duration::ZERO, Duration::from_millis(2_500)].into_iter().enumerate() {
        write(&place, "Piece", mtime);
        std::thread::sleep(wait);
        let before = accepted(&knosc);
        let sent = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!(accepted(&knosc), before + 1, "{round}: {sent:?}");
        assert_eq!(sent.exit, 0, "{round}: {sent:?}");
        let same = run(&mut place.runner(&knosc.url(), &words));
        assert!(same.stdout.contains("unchanged"), "{round}: {same:?}");
        assert_eq!(accepted(&knosc), before + 1, "{round}: {same:?}");
        write(&place, "Other", mtime);
        let changed = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!((changed.exit, accepted(&knosc)), (0, before + 2), "{round}: {changed:?}");
    }
}

#[test]
fn the_names_of_one_origin_are_one_tenant() {
    let knosc = knosc();
    let place = Place::new("names");
    write(&place, "Piece", SystemTime::now());
    let words = ["upload", "unit-master", FILE, "--no-check"];
    let first = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((first.exit, accepted(&knosc)), (0, 1), "{first:?}");
    for host in ["localhost", "LOCALHOST", "localhost.", "127.0.0.1"] {
        let url = knosc.url().replace("127.0.0.1", host);
        let same = run(&mut place.runner(&url, &words));
        assert_eq!((same.exit, accepted(&knosc)), (12, 1), "{host}: {same:?}");
        let listed = run(&mut place.runner(&url, &["runs", "list", "--base-url", &url]));
        assert_eq!(listed.stdout.lines().count(), 1, "{host}: {listed:?}");
    }
}
