//! Links in a JSON document whose form is not documented.
//!
//! No key is taken to mean anything: a link is text that looks like one, and it is of a trigger if a word beside it, above it or
//! in it names that trigger.

use knosc_bulk_import::trigger::Trigger;
use knosc_runner::manifest::names;
use serde_json::Value;

/// Every link that is of a trigger, each once.
pub fn of(trigger: Trigger, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(document, &mut Vec::new(), &mut |link, words| {
        let stem = link.split(['?', '#']).next().and_then(|path| path.rsplit('/').next());
        let mut words = words.iter().copied().chain(stem);
        if words.any(|word| means(word) == Some(trigger)) && !found.iter().any(|one| one == link) {
            found.push(link.to_owned());
        }
    });
    found
}

/// Goes through the document with the words above and beside each link.
fn collect<'v>(
    value: &'v Value,
    words: &mut Vec<&'v str>,
    tell: &mut impl FnMut(&'v str, &[&'v str]),
) {
    let depth = words.len();
    match value {
        Value::String(text) if is_link(text) => tell(text, words),
        Value::Array(values) => values.iter().for_each(|value| collect(value, words, tell)),
        Value::Object(fields) => {
            let beside = fields.values().filter_map(Value::as_str).filter(|text| !is_link(text));
            words.extend(beside);
            for (key, value) in fields {
                words.push(key);
                collect(value, words, tell);
                words.pop();
            }
            words.truncate(depth);
        }
        _ => {}
    }
}

fn is_link(text: &str) -> bool {
    text.starts_with('/') || text.starts_with("https://") || text.starts_with("http://")
}

/// The trigger that a word means, whether or not it has a file's extension.
fn means(word: &str) -> Option<Trigger> {
    names::trigger_of(word).or_else(|| names::trigger_of(&format!("{word}.csv")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(document: &Value, expected: &[&str]) {
        assert_eq!(of(Trigger::ItemMaster, document), expected, "{document}");
    }

    #[test]
    fn links_of_a_trigger_whatever_the_keys_are() {
        let item = "/api/templates/item-master.csv";
        check(
            &json!({"templates": [{"type": "item-master", "link": "/f/1"}, {"type": "demand", "link": "/f/2"}]}),
            &["/f/1"],
        );
        check(&json!({"item-master": "/f/1", "demand": "/f/2"}), &["/f/1"]);
        check(
            &json!({"Item Master": {"csv": "https://x/1", "xlsx": "https://x/2"}}),
            &["https://x/1", "https://x/2"],
        );
        check(&json!([item, "/api/templates/external-item-master.csv"]), &[item]);
        check(&json!({"a": item, "b": [item]}), &[item]);
        check(&json!({"links": ["/f/1", "/f/2"], "about": "items.txt"}), &["/f/1", "/f/2"]);
        check(&json!({"type": "item-master"}), &[]);
        check(&json!("nothing"), &[]);
    }
}
