//! Reads a TOML file by hand, so that every problem is told at once and with its line.
//!
//! Knows types and lines; which keys there are is its user's.

use std::time::Duration;

use knosc_bulk_import::admission::refresh::{Allowance, BadAllowance};
use knosc_bulk_import::policy::Policy;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problem, ProblemKind, duration};

/// One value with its place in the text.
pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

pub(super) const POLICY_KEYS: &str =
    "poll-interval-min, poll-interval-max, queued-max, running-max";

/// The text of a file, and what was found wrong with it so far.
pub(crate) struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    /// Reads a file's text; `None` where it is no TOML, which is then a problem of its own.
    pub(crate) fn read<T>(
        text: &'t str,
        with: impl FnOnce(&mut Self, &DeTable<'t>) -> T,
    ) -> (Option<T>, Vec<Problem>) {
        let mut reader = Self { text, problems: Vec::new() };
        let read = match DeTable::parse(text) {
            Ok(table) => Some(with(&mut reader, table.get_ref())),
            Err(error) => {
                let line = error.span().map(|span| reader.line(span.start));
                let kind = ProblemKind::Syntax(error.message().to_owned());
                reader.problems.push(Problem { line, kind });
                None
            }
        };
        let Self { mut problems, .. } = reader;
        problems.sort_by_key(|problem| problem.line);
        (read, problems)
    }

    /// The line of a place in the text, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    /// Something is wrong at this place.
    pub(crate) fn problem(&mut self, offset: usize, kind: ProblemKind) {
        let line = Some(self.line(offset));
        self.problems.push(Problem { line, kind });
    }

    /// Something is wrong with the file as a whole.
    pub(crate) fn problem_of_all(&mut self, kind: ProblemKind) {
        self.problems.push(Problem { line: None, kind });
    }

    /// A value of the right type that means nothing.
    pub(crate) fn bad(&mut self, value: &Value<'_>, message: String) {
        self.problem(value.span().start, ProblemKind::BadValue(message));
    }

    /// A key that means nothing here.
    pub(crate) fn unknown(&mut self, offset: usize, key: &str, known: &'static str) {
        self.problem(offset, ProblemKind::UnknownKey { key: key.to_owned(), known });
    }

    /// A value of another type than expected.
    pub(crate) fn wrong(&mut self, value: &Value<'_>, key: &str, expected: &'static str) {
        self.problem(value.span().start, ProblemKind::WrongType { key: key.to_owned(), expected });
    }

    pub(crate) fn text_of(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.wrong(value, key, "text in quotes");
        None
    }

    pub(crate) fn yes_of(&mut self, key: &str, value: &Value<'_>) -> bool {
        if let DeValue::Boolean(yes) = value.get_ref() {
            return *yes;
        }
        self.wrong(value, key, "true or false");
        false
    }

    /// A number, or a share in quotes.
    pub(crate) fn allowance_of(&mut self, key: &str, value: &Value<'_>) -> Option<Allowance> {
        let text = match value.get_ref() {
            DeValue::Integer(number) => number.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.wrong(value, key, "a number, or a share in quotes such as \"7%\"");
                return None;
            }
        };
        match text.parse() {
            Ok(allowance) => Some(allowance),
            Err(error) => {
                let error: BadAllowance = error;
                self.bad(value, error.to_string());
                None
            }
        }
    }

    /// A list of texts that is not empty.
    pub(crate) fn texts_of(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        let texts = |entries: &[Value<'_>]| {
            let text = |entry: &Value<'_>| match entry.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            };
            entries.iter().map(text).collect::<Option<Vec<String>>>()
        };
        if let DeValue::Array(entries) = value.get_ref()
            && let Some(texts) = texts(entries)
            && !texts.is_empty()
        {
            return Some(texts);
        }
        self.wrong(value, key, "a list of texts, [\"PO Number\", \"Line\"]");
        None
    }

    pub(crate) fn duration_of(&mut self, key: &str, value: &Value<'_>) -> Option<Duration> {
        let text = self.text_of(key, value)?;
        match duration::parse(&text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.bad(value, format!("{key}: {error}"));
                None
            }
        }
    }

    /// The tables of a list of tables, `[[name]]`.
    pub(crate) fn tables_of<'v>(
        &mut self,
        key: &str,
        expected: &'static str,
        value: &'v Value<'t>,
    ) -> Vec<(&'v Value<'t>, &'v DeTable<'t>)> {
        let DeValue::Array(entries) = value.get_ref() else {
            self.wrong(value, key, expected);
            return Vec::new();
        };
        let tables = entries.iter().filter_map(|entry| Some((entry, self.table_of(key, entry)?)));
        tables.collect()
    }

    pub(crate) fn table_of<'v>(
        &mut self,
        key: &str,
        value: &'v Value<'t>,
    ) -> Option<&'v DeTable<'t>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        self.wrong(value, key, "a table");
        None
    }

    /// How to wait; what is not written keeps its default.
    pub(crate) fn policy(&mut self, value: &Value<'t>) -> Policy {
        let mut policy = Policy::default();
        let Some(table) = self.table_of("policy", value) else { return policy };
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
}
