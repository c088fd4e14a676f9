//! What stands in `import.toml`, with line numbers; nothing of it is looked up yet.
//!
//! All problems are told at once: whoever mends a manifest wants one round, not five.

use std::path::Path;
use std::time::Duration;

use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ManifestError, Problem, ProblemKind, duration};

/// A manifest as it was written.
#[derive(Clone, Debug, Default)]
pub struct Authored {
    /// Where to; excludes `profile`.
    pub base_url: Option<String>,
    /// A name of the user's own configuration.
    pub profile: Option<String>,
    /// Two files of one trigger are meant.
    pub allow_repeated_trigger: bool,
    /// How to wait; what is not written keeps its default.
    pub policy: Policy,
    /// Whether the time between polls is written, and not left to the default.
    pub says_poll_interval: bool,
    /// The files in the order written.
    pub files: Vec<AuthoredFile>,
}

/// One `[[file]]`.
#[derive(Clone, Debug)]
pub struct AuthoredFile {
    /// Where it begins.
    pub line: usize,
    /// The upload type.
    pub trigger: Trigger,
    /// A path or glob, relative to the manifest.
    pub path: String,
    /// Take the newest of several matches.
    pub newest: bool,
    /// A table without rows is meant.
    pub allow_empty: bool,
}

const TOP_KEYS: &str = "base-url, profile, allow-empty, allow-repeated-trigger, policy, file";
const FILE_KEYS: &str = "trigger, path, newest, allow-empty";
const POLICY_KEYS: &str = "poll-interval-min, poll-interval-max, queued-max, running-max";

impl Authored {
    /// Reads a manifest's text; `path` is for messages.
    ///
    /// # Errors
    /// [`ManifestError`] with every unknown key, wrong type and missing value.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let mut reader = Reader { text, problems: Vec::new() };
        let authored = match DeTable::parse(text) {
            Ok(table) => reader.manifest(table.get_ref()),
            Err(error) => {
                let line = error.span().map(|span| reader.line(span.start));
                let kind = ProblemKind::Syntax(error.message().to_owned());
                reader.problems.push(Problem { line, kind });
                Self::default()
            }
        };
        let Reader { mut problems, .. } = reader;
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() {
            Ok(authored)
        } else {
            Err(ManifestError { path: path.to_owned(), problems })
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Reader<'_> {
    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    fn problem(&mut self, offset: usize, kind: ProblemKind) {
        let line = Some(self.line(offset));
        self.problems.push(Problem { line, kind });
    }

    fn manifest(&mut self, table: &DeTable<'_>) -> Authored {
        let mut authored = Authored::default();
        let mut allow_empty = false;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "base-url" => authored.base_url = self.text_of("base-url", value),
                "profile" => authored.profile = self.text_of("profile", value),
                "allow-empty" => allow_empty = self.yes_of("allow-empty", value),
                "allow-repeated-trigger" => {
                    authored.allow_repeated_trigger = self.yes_of("allow-repeated-trigger", value);
                }
                "policy" => {
                    authored.policy = self.policy(value);
                    authored.says_poll_interval = says_poll_interval(value);
                }
                "file" => authored.files = self.files(value),
                other => self.unknown(key.span().start, other, TOP_KEYS),
            }
        }
        authored.policy.allow_repeated_trigger = authored.allow_repeated_trigger;
        for file in &mut authored.files {
            file.allow_empty |= allow_empty;
        }
        if authored.base_url.is_some() && authored.profile.is_some() {
            self.problems.push(Problem { line: None, kind: ProblemKind::TwoTargets });
        }
        if !table.contains_key("file") {
            self.problems.push(Problem { line: None, kind: ProblemKind::NoFiles });
        }
        authored
    }

    fn policy(&mut self, value: &Value<'_>) -> Policy {
        let mut policy = Policy::default();
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(value, "policy", "a table");
            return policy;
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if !POLICY_KEYS.split(", ").any(|known| known == name) {
                self.unknown(key.span().start, name, POLICY_KEYS);
                continue;
            }
            let Some(given) = self.duration_of(name, value) else { continue };
            let given_ms = u64::try_from(given.as_millis()).unwrap_or(u64::MAX);
            let short_ms = u32::try_from(given_ms).unwrap_or(u32::MAX);
            match name {
                "poll-interval-min" => policy.poll_interval_min_ms = short_ms,
                "poll-interval-max" => policy.poll_interval_max_ms = short_ms,
                "queued-max" => policy.queued_max_ms = given_ms,
                _ => policy.running_max_ms = given_ms,
            }
        }
        policy
    }

    fn files(&mut self, value: &Value<'_>) -> Vec<AuthoredFile> {
        let DeValue::Array(entries) = value.get_ref() else {
            self.wrong(value, "file", "a list of tables, [[file]]");
            return Vec::new();
        };
        entries.iter().filter_map(|entry| self.file(entry)).collect()
    }

    fn file(&mut self, value: &Value<'_>) -> Option<AuthoredFile> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(value, "file", "a table");
            return None;
        };
        let (mut trigger, mut path, mut newest, mut allow_empty) = (None, None, false, false);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "trigger" => trigger = self.trigger_of(value),
                "path" => path = self.text_of("path", value),
                "newest" => newest = self.yes_of("newest", value),
                "allow-empty" => allow_empty = self.yes_of("allow-empty", value),
                other => self.unknown(key.span().start, other, FILE_KEYS),
            }
        }
        for needed in ["trigger", "path"] {
            if !table.contains_key(needed) {
                self.problem(value.span().start, ProblemKind::Missing(needed));
            }
        }
        let line = self.line(value.span().start);
        Some(AuthoredFile { line, trigger: trigger?, path: path?, newest, allow_empty })
    }

    fn trigger_of(&mut self, value: &Value<'_>) -> Option<Trigger> {
        let name = self.text_of("trigger", value)?;
        match name.parse::<Trigger>() {
            Ok(trigger) => Some(trigger),
            Err(error) => {
                self.problem(value.span().start, ProblemKind::BadValue(error.to_string()));
                None
            }
        }
    }

    fn duration_of(&mut self, key: &str, value: &Value<'_>) -> Option<Duration> {
        let text = self.text_of(key, value)?;
        match duration::parse(&text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.problem(value.span().start, ProblemKind::BadValue(format!("{key}: {error}")));
                None
            }
        }
    }

    fn text_of(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.wrong(value, key, "text in quotes");
        None
    }

    fn yes_of(&mut self, key: &str, value: &Value<'_>) -> bool {
        if let DeValue::Boolean(yes) = value.get_ref() {
            return *yes;
        }
        self.wrong(value, key, "true or false");
        false
    }

    fn unknown(&mut self, offset: usize, key: &str, known: &'static str) {
        self.problem(offset, ProblemKind::UnknownKey { key: key.to_owned(), known });
    }

    fn wrong(&mut self, value: &Value<'_>, key: &str, expected: &'static str) {
        self.problem(value.span().start, ProblemKind::WrongType { key: key.to_owned(), expected });
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
}
