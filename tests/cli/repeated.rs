//! The same file again, and two processes at once: what is sent, what is skipped, what is refused.

use local_knosc::IntegrationLock;

use super::place::{Place, ended, exports, knosc, run};
use super::resumed::{accepted, hold_tables, units, wait_for_poll};

#[test]
fn of_two_processes_one_sends_and_the_other_says_who() {
    let knosc = knosc();
    let place = Place::new("two-processes");
    hold_tables(&knosc, IntegrationLock::Held);
    units(&place, "units.csv");
    let words = ["upload", "unit-master", "units.csv"];
    let mut first = place.runner(&knosc.url(), &words).spawn().unwrap();
    wait_for_poll(&knosc, &mut first);
    let second = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(second.exit, 9, "{second:?}");
    assert!(second.stderr.contains(&format!("process {} on ", first.id())), "{second:?}");
    assert!(second.stderr.contains(" since 20"), "{second:?}");
    let unlock = run(&mut place.runner(&knosc.url(), &["runs", "unlock", "unit-master"]));
    assert_eq!(unlock.exit, 9, "{unlock:?}");
    let resume = run(&mut place.runner(&knosc.url(), &["resume"]));
    assert_eq!(resume.exit, 9, "{resume:?}");
    hold_tables(&knosc, IntegrationLock::Free);
    let first = ended(first.wait_with_output().unwrap());
    assert_eq!((first.exit, accepted(&knosc)), (0, 1), "{first:?}");
}

#[test]
fn the_free_lock_of_another_host_name_is_taken_over() {
    let knosc = knosc();
    let place = Place::new("other-name");
    units(&place, "units.csv");
    assert_eq!(run(&mut place.runner(&knosc.url(), &["runs", "list", "--state=state"])).exit, 0);
    // As a container that was killed left it.
    let journal = rusqlite::Connection::open(place.path().join("state/journal.db")).unwrap();
    let row = "INSERT INTO locks VALUES (?1, 'unit-master', 4711, 'elsewhere', 1717231522000, 'r')";
    let key = knosc.url().replace("127.0.0.1", "localhost");
    journal.execute(row, [&key]).unwrap();
    let words = ["upload", "unit-master", "units.csv", "--state=state", "--detach"];
    let sent = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((sent.exit, accepted(&knosc)), (0, 1), "{sent:?}");
    journal.execute(row, [&key]).unwrap();
    drop(journal);
    let unlock = ["runs", "unlock", "unit-master", "--state=state"];
    let unlocked = run(&mut place.runner(&knosc.url(), &unlock));
    assert_eq!(unlocked.exit, 0, "{unlocked:?}");
    assert!(unlocked.stdout.contains("4711"), "{unlocked:?}");
}

#[test]
fn ten_processes_at_once_send_one_file_once() {
    let knosc = knosc();
    let place = Place::new("ten-processes");
    units(&place, "units.csv");
    let words = ["upload", "unit-master", "units.csv"];
    let children: Vec<_> =
        (0..10).map(|_| place.runner(&knosc.url(), &words).spawn().unwrap()).collect();
    let mut exits: Vec<i32> =
        children.into_iter().map(|child| ended(child.wait_with_output().unwrap()).exit).collect();
    exits.sort_unstable();
    assert_eq!(exits[0], 0, "{exits:?}");
    assert!(exits[1..].iter().all(|exit| matches!(exit, 9 | 12)), "{exits:?}");
    assert_eq!((accepted(&knosc), knosc.model().upload_posts()), (1, 1));
}

#[test]
fn a_file_that_completed_is_refused_by_upload_and_skipped_by_run() {
    let knosc = knosc();
    let place = Place::new("again");
    units(&place, "exports/units.csv");
    let upload = ["upload", "unit-master", "exports/units.csv"];
    assert_eq!(run(&mut place.runner(&knosc.url(), &upload)).exit, 0);
    let again = run(&mut place.runner(&knosc.url(), &upload));
    assert_eq!((again.exit, accepted(&knosc)), (12, 1), "{again:?}");
    let skipped = run(&mut place.runner(&knosc.url(), &["run", "exports", "--settle=0s"]));
    assert_eq!((skipped.exit, accepted(&knosc)), (0, 1), "{skipped:?}");
    assert!(skipped.stdout.contains("unchanged"), "{skipped:?}");
    // Touched, or moved, it is the same file: its content says so.
    units(&place, "elsewhere/units.csv");
    let moved = ["upload", "unit-master", "elsewhere/units.csv"];
    let refused = run(&mut place.runner(&knosc.url(), &moved));
    assert_eq!((refused.exit, accepted(&knosc)), (12, 1), "{refused:?}");
    let refuse = ["run", "exports", "--settle=0s", "--unchanged=refuse"];
    assert_eq!(run(&mut place.runner(&knosc.url(), &refuse)).exit, 12);
    let skip = ["upload", "unit-master", "exports/units.csv", "--unchanged=skip"];
    assert_eq!(run(&mut place.runner(&knosc.url(), &skip)).exit, 0);
    assert_eq!(accepted(&knosc), 1);
    let send = ["upload", "unit-master", "exports/units.csv", "--unchanged=send"];
    assert_eq!(run(&mut place.runner(&knosc.url(), &send)).exit, 0);
    assert_eq!(accepted(&knosc), 2);
}

#[test]
fn items_that_failed_for_a_unit_load_once_the_unit_is_there() {
    let knosc = knosc();
    let place = Place::new("mended");
    for (export, name) in [("items.xlsx", "items.xlsx"), ("unit-master.csv", "units.csv")] {
        place.export(export, name);
    }
    let items = ["upload", "item-master", "items.xlsx"];
    let failed = run(&mut place.runner(&knosc.url(), &items));
    assert_eq!(failed.exit, 3, "{failed:?}");
    // Its row errors are still there for whoever looks later.
    let shown =
        run(&mut place.runner(&knosc.url(), &["runs", "show", &super::resumed::run_id(&failed)]));
    assert!(shown.stdout.contains("row 1: "), "{shown:?}");
    let mended = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    assert_eq!(mended.exit, 0, "{mended:?}");
    let loaded = run(&mut place.runner(&knosc.url(), &items));
    assert_eq!(loaded.exit, 0, "{loaded:?}");
    assert_eq!(accepted(&knosc), 3);
}

#[test]
fn the_second_night_sends_the_one_file_of_thirteen_that_changed() {
    let knosc = knosc();
    let place = Place::new("nights");
    for entry in std::fs::read_dir(exports()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        place.export(&name, &format!("exports/{name}"));
    }
    let night = ["run", "exports", "--settle=0s", "-q"];
    let first = run(&mut place.runner(&knosc.url(), &night));
    assert_eq!((first.exit, accepted(&knosc)), (0, 13), "{first:?}");
    let stock = place.path().join("exports/inventory.csv");
    let text = std::fs::read_to_string(&stock).unwrap();
    let shorter = text.trim_end().rsplit_once('\n').unwrap().0;
    std::fs::write(&stock, format!("{shorter}\n")).unwrap();
    let second = run(&mut place.runner(&knosc.url(), &night));
    assert_eq!((second.exit, accepted(&knosc)), (0, 14), "{second:?}");
    assert_eq!(second.stdout.matches("\nunchanged ").count(), 12, "{second:?}");
    assert_eq!(second.stdout.matches("\ncompleted ").count(), 1, "{second:?}");
    assert_eq!(knosc.model().uploads()[13].trigger, "inventory");
    let third = run(&mut place.runner(&knosc.url(), &night));
    assert_eq!((third.exit, accepted(&knosc)), (0, 14), "{third:?}");
}

#[test]
fn a_state_folder_that_holds_no_journal_is_refused_before_anything_is_sent() {
    let knosc = knosc();
    let place = Place::new("disk");
    units(&place, "units.csv");
    place.file("damaged/journal.db", "no database at all, and long enough to look like one");
    place.file("empty/journal.db", "");
    place.file("file", "");
    for (state, word) in [("damaged", "damaged"), ("empty", "damaged"), ("file", "state folder")] {
        let words = ["upload", "unit-master", "units.csv", "--state", state];
        let refused = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!(refused.exit, 2, "{state}: {refused:?}");
        assert!(refused.stderr.contains(word), "{state}: {refused:?}");
        assert!(refused.stderr.contains("known: nothing was sent"), "{state}: {refused:?}");
    }
    // A plan cannot say what a file leaves out of what nobody can read.
    for state in ["damaged", "empty"] {
        let words = ["plan", ".", "--map", "units.csv=unit-master", "--state", state];
        let refused = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!(refused.exit, 2, "{state}: {refused:?}");
        assert!(refused.stderr.contains("damaged"), "{state}: {refused:?}");
    }
    assert_eq!(knosc.model().upload_posts(), 0);
}

#[test]
fn without_a_digest_an_untouched_file_is_the_same_and_a_touched_one_is_not() {
    let knosc = knosc();
    let place = Place::new("no-digest");
    units(&place, "units.csv");
    // Of a file that was written a moment ago nothing says that it was not written to again.
    std::thread::sleep(std::time::Duration::from_millis(150));
    let words = ["upload", "unit-master", "units.csv", "--no-digest", "-q"];
    let first = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((first.exit, accepted(&knosc)), (0, 1), "{first:?}");
    let again = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((again.exit, accepted(&knosc)), (12, 1), "{again:?}");
    // Nothing but its time tells it from the first one.
    units(&place, "units.csv");
    let touched = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((touched.exit, accepted(&knosc)), (0, 2), "{touched:?}");
}
