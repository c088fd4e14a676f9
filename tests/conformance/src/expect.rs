//! When a found value is the expected one. Says where it is not; knows nothing of calls.

use serde_json::Value;

/// Where `found` is not what `expected` says; none if it is.
///
/// Records may have further fields. `"*"` is anything but null; `{"$has": "…"}` a text that holds it; `{"$one-of": […]}` any of
/// these; `{"$count": n}` a list of so many. Everything else is itself.
pub(crate) fn differs(expected: &Value, found: &Value) -> Option<String> {
    at("", expected, found)
}

fn at(place: &str, expected: &Value, found: &Value) -> Option<String> {
    let no = || Some(format!("{place}: {expected} wanted, {} found", short(found)));
    match (expected, found) {
        (Value::String(any), _) if any == "*" => found.is_null().then(no).flatten(),
        (Value::Object(fields), _) if fields.contains_key("$one-of") => {
            let choices = fields.get("$one-of").and_then(Value::as_array);
            let fits =
                choices.is_some_and(|all| all.iter().any(|it| at(place, it, found).is_none()));
            (!fits).then(no).flatten()
        }
        (Value::Object(fields), _) if fields.contains_key("$has") => {
            let part = fields.get("$has").and_then(Value::as_str)?;
            let fits = found.as_str().is_some_and(|text| text.contains(part));
            (!fits).then(no).flatten()
        }
        (Value::Object(fields), _) if fields.contains_key("$count") => {
            let count = fields.get("$count").and_then(Value::as_u64)?;
            let fits = found.as_array().is_some_and(|list| list.len() as u64 == count);
            (!fits).then(no).flatten()
        }
        (Value::Object(fields), Value::Object(there)) => fields.iter().find_map(|(name, value)| {
            at(&format!("{place}/{name}"), value, there.get(name).unwrap_or(&Value::Null))
        }),
        (Value::Array(items), Value::Array(there)) if items.len() == there.len() => {
            let pairs = items.iter().zip(there).enumerate();
            pairs.into_iter().find_map(|(n, (item, it))| at(&format!("{place}/{n}"), item, it))
        }
        _ => (expected != found).then(no).flatten(),
    }
}

/// Enough of a value to see what it is.
fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(600).collect()
}
