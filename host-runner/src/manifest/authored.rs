//! What stands in `import.toml`, with line numbers; nothing of it is looked up yet.
//!
//! All problems are told at once: whoever mends a manifest wants one round, not five.

use std::path::Path;

use knosc_bulk_import::admission::refresh::Allowance;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Value};
use super::{ManifestError, ProblemKind};

/// A manifest as it was written.
#[derive(Clone, Debug, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename_all = "kebab-case", deny_unknown_fields))]
#[cfg_attr(test, schemars(transform = super::schema::top))]
pub struct Authored {
    /// Where to; excludes `profile`.
    pub base_url: Option<String>,
    /// A name of the user's own configuration.
    pub profile: Option<String>,
    /// Two files of one trigger are meant.
    #[cfg_attr(test, schemars(default))]
    pub allow_repeated_trigger: bool,
    /// How to wait; what is not written keeps its default.
    #[cfg_attr(test, schemars(with = "Option<super::schema::Waiting>"))]
    pub policy: Policy,
    /// Whether the time between polls is written, and not left to the default.
    #[cfg_attr(test, schemars(skip))]
    pub says_poll_interval: bool,
    /// The files in the order written.
    #[cfg_attr(test, schemars(rename = "file"))]
    pub files: Vec<AuthoredFile>,
}

/// One `[[file]]`.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename_all = "kebab-case", deny_unknown_fields))]
pub struct AuthoredFile {
    /// Where it begins.
    #[cfg_attr(test, schemars(skip))]
    pub line: usize,
    /// The upload type.
    #[cfg_attr(test, schemars(schema_with = "super::schema::triggers"))]
    pub trigger: Trigger,
    /// A path or glob, relative to the manifest.
    pub path: String,
    /// Take the newest of several matches.
    #[cfg_attr(test, schemars(default))]
    pub newest: bool,
    /// A table without rows is meant.
    #[cfg_attr(test, schemars(default))]
    pub allow_empty: bool,
    /// How much it may leave out of what was loaded before.
    #[cfg_attr(test, schemars(with = "Option<super::schema::Drop>"))]
    pub allow_drop: Option<Allowance>,
    /// The header names of the columns that tell its rows apart.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub key: Option<Vec<String>>,
}

pub(super) const TOP_KEYS: &str =
    "base-url, profile, allow-drop, allow-empty, allow-repeated-trigger, policy, file";
pub(super) const FILE_KEYS: &str = "trigger, path, newest, key, allow-drop, allow-empty";

impl Authored {
    /// Reads a manifest's text; `path` is for messages.
    ///
    /// # Errors
    /// [`ManifestError`] with every unknown key, wrong type and missing value.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let (authored, problems) = Reader::read(text, manifest);
        match authored {
            Some(authored) if problems.is_empty() => Ok(authored),
            _ => Err(ManifestError { path: path.to_owned(), problems }),
        }
    }
}

fn manifest<'t>(reader: &mut Reader<'t>, table: &DeTable<'t>) -> Authored {
    let mut authored = Authored::default();
    let (mut allow_empty, mut allow_drop) = (false, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "base-url" => authored.base_url = reader.text_of("base-url", value),
            "profile" => authored.profile = reader.text_of("profile", value),
            "allow-empty" => allow_empty = reader.yes_of("allow-empty", value),
            "allow-drop" => allow_drop = reader.allowance_of("allow-drop", value),
            "allow-repeated-trigger" => {
                authored.allow_repeated_trigger = reader.yes_of("allow-repeated-trigger", value);
            }
            "policy" => {
                authored.policy = reader.policy(value);
                authored.says_poll_interval = says_poll_interval(value);
            }
            "file" => {
                let entries = reader.tables_of("file", "a list of tables, [[file]]", value);
                let files = entries.into_iter().filter_map(|(at, entry)| file(reader, at, entry));
                authored.files = files.collect();
            }
            other => reader.unknown(key.span().start, other, TOP_KEYS),
        }
    }
    authored.policy.allow_repeated_trigger = authored.allow_repeated_trigger;
    for file in &mut authored.files {
        file.allow_empty |= allow_empty;
        file.allow_drop = file.allow_drop.or(allow_drop);
        // An empty table is a drop of everything, and the one is said by the other.
        if file.allow_empty {
            file.allow_drop = Some(Allowance::ALL);
        }
        file.allow_empty |= file.allow_drop.is_some_and(Allowance::permits_empty);
    }
    if authored.base_url.is_some() && authored.profile.is_some() {
        reader.problem_of_all(ProblemKind::TwoTargets);
    }
    if !table.contains_key("file") {
        reader.problem_of_all(ProblemKind::NoFiles);
    }
    authored
}

fn file<'t>(reader: &mut Reader<'t>, at: &Value<'t>, table: &DeTable<'t>) -> Option<AuthoredFile> {
    let (mut trigger, mut path, mut newest, mut allow_empty) = (None, None, false, false);
    let (mut allow_drop, mut key_columns) = (None, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "trigger" => trigger = trigger_of(reader, value),
            "path" => path = reader.text_of("path", value),
            "newest" => newest = reader.yes_of("newest", value),
            "allow-empty" => allow_empty = reader.yes_of("allow-empty", value),
            "allow-drop" => allow_drop = reader.allowance_of("allow-drop", value),
            "key" => key_columns = reader.texts_of("key", value),
            other => reader.unknown(key.span().start, other, FILE_KEYS),
        }
    }
    for needed in ["trigger", "path"] {
        if !table.contains_key(needed) {
            reader.problem(at.span().start, ProblemKind::Missing(needed));
        }
    }
    let line = reader.line(at.span().start);
    let (trigger, path) = (trigger?, path?);
    Some(AuthoredFile { line, trigger, path, newest, allow_empty, allow_drop, key: key_columns })
}

fn trigger_of(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Trigger> {
    let name = reader.text_of("trigger", value)?;
    match name.parse::<Trigger>() {
        Ok(trigger) => Some(trigger),
        Err(error) => {
            reader.bad(value, error.to_string());
            None
        }
    }
}

fn says_poll_interval(policy: &Value<'_>) -> bool {
    let DeValue::Table(table) = policy.get_ref() else { return false };
    ["poll-interval-min", "poll-interval-max"].iter().any(|key| table.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_at_once_with_its_line() {
        let text = "base-url = 1\nbasurl = \"x\"\n\n[policy]\nqueued-max = \"4 hours\"\nretries = 3\n\n[[file]]\ntrigger = \"items\"\npath = \"a.csv\"\n\n[[file]]\ntriger = \"demand\"\n";
        let error = Authored::parse(Path::new("import.toml"), text).unwrap_err();
        let lines: Vec<_> = error.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 2, 5, 6, 9, 12, 12, 13].map(Some), "{error}");
    }

    #[test]
    fn a_manifest() {
        let text = "profile = \"acme\"\nallow-repeated-trigger = true\n[policy]\nqueued-max = \"1h\"\n[[file]]\ntrigger = \"demand\"\npath = \"so*.csv\"\nnewest = true\n";
        let authored = Authored::parse(Path::new("import.toml"), text).unwrap();
        assert_eq!(authored.policy.queued_max_ms, 3_600_000);
        assert!(!authored.says_poll_interval);
        assert!(authored.policy.allow_repeated_trigger);
        assert_eq!(authored.files.len(), 1);
        assert!(authored.files[0].newest && !authored.files[0].allow_empty);
        assert_eq!(authored.files[0].line, 5);
    }

    #[test]
    fn what_a_file_may_leave_out() {
        let text = "allow-drop = \"7%\"\n[[file]]\ntrigger = \"demand\"\npath = \"a.csv\"\nkey = [\"SO\", \"Line\"]\n[[file]]\ntrigger = \"forecast\"\npath = \"b.csv\"\nallow-drop = 12\n[[file]]\ntrigger = \"inventory\"\npath = \"c.csv\"\nallow-empty = true\n";
        let files = Authored::parse(Path::new("import.toml"), text).unwrap().files;
        let allowed: Vec<_> = files.iter().map(|file| file.allow_drop.unwrap()).collect();
        assert_eq!(allowed, [Allowance::Share(700), Allowance::Count(12), Allowance::ALL]);
        assert_eq!(files[0].key.as_deref(), Some(&["SO".to_owned(), "Line".to_owned()][..]));
        assert_eq!(
            files.iter().map(|file| file.allow_empty).collect::<Vec<_>>(),
            [false, false, true]
        );
        for (line, is_wrong) in [
            ("allow-drop = -1", true),
            ("allow-drop = \"x%\"", true),
            ("key = []", true),
            ("key = [1]", true),
            ("key = \"SO\"", true),
            ("allow-drop = \"100%\"", false),
        ] {
            let text = format!("[[file]]\ntrigger = \"demand\"\npath = \"a.csv\"\n{line}\n");
            assert_eq!(
                Authored::parse(Path::new("import.toml"), &text).is_err(),
                is_wrong,
                "{line}"
            );
        }
    }
}
