//! Runs that are killed at any moment: no file is accepted twice, no job is lost, and what is not known is said.
//!
//! The moments are swept, so that some of them fall between any two steps of a run.

use std::time::Duration;

use super::place::{Place, knosc, run};
use super::resumed::{accepted, units};

/// Between two moments.
const STEP: Duration = Duration::from_millis(5);

/// How many: the whole of a run on a quiet machine, and most of it on a busy one.
const MOMENTS: u32 = 40;

#[test]
fn a_run_that_is_killed_at_any_moment_is_resumed_to_one_accepted_file() {
    let mut tally = [0_u32; 4];
    for moment in 0..MOMENTS {
        let knosc = knosc();
        let place = Place::new("swept");
        units(&place, "units.csv");
        place.export("suppliers.csv", "suppliers.csv");
        place.file(
            "import.toml",
            "[[file]]\ntrigger = \"unit-master\"\npath = \"units.csv\"\n\n[[file]]\ntrigger = \"supplier-master\"\npath = \"suppliers.csv\"\n",
        );
        let words = ["run", "import.toml", "-q"];
        let mut child = place.runner(&knosc.url(), &words).spawn().unwrap();
        std::thread::sleep(STEP * moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let killed_after = accepted(&knosc);
        let resumed = run(&mut place.runner(&knosc.url(), &["resume", "-q"]));
        let files = accepted(&knosc);
        match resumed.exit {
            0 => assert_eq!(files, 2, "{moment}: {resumed:?}"),
            // Sealed and not answered: one is unknown, and the one after it was not sent.
            6 => assert!(files <= 2 && files == killed_after, "{moment}: {resumed:?}"),
            // Nothing was recorded yet, so that nothing can have been sent.
            2 => assert_eq!((files, killed_after), (0, 0), "{moment}: {resumed:?}"),
            _ => panic!("{moment}: {resumed:?}"),
        }
        let place_of = match (resumed.exit, killed_after) {
            (2, _) => 0,
            (6, _) => 3,
            (_, 0) => 1,
            _ => 2,
        };
        tally[place_of] += 1;
        // Once more: nothing changes any more, whatever the outcome was.
        let again = run(&mut place.runner(&knosc.url(), &["resume", "-q"]));
        assert_eq!((again.exit, accepted(&knosc)), (resumed.exit, files), "{moment}: {again:?}");
    }
    let [before, unsent, accepted, unknown] = tally;
    println!(
        "killed: {before} before the run began, {unsent} before a file was accepted, {accepted} after, {unknown} unknown"
    );
    assert!(unsent + accepted + unknown > 0, "every one was killed before it began");
}
