//! The table as it is written: JSON files of cases. Reads them, judges nothing.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

/// All cases, with the values that they name.
#[derive(Debug, Default)]
pub struct Table {
    /// What `"$name"` stands for.
    pub values: Map<String, Value>,
    /// In the order of the files' names, then as written.
    pub cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    cases: Vec<Case>,
}

/// Calls against one Knosc, which is thrown away afterwards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Says what should happen.
    pub name: String,
    /// The column of the table of engines that it counts for.
    pub feature: String,
    /// Knobs that are turned first, as for `POST /_local/knobs`.
    #[serde(default)]
    pub knosc: Option<Value>,
    /// The component's environment; the demo user's name and password where it is left out.
    #[serde(default = "demo")]
    pub environment: BTreeMap<String, String>,
    /// One after the other.
    pub calls: Vec<Step>,
    /// What Knosc has afterwards.
    #[serde(default)]
    pub stored: Stored,
}

/// One call and what it gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `importer.upload`.
    pub call: String,
    /// Its arguments.
    pub with: Vec<Value>,
    /// `{"ok": …}` or `{"err": …}`, by the rules of `expect`.
    pub gives: Value,
    /// Repeat until it gives that, for calls that ask how far something is.
    #[serde(default)]
    pub until: bool,
    /// Names for parts of `ok` (JSON pointers), for later calls.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
}

/// What Knosc has afterwards; a count that is left out is not compared.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stored {
    /// Uploads that became jobs.
    pub accepted: Option<u64>,
    /// Requests to upload, refused ones included.
    pub posts: Option<u64>,
    /// Requests to sign in.
    pub sign_ins: Option<u64>,
    /// Requests to refresh a session.
    pub refreshes: Option<u64>,
    /// The content of each accepted file.
    pub content: Option<Value>,
}

impl Table {
    /// Reads every `.json` of a folder.
    ///
    /// # Errors
    /// With the file's name, if one cannot be read or has another form.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let failed =
            |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let listed = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
        let mut paths: Vec<_> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|it| it == "json"));
        paths.sort();
        let mut table = Self::default();
        for path in paths {
            let bytes = fs::read(&path).map_err(|error| failed(&path, &error))?;
            let file: File =
                serde_json::from_slice(&bytes).map_err(|error| failed(&path, &error))?;
            table.values.extend(file.values);
            table.cases.extend(file.cases);
        }
        Ok(table)
    }

    /// The table of this package.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn own() -> Result<Self, String> {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("calls"))
    }

    /// How many calls it has.
    pub fn calls(&self) -> usize {
        self.cases.iter().map(|case| case.calls.len()).sum()
    }
}

fn demo() -> BTreeMap<String, String> {
    let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    BTreeMap::from([
        of("KNOSC_USERNAME", local_knosc::DEFAULT_USER),
        of("KNOSC_PASSWORD", local_knosc::DEFAULT_PASSWORD),
    ])
}
