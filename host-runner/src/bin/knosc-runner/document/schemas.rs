//! The committed schemas are what the types say; `UPDATE=1` writes them anew.
//!
//! Whether real output is as they say is tested where the tool is run, in `tests/cli/schemas.rs`.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::{Document, Line};

/// A line of `--output ndjson` is an event, or the document of a verb that has no events.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "the type is for its schema")]
enum Ndjson {
    Event(Line<'static>),
    Document(Box<Document>),
}

fn schema<T: JsonSchema>(title: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema
}

#[test]
fn the_committed_schemas_are_made_from_the_types() {
    for (name, schema) in [
        ("json", schema::<Document>("A document of knosc-runner --output json")),
        ("ndjson", schema::<Ndjson>("A line of knosc-runner --output ndjson")),
    ] {
        let path = format!("../docs/schemas/{name}.schema.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let made = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, made, "{}: UPDATE=1 accepts it", path.display());
    }
}
