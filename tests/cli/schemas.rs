//! What the tool prints is what `docs/schemas/` says: every line of JSON of every test here, and every verb in both forms.
//!
//! The committed files are read; whether they are made from the types is a test of the tool itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use super::pipelines::{self, pipeline};
use super::place::{knosc, run};
use super::scenario::turn;

/// The two schemas, as strict as they can be: a field that they do not name is a mistake of ours.
struct Committed {
    schemas: Schemas,
    json: SchemaIndex,
    ndjson: SchemaIndex,
}

fn read(name: &str) -> Value {
    let path = format!("../docs/schemas/{name}.schema.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn committed() -> &'static Committed {
    static COMMITTED: OnceLock<Committed> = OnceLock::new();
    COMMITTED.get_or_init(|| {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let mut index = |name: &str| {
            let mut schema = read(name);
            schema["unevaluatedProperties"] = false.into();
            compiler.add_resource(name, schema).unwrap();
            compiler.compile(name, &mut schemas).unwrap()
        };
        let (json, ndjson) = (index("json"), index("ndjson"));
        Committed { schemas, json, ndjson }
    })
}

/// Every document and event in a text is as its schema says; gives what they are.
pub(crate) fn hold(text: &str) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        // The last line of a process that was killed may be cut, and logs are no documents.
        let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
        if value.get("schema").is_none() {
            continue;
        }
        let Committed { schemas, json, ndjson } = committed();
        let index = if value.get("seq").is_some() { *ndjson } else { *json };
        if let Err(error) = schemas.validate(&value, index) {
            panic!("{line}\nis not what the schema says: {error:#}");
        }
        types.insert(value["type"].as_str().unwrap().to_owned());
    }
    types
}

/// The words that `type` may have.
fn types(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(word)) = schema.pointer("/properties/type/const") {
                found.insert(word.clone());
            }
            object.values().for_each(|value| types(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| types(value, found)),
        _ => {}
    }
}

#[test]
fn a_field_that_is_missing_wrong_or_new_is_found() {
    let good = r#"{"schema":"knosc-runner/1","type":"logout","signed_out":true,"base_url":"x"}"#;
    assert_eq!(hold(good), BTreeSet::from(["logout".to_owned()]));
    for (from, to) in [
        ("true", "1"),
        ("true", "null"),
        ("runner/1", "runner/2"),
        ("\"signed_out\":true,", ""),
        ("}", ",\"more\":1}"),
        ("\"logout\"", "\"log-out\""),
        ("}", ",\"seq\":1}"),
    ] {
        let bad = good.replace(from, to);
        assert!(std::panic::catch_unwind(|| hold(&bad)).is_err(), "{bad}");
    }
}

const DROPPED: &str = r#"{"faults":{"answers":[{"method":"POST","path":"/api/job/","when":"after","times":1,"drop":true}]}}"#;
const EXPIRED: &str = r#"{"faults":{"answers":[{"path":"/api/job/","times":1,"status":401,"body":"{\"msg\":\"Token has expired\"}"}]}}"#;

/// Runs every verb in one form; gives the verbs and the types of what they printed.
fn every_verb(form: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let knosc = knosc();
    let body = format!("{} {}", pipelines::SAYS, pipelines::LOADS);
    let place = pipelines::place(&knosc, &format!("schemas-{form}"), &body);
    place.export("unit-master.csv", "exports/unit-master.csv");
    place.export("items.xlsx", "exports/items.xlsx");
    place.file("bad.csv", "_ItemNumber,_ItemUnit\r\nFG-1,EA\r\nFG-2,EACH\r\n");
    place.file("config.toml", "[profile.acme]\nsettle = \"0s\"\n");
    let (mut verbs, mut types) = (BTreeSet::new(), BTreeSet::new());
    let mut try_one = |verb: &str, more: &[&str], exit: i32| {
        let words: Vec<&str> = verb.split(' ').chain(more.iter().copied()).collect();
        let mut command = if verb == "pipeline run" {
            pipeline(&knosc, &place, more)
        } else {
            place.runner(&knosc.url(), &words)
        };
        let found = run(command
            .args(["--output", form])
            .env("XDG_CONFIG_HOME", place.path())
            // The sample lacks it, and the template that is fetched has it.
            .env("KNOSC_ALLOW", "column-missing"));
        assert_eq!(found.exit, exit, "{words:?}: {found:?}");
        let text = if found.stdout.is_empty() { &found.stderr } else { &found.stdout };
        let printed = hold(text);
        let lines = found.stdout.lines().count();
        assert_eq!(printed.is_empty(), verb == "template list", "{words:?}: {found:?}");
        assert!(form == "ndjson" || lines <= 1, "{words:?}: {found:?}");
        if !found.stdout.is_empty() {
            verbs.insert(verb.to_owned());
        }
        types.extend(printed);
        found.stdout
    };
    try_one("login", &[], 0);
    try_one("auth status", &[], 0);
    try_one("doctor", &[], 0);
    try_one("config show", &["--all"], 0);
    try_one("template list", &[], 0);
    try_one("template get", &["unit-master", "--to", "unit-template.csv"], 0);
    try_one("template diff", &["unit-master"], 0);
    try_one("check", &["exports"], 0);
    let both = ["exports/unit-master.csv", "bad.csv", "--map", "bad.csv=item-master"];
    try_one("check", &both, 0);
    try_one("plan", &["exports", "--allow-drop", "10"], 0);
    try_one("run", &["exports", "--settle", "0s"], 0);
    try_one("run", &["exports", "--settle", "0s"], 0);
    try_one("plan", &["exports"], 0);
    try_one("poll", &["item-master:item-master-upload-000000"], 5);
    turn(&knosc, EXPIRED);
    try_one("upload", &["item-master", "bad.csv", "--allow-drop", "100%"], 3);
    try_one("results", &[], 0);
    try_one("resume", &["--latest"], 3);
    turn(&knosc, DROPPED);
    let unknown = try_one("upload", &["unit-master", "units.csv", "--unchanged=send"], 6);
    let last: Value = serde_json::from_str(unknown.lines().last().unwrap()).unwrap();
    let id = last["run_id"].as_str().unwrap().to_owned();
    try_one("runs list", &[], 0);
    try_one("runs show", &[&id], 0);
    try_one("runs resolve", &[&id, "1", "--not-accepted"], 0);
    try_one("runs unlock", &["unit-master"], 0);
    try_one("runs accept-restored", &[], 0);
    try_one("component inspect", &["pipeline.wasm"], 0);
    try_one("pipeline check", &["pipeline.wasm", "--tenant", "acme"], 0);
    try_one("pipeline run", &["--unchanged=send"], 0);
    try_one("upload", &["unit-master", "no-file.csv"], 2);
    try_one("logout", &[], 0);
    (verbs, types)
}

#[test]
fn every_verb_prints_what_its_schema_says() {
    let helps = include_str!("../scenarios/helps/cmd");
    let all: BTreeSet<&str> =
        helps.lines().filter_map(|line| line.strip_suffix(" --help")).collect();
    let leaves =
        all.iter().filter(|verb| !all.iter().any(|of| of.starts_with(&format!("{verb} "))));
    let leaves: BTreeSet<String> =
        leaves.filter(|verb| **verb != "help").map(|verb| (*verb).to_owned()).collect();
    let (mut declared, mut printed) = (BTreeSet::new(), BTreeSet::new());
    for form in ["json", "ndjson"] {
        let (verbs, types_seen) = every_verb(form);
        assert_eq!(verbs, leaves, "{form}");
        types(&read(form), &mut declared);
        printed.extend(types_seen);
    }
    assert_eq!(printed, declared, "each type of document and event is printed by a run");
}
