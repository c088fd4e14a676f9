//! Words that a program may compare with: each field that holds one of a few says in its schema which.
//!
//! The words are those of the types that have them; none is made here.

use knosc_bulk_import::trigger::Trigger;
#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// An upload type, by its name.
#[derive(Clone, Copy, Debug)]
pub struct TriggerName(pub Trigger);

impl Serialize for TriggerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl From<Trigger> for TriggerName {
    fn from(trigger: Trigger) -> Self {
        Self(trigger)
    }
}

#[cfg(test)]
impl JsonSchema for TriggerName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Trigger".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = Trigger::ALL.map(Trigger::name);
        json_schema!({ "type": "string", "enum": names, "description": "An upload type." })
    }
}

#[cfg(test)]
fn one_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    let words: Vec<&str> = words.into_iter().collect();
    json_schema!({ "type": "string", "enum": words })
}

#[cfg(test)]
pub(super) fn severities(_: &mut SchemaGenerator) -> Schema {
    use knosc_checks::Severity;
    one_of([Severity::Deny, Severity::Warn, Severity::Note].map(Severity::word))
}

#[cfg(test)]
pub(super) fn codes(_: &mut SchemaGenerator) -> Schema {
    one_of(knosc_checks::Code::ALL.iter().map(|code| code.name()))
}

#[cfg(test)]
pub(super) fn environments(_: &mut SchemaGenerator) -> Schema {
    use knosc_bulk_import::origin::Environment;
    let all = [Environment::Production, Environment::Test, Environment::Local, Environment::Other];
    one_of(all.map(Environment::word))
}

#[cfg(test)]
pub(super) fn effects(_: &mut SchemaGenerator) -> Schema {
    use knosc_bulk_import::admission::refresh::Effect;
    let all = [Effect::Closes, Effect::Archives, Effect::Replaces, Effect::MayClose];
    one_of(all.map(Effect::word))
}

#[cfg(test)]
pub(super) fn comparisons(_: &mut SchemaGenerator) -> Schema {
    one_of(["not-read", "exempt", "nothing", "keys", "rows"])
}

#[cfg(test)]
pub(super) fn standings(_: &mut SchemaGenerator) -> Schema {
    use knosc_bulk_import::admission::Standing;
    let all = [
        Standing::Completed,
        Standing::Failed,
        Standing::Refused,
        Standing::Unknown,
        Standing::Pending,
        Standing::Lost,
        Standing::Unchanged,
        Standing::NotStarted,
    ];
    one_of(all.map(Standing::word))
}

#[cfg(test)]
pub(super) fn healths(_: &mut SchemaGenerator) -> Schema {
    use crate::command::doctor::Health;
    one_of([Health::Good, Health::Odd, Health::Bad, Health::Unseen].map(Health::word))
}

#[cfg(test)]
pub(super) fn phases(_: &mut SchemaGenerator) -> Schema {
    use crate::results::Phase;
    one_of([Phase::Sending, Phase::Queued, Phase::Running].map(Phase::word))
}
