//! The schema of `import.toml` for editors, made from [`Authored`] and committed as `docs/schemas/import.schema.json`; `UPDATE=1` writes
//! it anew.
//!
//! It is a file and no code: nothing is checked by it but in these tests, where it and the reader have to agree.

use std::path::Path;

use boon::{Compiler, Schemas};
use knosc_bulk_import::trigger::Trigger;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::Authored;

pub(super) fn triggers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Trigger::ALL.map(Trigger::name) })
}

/// A duration as people write it.
struct Duration;

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = r"^\s*([0-9]+(ms|s|min|m|h|d)\s*)+$";
        json_schema!({ "type": "string", "pattern": pattern, "examples": ["30s", "5m", "1h 30m"] })
    }
}

/// How to wait.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "the type is for its schema")]
pub(super) struct Waiting {
    /// Shortest time between two polls.
    poll_interval_min: Option<Duration>,
    /// Longest time between two polls.
    poll_interval_max: Option<Duration>,
    /// How long a job may be queued.
    queued_max: Option<Duration>,
    /// How long a job may run.
    running_max: Option<Duration>,
}

/// How much a file may leave out.
pub(super) struct Drop;

impl JsonSchema for Drop {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Drop".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = r"^\s*([0-9]+|0*(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)\s*%)\s*$";
        json_schema!({
            "description": "A number of keys, or a share in quotes.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": text }],
            "examples": [312, "7%", "2.5%"],
        })
    }
}

/// What holds for every file, and is no field of its own; no value is null in TOML.
pub(super) fn top(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let allowed = "What is said of a file holds for all files that do not say it themselves.";
    properties
        .insert("allow-drop".to_owned(), json!({ "$ref": "#/$defs/Drop", "description": allowed }));
    properties.insert(
        "allow-empty".to_owned(),
        json!({ "type": "boolean", "default": false, "description": allowed }),
    );
    schema.insert("not".to_owned(), json!({ "required": ["base-url", "profile"] }));
}

fn schema() -> Value {
    let mut schema =
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Authored>();
    schema.insert("title".to_owned(), "A manifest of knosc-runner, import.toml".into());
    let mut schema = schema.to_value();
    without_null(&mut schema);
    schema
}

/// Takes null from what may be left away: TOML has none.
fn without_null(value: &mut Value) {
    let null = json!({ "type": "null" });
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(any)) = object.get_mut("anyOf") {
                any.retain(|one| *one != null);
                if let [Value::Object(one)] = any.as_slice() {
                    let one = one.clone();
                    object.remove("anyOf");
                    object.extend(one);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[test]
fn the_committed_schema_is_made_from_the_type() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/import.schema.json");
    let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), made, "UPDATE=1 accepts it");
}

#[test]
fn the_schema_and_the_reader_say_the_same() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("import.schema.json", schema()).unwrap();
    let index = compiler.compile("import.schema.json", &mut schemas).unwrap();
    let file = "[[file]]\ntrigger = \"demand\"\npath = \"so*.csv\"\n";
    let check = |text: &str, is_right: bool| {
        let value: Value = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
        let by_schema = schemas.validate(&value, index);
        assert_eq!(by_schema.is_ok(), is_right, "the schema of {text}\n{by_schema:?}");
        let by_reader = Authored::parse(Path::new("import.toml"), text);
        assert_eq!(by_reader.is_ok(), is_right, "the reader of {text}\n{by_reader:?}");
    };
    // Keys of the whole manifest, right and wrong.
    for (lines, is_right) in [
        ("", true),
        ("base-url = \"https://acme.knosc.com\"\n", true),
        ("base-url = 1\n", false),
        ("profile = \"acme\"\n", true),
        ("profile = [\"acme\"]\n", false),
        ("base-url = \"https://acme.knosc.com\"\nprofile = \"acme\"\n", false),
        ("allow-repeated-trigger = true\n", true),
        ("allow-repeated-trigger = \"yes\"\n", false),
        ("allow-empty = false\n", true),
        ("allow-empty = 0\n", false),
        ("allow-drop = 12\n", true),
        ("allow-drop = \"2.5%\"\n", true),
        ("allow-drop = \"100%\"\n", true),
        ("allow-drop = \"100.5%\"\n", false),
        ("allow-drop = \"101%\"\n", false),
        ("allow-drop = \"1.255%\"\n", false),
        ("allow-drop = -1\n", false),
        ("allow-drop = 1.5\n", false),
        ("allowdrop = 12\n", false),
        ("policy = {}\n", true),
        ("policy = { queued-max = \"1h 30m\", running-max = \"2d\" }\n", true),
        ("policy = { poll-interval-min = \"500ms\", poll-interval-max = \"5min\" }\n", true),
        ("policy = { queued-max = 30 }\n", false),
        ("policy = { queued-max = \"30\" }\n", false),
        ("policy = { queued-max = \"1.5h\" }\n", false),
        ("policy = { retries = 3 }\n", false),
        ("policy = 1\n", false),
    ] {
        check(&format!("{lines}{file}"), is_right);
    }
    // Keys of one file.
    for (lines, is_right) in [
        ("newest = true\n", true),
        ("newest = 1\n", false),
        ("key = [\"SO\", \"Line\"]\n", true),
        ("key = []\n", false),
        ("key = \"SO\"\n", false),
        ("key = [1]\n", false),
        ("allow-empty = true\n", true),
        ("allow-drop = \"7%\"\n", true),
        ("allow-drop = \"x%\"\n", false),
        ("line = 3\n", false),
        ("paths = \"a.csv\"\n", false),
    ] {
        check(&format!("{file}{lines}"), is_right);
    }
    check("", false);
    check("file = 1\n", false);
    check("[[file]]\ntrigger = \"demand\"\n", false);
    check("[[file]]\npath = \"a.csv\"\n", false);
    for trigger in Trigger::ALL {
        check(&format!("[[file]]\ntrigger = \"{trigger}\"\npath = \"a.csv\"\n"), true);
    }
    check("[[file]]\ntrigger = \"items\"\npath = \"a.csv\"\n", false);
}

/// The keys that a mistake is told with are those of the schema.
#[test]
fn the_keys_of_messages_are_those_of_the_schema() {
    let schema = schema();
    for (names, properties) in [
        (super::authored::TOP_KEYS, &schema["properties"]),
        (super::authored::FILE_KEYS, &schema["$defs"]["AuthoredFile"]["properties"]),
        (super::reader::POLICY_KEYS, &schema["$defs"]["Waiting"]["properties"]),
    ] {
        let mut names: Vec<&str> = names.split(", ").collect();
        names.sort_unstable();
        let mut properties: Vec<&String> = properties.as_object().unwrap().keys().collect();
        properties.sort_unstable();
        assert_eq!(names, properties);
    }
}
