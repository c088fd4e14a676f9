//! `results`: what Knosc rejected beside the file, in each form, and where the file is another one by now.

use std::path::Path;
use std::process::Command;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::rejected::{Counting, find};
use knosc_checks::{Limits, ReadingOptions};
use local_knosc::Running;
use xtask::machine::Tool;

use super::browser;
use super::place::{Ended, Place, knosc, run};

/// A folder whose items were rejected: one row has a text in it that would be markup and a formula elsewhere.
pub(crate) fn rejected(test: &str) -> (Running, Place) {
    let knosc = knosc();
    let place = Place::new(test);
    place.export("unit-master.csv", "units.csv");
    let items = "_ItemNumber,_ItemDescription,_ItemType,_Status,_SubItemNumber,_SubItemDescription,_ItemUnit\r\n\
        FG-1,Pump,Finished Good,Active,,,EA\r\n\
        FG-2,Pump,Finished Good,Active,,,EACH\r\n\
        FG-3,\"<b>Pump</b>, x\",Finished Good,Active,,,=1+1\r\n\
        FG-4,Pump,Finished Good,Active,,,PACK\r\n\
        FG-4,Pump,Finished Good,Active,,,EA\r\n";
    place.file("items.csv", items);
    let units = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv", "-q"]));
    assert_eq!(units.exit, 0, "{units:?}");
    let items = run(&mut place.runner(&knosc.url(), &["upload", "item-master", "items.csv", "-q"]));
    assert_eq!(items.exit, 3, "{items:?}");
    (knosc, place)
}

pub(crate) fn results(knosc: &Running, place: &Place, more: &[&str]) -> Ended {
    run(place.runner(&knosc.url(), &["results"]).args(more))
}

#[test]
fn each_form_has_both_ways_of_counting() {
    let (knosc, place) = rejected("results");
    let text = results(&knosc, &place, &[]);
    assert_eq!(text.exit, 0, "{text:?}");
    for line in [
        "  Item Unit '…' not found in Unit Master  3 times\n",
        "    row 2: Item Unit 'EACH' not found in Unit Master\n",
        "      header not counted  line 3         │ FG-2 │ … │  │  │ EACH\n",
        "                                         │                  ^^^^ _ItemUnit\n",
        "      header counted      line 2         │ FG-1 │ Pump │ Finished Good │ …\n",
        "  Knosc counts 1 rows as processed: those may be stored; the other 4 of the file's 5 rows were not\n",
        "  a value of the message stands in the row for 4 of 4 with the header not counted, for 1 with the header counted\n",
        "What a row number of Knosc counts is not documented: both ways are shown.\n",
    ] {
        assert!(text.stdout.contains(line), "{line:?}\n{}", text.stdout);
    }
    assert_eq!(results(&knosc, &place, &["--to=rows.txt"]).exit, 0);
    let kept = std::fs::read_to_string(place.path().join("rows.txt")).unwrap();
    assert_eq!(kept, text.stdout, "a file has no colours");
    let csv = results(&knosc, &place, &["--format=csv"]).stdout;
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert!(csv.contains("\"3\",\"\",\"_ItemUnit\",\"EACH\",\"2\",\"\",\"\",\"\"\r\n"), "{csv}");
    assert!(csv.contains(",\"'=1+1\",") && !csv.contains(",\"=1+1\""), "{csv}");
    let json: serde_json::Value =
        serde_json::from_str(&results(&knosc, &place, &["--output=json"]).stdout).unwrap();
    let first = &json["files"][0]["errors"][0];
    assert_eq!((&first["row"], &first["header_not_counted"]["line"]), (&2.into(), &3.into()));
    assert_eq!(first["header_counted"]["cells"][0], "FG-1", "{first}");
    let markdown = results(&knosc, &place, &["--format=markdown"]).stdout;
    assert!(markdown.contains("| 2 | Item Unit 'EACH' not found in Unit Master | line 3: &#95;ItemUnit = EACH | line 2 |"), "{markdown}");
    let html = results(&knosc, &place, &["--format=html"]).stdout;
    assert!(html.contains("&lt;b&gt;Pump&lt;/b&gt;") && !html.contains("<b>"), "{html}");
    assert!(html.contains("<td><mark>EACH</mark></td>"), "{html}");
}

#[test]
fn the_workbook_has_each_row_twice_and_computes_nothing() {
    let (knosc, place) = rejected("results-workbook");
    let refused = results(&knosc, &place, &["--format=xlsx"]);
    assert_eq!(refused.exit, 2, "{refused:?}");
    let written = results(&knosc, &place, &["--to=rows.xlsx"]);
    assert_eq!((written.exit, written.stdout.as_str()), (0, ""), "{written:?}");
    let again = results(&knosc, &place, &["--to=rows.xlsx"]);
    assert_eq!(again.exit, 2, "an existing file is overwritten: {again:?}");
    let mut options = ReadingOptions::default();
    options.sheet = Some("1 item-master".to_owned());
    let mut book = std::fs::File::open(place.path().join("rows.xlsx")).unwrap();
    let (item, xlsx, limits) = (Trigger::ItemMaster, FileKind::Xlsx, Limits::default());
    let found = find(item, xlsx, &mut book, &[1, 2], &options, &limits).unwrap();
    assert_eq!(found.header[..5], ["Knosc's row", "Message", "Counted as", "Line", "_ItemNumber"]);
    let cells = |row| found.row(row, Counting::FromHeader).unwrap().cells.clone();
    assert_eq!(cells(1)[2..5], ["header not counted", "3", "FG-2"]);
    assert_eq!(cells(2)[2..5], ["header counted", "2", "FG-1"]);
    let mut book = std::fs::File::open(place.path().join("rows.xlsx")).unwrap();
    let all = find(item, xlsx, &mut book, &[3], &options, &limits).unwrap();
    assert_eq!(all.row(3, Counting::FromHeader).unwrap().cells.last().unwrap(), "=1+1");
}

#[test]
fn a_file_that_is_another_one_by_now_is_not_looked_into() {
    let (knosc, place) = rejected("results-changed");
    let items = place.path().join("items.csv");
    let text = std::fs::read_to_string(&items).unwrap();
    // Touched, its bytes are the same: it is as good.
    std::fs::write(&items, &text).unwrap();
    let found = results(&knosc, &place, &[]).stdout;
    assert!(found.contains("header not counted  line 3"), "{found}");
    std::fs::write(&items, text.replace("EACH", "EACX")).unwrap();
    let found = results(&knosc, &place, &[]).stdout;
    assert!(found.contains("no lines are shown: "), "{found}");
    assert!(found.contains("is not as it was sent"), "{found}");
    assert!(found.contains("row 2: Item Unit 'EACH'") && !found.contains(" line 3"), "{found}");
    std::fs::remove_file(&items).unwrap();
    let found = results(&knosc, &place, &[]).stdout;
    assert!(found.contains("the file cannot be read where it was"), "{found}");
}

#[test]
fn of_a_run_without_rejected_rows_it_says_so() {
    let knosc = knosc();
    let place = Place::new("results-none");
    place.export("unit-master.csv", "units.csv");
    let none = results(&knosc, &place, &[]);
    assert_eq!(none.exit, 2, "{none:?}");
    run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv", "-q"]));
    let found = results(&knosc, &place, &[]);
    assert_eq!(found.exit, 0, "{found:?}");
    assert!(found.stdout.ends_with("completed    unit-master           units.csv\n"), "{found:?}");
    let page = results(&knosc, &place, &["--format=html"]).stdout;
    assert!(page.contains("Knosc named none."), "{page}");
}

/// What the browser made of the page, and what it complained of.
fn browse(page: &Path, more: &[&str]) -> Ended {
    let mut chromium = Command::new("chromium");
    chromium.args(browser::ALONE).args(["--hide-scrollbars", "--enable-logging=stderr"]);
    let profile = page.with_extension("profile");
    chromium.arg(format!("--user-data-dir={}", profile.display())).args(more);
    let output = chromium.arg(format!("file://{}", page.display())).output().unwrap();
    Ended {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        exit: output.status.code().unwrap(),
    }
}

#[test]
fn a_browser_shows_the_page_in_light_and_dark() {
    let test = "results::a_browser_shows_the_page_in_light_and_dark";
    if !Tool::is_there_for("chromium", test).unwrap() {
        return;
    }
    let (knosc, place) = rejected("results-browser");
    assert_eq!(results(&knosc, &place, &["--to=page.html"]).exit, 0);
    let page = place.path().join("page.html");
    let seen = browse(&page, &["--dump-dom"]);
    assert_eq!(seen.exit, 0, "{seen:?}");
    // What the policy of the page refuses is told on the console: there is nothing.
    assert!(!seen.stderr.contains(":CONSOLE"), "{seen:?}");
    // What the parser made has the same elements as what was written: nothing was mended and nothing is missing.
    let written = std::fs::read_to_string(&page).unwrap();
    for element in ["<tr", "<td", "<th ", "<mark>", "<details", "<summary>", "<rect", "<svg", "<h2"]
    {
        let count = |text: &str| text.matches(element).count();
        assert!(count(&written) > 0, "no {element}");
        assert_eq!(count(&seen.stdout), count(&written), "{element}\n{}", seen.stdout);
    }
    let shot = |name: &str, more: &[&str]| {
        let path = place.path().join(name);
        let to = format!("--screenshot={}", path.display());
        let shown = browse(&page, &[&[to.as_str(), "--window-size=1000,900"], more].concat());
        assert_eq!(shown.exit, 0, "{shown:?}");
        std::fs::read(path).unwrap()
    };
    let light = shot("light.png", &[]);
    let dark = shot("dark.png", &["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]);
    // A page without content is some kilobytes.
    assert!(light.len() > 20_000 && dark.len() > 20_000, "{} {}", light.len(), dark.len());
    assert_ne!(light, dark);
}
