//! What the table's short forms stand for: `"$name"`, `"${name}"` within a text, and content that is too long to be written out.

use std::fmt::Write;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Names and what they stand for.
pub(crate) struct Values {
    named: Map<String, Value>,
}

impl Values {
    pub(crate) fn new(table: &Map<String, Value>) -> Self {
        Self { named: table.clone() }
    }

    /// A name for a text, as `${name}`.
    pub(crate) fn name(&mut self, name: &str, text: &str) {
        self.keep(name, &Value::from(text));
    }

    /// A name for a value, as `"$name"`.
    pub(crate) fn keep(&mut self, name: &str, value: &Value) {
        self.named.insert(name.to_owned(), value.clone());
    }

    /// Writes a value out.
    pub(crate) fn expand(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(name) if !name.starts_with('{') => self.expand(self.named(name)?),
                _ => self.fill(text).map(Value::from),
            },
            Value::Array(items) => items.iter().map(|item| self.expand(item)).collect(),
            Value::Object(fields) => self.object(fields),
            other => Ok(other.clone()),
        }
    }

    fn named(&self, name: &str) -> Result<&Value, String> {
        self.named.get(name).ok_or_else(|| format!("${name} has no value"))
    }

    /// `{"$": "units", "sha256": …}` is `$units` with another `sha256`; `$rows`, `$bytes`, `$base64` and `$times` make content.
    fn object(&self, fields: &Map<String, Value>) -> Result<Value, String> {
        let text = |value: &Value| match self.expand(value)? {
            Value::String(text) => Ok(text),
            other => Err(format!("{other}: a text is wanted")),
        };
        if let Some(count) = fields.get("$rows").and_then(Value::as_u64) {
            return Ok(rows(count).into());
        }
        if let Some(content) = fields.get("$bytes") {
            return Ok(text(content)?.into_bytes().into());
        }
        if let Some(content) = fields.get("$base64") {
            return Ok(data_encoding::BASE64.encode(text(content)?.as_bytes()).into());
        }
        if let (Some(count), Some(item)) =
            (fields.get("$times").and_then(Value::as_u64), fields.get("of"))
        {
            return (0..count).map(|_| self.expand(item)).collect();
        }
        let mut object = match fields.get("$").and_then(Value::as_str) {
            None => Map::new(),
            Some(name) => match self.expand(self.named(name)?)? {
                Value::Object(object) => object,
                other => return Err(format!("${name} is no record: {other}")),
            },
        };
        for (name, value) in fields.iter().filter(|(name, _)| *name != "$") {
            object.insert(name.clone(), self.expand(value)?);
        }
        Ok(object.into())
    }

    fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| format!("{text}: no }}"))?;
            filled.push_str(before);
            filled.push_str(self.named(name)?.as_str().unwrap_or_default());
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// A file of units with so many rows.
pub(crate) fn rows(count: u64) -> String {
    let mut text = String::from("_UnitCode,_UnitName\n");
    for row in 0..count {
        // Writing to a String does not fail.
        _ = writeln!(text, "U{row},Unit {row}");
    }
    text
}

/// SHA-256 in lower-case hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}
