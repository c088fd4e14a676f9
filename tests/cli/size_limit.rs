//! A file that was refused as too large is not sent again to be refused, nor is a larger one.

use local_knosc::{AnswerFault, When};

use super::place::{Place, knosc, run};
use super::resumed::{arm, on_upload};

#[test]
fn a_413_is_remembered_until_a_file_of_that_size_is_accepted() {
    let knosc = knosc();
    let place = Place::new("size-limit");
    let file = |name: &str, rows: usize| {
        let rows: Vec<String> = (0..rows).map(|row| format!("{name}{row},Unit {row}\n")).collect();
        let rows = rows.concat();
        place.file(&format!("{name}.csv"), format!("_UnitCode,_UnitName\n{rows}"));
    };
    // From a mebibyte on the body waits, and a refusal proves that nothing of it was accepted.
    for (name, rows) in [("A", 70_000), ("B", 80_000), ("C", 10)] {
        file(name, rows);
    }
    place.file("import.toml", "[[file]]\ntrigger = \"unit-master\"\npath = \"B.csv\"\n");
    let upload = |name: &str, more: &[&str]| {
        let words = [&["upload", "unit-master", name, "--allow-drop", "100%"], more].concat();
        run(&mut place.runner(&knosc.url(), &words))
    };
    arm(&knosc, AnswerFault { status: Some(413), ..on_upload(When::Early) });
    let refused = upload("A.csv", &[]);
    assert_eq!((refused.exit, knosc.model().upload_posts()), (3, 1), "{refused:?}");
    for words in [
        &["upload", "unit-master", "A.csv"][..],
        &["upload", "unit-master", "B.csv"],
        &["run", "import.toml"],
        &["plan", "import.toml"],
    ] {
        let found = run(&mut place.runner(&knosc.url(), words));
        assert_eq!((found.exit, knosc.model().upload_posts()), (7, 1), "{found:?}");
        assert!(found.stderr.contains("(413)"), "{found:?}");
        assert!(found.stderr.contains("--ignore-size-limit"), "{found:?}");
    }
    assert_eq!(upload("C.csv", &[]).exit, 0, "a smaller one is sent");
    assert_eq!(upload("A.csv", &["--ignore-size-limit"]).exit, 0);
    // What was accepted of that size undoes the refusal.
    assert_eq!(upload("B.csv", &[]).exit, 0);
    assert_eq!(knosc.model().uploads().len(), 3);
}
