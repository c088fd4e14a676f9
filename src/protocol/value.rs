//! The values of Knosc's JSON, as far as anything here looks into one, and the fields of a small answer.
//!
//! Knows no key, and gives none where an answer is no JSON object: what that means is the reader's to say.

use super::json::Json;

/// A value, as far as anything here looks into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Text(String),
    /// A number without sign, fraction and exponent.
    Count(u64),
    /// The JSON of anything else: its first bytes.
    Other(String),
}

impl Value {
    pub(super) fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn count(self) -> Option<u64> {
        if let Self::Count(count) = self { Some(count) } else { None }
    }
}

/// The fields of a small answer; none where it is no JSON object.
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    pub(super) fn of(body: &[u8]) -> Self {
        let mut fields = Vec::new();
        let mut json = Json::of(body);
        let read = json.object(&mut |json, key| {
            fields.push((key.to_owned(), json.value()?));
            Ok(())
        });
        if read.and_then(|()| json.end()).is_err() {
            fields.clear();
        }
        Self(fields)
    }

    /// The last one of a name, as most readers take it.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().rfind(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        if let Some(Value::Text(text)) = self.get(key) { Some(text) } else { None }
    }

    /// A text whose name stands there once: of two, readers take different ones.
    pub(super) fn only_text(&self, key: &str) -> Option<&str> {
        let count = self.0.iter().filter(|(known, _)| known == key).count();
        if count == 1 { self.text(key) } else { None }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Value::Other(json)) if json == "true")
    }
}
