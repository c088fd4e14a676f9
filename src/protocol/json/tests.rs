//! The reader against `serde_json`: what is JSON there is JSON here, with the same values, and what is cut is seen to be.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::super::value::{Fields, Value};
use super::{Json, JsonError};

/// Any JSON, as text.
fn documents() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<u64>().prop_map(|count| count.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::json!(number).to_string()),
        texts(),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" ,\n"))),
            prop::collection::vec((texts(), inner), 0..4).prop_map(|fields| {
                let fields: Vec<String> =
                    fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", fields.join(", "))
            }),
        ]
    })
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "(a|b)".prop_map(|text| serde_json::json!(text).to_string()),
        any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
        Just(r#""\ud83d\ude00 \/ \u00e9""#.to_owned()),
    ]
}

/// Pieces put together anyhow: mostly no JSON, and often nearly.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\", "\\u00", "\\ud800", "\\udc00", "0", "1",
        "-", ".", "e", "+", "5", "true", "nul", "l", " ", "\n", "\u{1}", "é", "{\"a\":", "[1,",
    ]);
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

fn skips(text: &[u8]) -> Result<(), JsonError> {
    let mut json = Json::of(text);
    json.skip().and_then(|()| json.end())
}

/// What `serde_json` has of a field, as [`Value`].
fn expected(value: &serde_json::Value) -> Option<Value> {
    Some(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Number(number) => Value::Count(number.as_u64()?),
        _ => return None,
    })
}

fn same_fields(text: &str) {
    let theirs: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let ours = Fields::of(text.as_bytes());
    for (key, theirs) in theirs.as_object().into_iter().flatten() {
        let ours = ours.get(key).unwrap();
        match expected(theirs) {
            Some(expected) => assert_eq!(*ours, expected, "{text}"),
            None => assert!(matches!(ours, Value::Other(_)), "{text}: {ours:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_read_alike(text in documents()) {
        prop_assert_eq!(skips(text.as_bytes()), Ok(()));
        same_fields(&text);
    }

    #[test]
    fn what_is_cut_is_seen_to_be(text in documents(), at in any::<prop::sample::Index>()) {
        let start = &text.as_bytes()[..at.index(text.len())];
        // A number is one at its every digit.
        if text.starts_with(['{', '[', '"', 'n', 't']) {
            prop_assert_eq!(skips(start), Err(JsonError::Cut));
        }
    }

    #[test]
    fn what_is_no_json_is_none(text in pieces()) {
        let theirs = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(skips(text.as_bytes()).is_ok(), theirs, "{}", text);
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            same_fields(&text);
        }
    }
}

#[test]
fn other_values_keep_their_json() {
    let fields = Fields::of(br#"{"a": [1, {"b" :2}], "c": -1.50, "d": false}"#);
    for (key, json) in [("a", r#"[1, {"b" :2}]"#), ("c", "-1.50"), ("d", "false")] {
        assert_eq!(fields.get(key), Some(&Value::Other(json.to_owned())));
    }
}

#[test]
fn deep_values_are_skipped() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(skips(deep.as_bytes()), Ok(()));
    assert_eq!(skips(&deep.as_bytes()[..150_000]), Err(JsonError::Cut));
}
