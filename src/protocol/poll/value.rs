//! The values inside a job of a poll's answer: keys, numbers and texts of which each may be something else than documented.
//!
//! Takes what it can use and skips the rest; bounds what it keeps.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::job::RowError;
use crate::protocol::text::{self, MESSAGE_BYTES_MAX};

/// Bytes kept of `completed_at`: the documented form has 20.
const MOMENT_BYTES_MAX: usize = 100;

/// The keys that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Jobs,
    Trigger,
    JobId,
    Status,
    RowsProcessed,
    Errors,
    CompletedAt,
    Row,
    Message,
    Other,
}

impl Key {
    /// Whether the key is documented for a job; others are skipped, however often they stand there.
    pub(super) const fn is_of_job(self) -> bool {
        matches!(
            self,
            Self::Trigger
                | Self::JobId
                | Self::Status
                | Self::RowsProcessed
                | Self::Errors
                | Self::CompletedAt
        )
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_identifier(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "jobs" => Key::Jobs,
            "trigger" => Key::Trigger,
            "job_id" => Key::JobId,
            "status" => Key::Status,
            "rows_processed" => Key::RowsProcessed,
            "errors" => Key::Errors,
            "completed_at" => Key::CompletedAt,
            "row" => Key::Row,
            "message" => Key::Message,
            _ => Key::Other,
        })
    }
}

/// A text, a count, or anything else.
pub(super) enum Loose {
    Text(String),
    Count(u64),
    Other,
}

impl Loose {
    pub(super) fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn count(self) -> Option<u64> {
        if let Self::Count(count) = self { Some(count) } else { None }
    }

    /// Knosc's own text, bounded.
    pub(super) fn moment(self) -> Option<String> {
        let text = self.text()?;
        let moment = text::sanitised(text::cut(&text, MOMENT_BYTES_MAX));
        (!moment.is_empty()).then_some(moment)
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Loose, E> {
        Ok(Loose::Count(count))
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<Loose, E> {
        Ok(u64::try_from(count).map_or(Loose::Other, Loose::Count))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

/// A row error: `{"row": 413, "message": "..."}`, or a bare text. Anything else is an error without words: it counts.
pub(super) struct Row(pub(super) RowError);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row error")
    }

    fn visit_str<E: Error>(self, message: &str) -> Result<Row, E> {
        Ok(row(None, message))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Row, E> {
        Ok(row(None, ""))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Row, E> {
        Ok(row(None, ""))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Row, E> {
        Ok(row(None, ""))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Row, E> {
        Ok(row(None, ""))
    }

    fn visit_unit<E: Error>(self) -> Result<Row, E> {
        Ok(row(None, ""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Row, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(row(None, ""))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let (mut number, mut message) = (None, None);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Row => number = map.next_value::<Loose>()?.count(),
                Key::Message => message = map.next_value::<Loose>()?.text(),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(row(number, &message.unwrap_or_default()))
    }
}

fn row(number: Option<u64>, message: &str) -> Row {
    Row(RowError { row: number, message: text::cut(message, MESSAGE_BYTES_MAX).to_owned() })
}
