//! `--on-finish`: whoever is told hears of every end, gets no secret, and changes nothing of how it ends.

use local_knosc::Running;
use serde_json::Value;

use super::place::{Place, knosc, run};

/// How an upload ended, and what the command heard.
fn heard(knosc: &Running, place: &Place, words: &[&str], command: &str) -> (i32, Value) {
    let to = place.path().join("heard.json");
    _ = std::fs::remove_file(&to);
    let ended = run(place.runner(&knosc.url(), words).args(["--on-finish", command, "-q"]));
    assert!(!ended.stdout.contains("told"), "what the command prints is no result: {ended:?}");
    let text = std::fs::read_to_string(&to).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    (ended.exit, serde_json::from_str(&text).unwrap())
}

#[test]
fn whoever_is_told_hears_of_every_end() {
    let knosc = knosc();
    let place = Place::new("on-finish");
    place.export("unit-master.csv", "units.csv");
    place.export("items.xlsx", "items.xlsx");
    let keep = "cat >heard.json; echo told";
    let upload = ["upload", "unit-master", "units.csv"];
    let items = ["upload", "item-master", "items.xlsx"];
    let (exit, failed) = heard(&knosc, &place, &items, keep);
    assert_eq!((exit, &failed["exit_code"], &failed["type"]), (3, &3.into(), &"report".into()));
    assert_eq!(failed["steps"][0]["outcome"], "failed", "{failed}");
    // A command that fails is a note, and one that does not read gets in nobody's way.
    let (exit, done) = heard(&knosc, &place, &upload, &format!("{keep}; exit 7"));
    assert_eq!((exit, &done["exit_code"]), (0, &0.into()), "{done}");
    let (exit, again) = heard(&knosc, &place, &upload, keep);
    assert_eq!((exit, &again["type"], &again["code"]), (12, &"error".into(), &"same-file".into()));
    let blind = run(place.runner(&knosc.url(), &upload).args([
        "--unchanged=send",
        "--on-finish",
        "exit 3",
    ]));
    assert_eq!(blind.exit, 0, "{blind:?}");
    assert!(
        blind.stderr.contains("the command of --on-finish ended with exit status: 3"),
        "{blind:?}"
    );
    let secret = "printf '{\"password\":\"%s\"}' \"$KNOSC_PASSWORD\" >heard.json";
    let (_, secret) = heard(&knosc, &place, &upload, secret);
    assert_eq!(secret["password"], "");
}
