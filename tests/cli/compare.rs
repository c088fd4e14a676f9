//! Output without what differs from run to run: ports, folders, ids, times, rates.
//!
//! Text in, text out.

use std::path::Path;

/// Replaces what differs; `folders` are paths and the names that stand for them.
pub(crate) fn normalise(text: &str, url: &str, folders: &[(&Path, &str)]) -> String {
    let mut text = text.replace(url, "[URL]");
    text = text.replace(url.trim_start_matches("http://"), "[HOST]");
    text = text.replace(&url.trim_start_matches("http://").replace(':', "_"), "[HOST]");
    for (path, name) in folders {
        text = text.replace(&path.display().to_string(), name);
    }
    let text = after(&run_ids(&text), "RUN  ", |c| c != ' ', "TIME");
    let text = after(&text, "-upload-", |c| c.is_ascii_alphanumeric(), "ID");
    let text = after(&text, "\"run_id\":\"", |c| c != '"', "RUN");
    let text = after(&text, "\"ts\":\"", |c| c != '"', "TIME");
    let text = after(&text, "\"completed_at\":\"", |c| c != '"', "TIME");
    let text = after(&text, "\"computed_ms\":", |c| c.is_ascii_digit(), "MS");
    let text = after(&text, "\"took_ms\":", |c| c.is_ascii_digit(), "MS");
    let text = after(&text, "'s clock is ", |c| c.is_ascii_digit(), "SECONDS");
    after(&text, " sent, ", |c| c != '/', "RATE")
}

/// Replaces ids of runs, `20240601-084522-k3f7`.
fn run_ids(text: &str) -> String {
    const FORM: &[u8] = b"dddddddd-dddddd-xxxx";
    let fits = |window: &[u8]| {
        FORM.iter().zip(window).all(|(form, byte)| match form {
            b'd' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            other => byte == other,
        })
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.as_bytes().windows(FORM.len()).position(fits) {
        result += &rest[..at];
        result += "RUN";
        rest = &rest[at + FORM.len()..];
    }
    result + rest
}

/// Replaces what follows a mark, as long as its characters are of one kind.
fn after(text: &str, mark: &str, kind: impl Fn(char) -> bool, name: &str) -> String {
    let mut parts = text.split(mark);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result += mark;
        result += name;
        result += part.trim_start_matches(&kind);
    }
    result
}

#[test]
fn ids_ports_and_times() {
    assert_eq!(run_ids("é 20240601-084522-k3f7, 20240601"), "é RUN, 20240601");
    let text = "http://127.0.0.1:4711 a-upload-1f2e: {\"ts\":\"2026\",\"seq\":1}";
    let expected = "[URL] a-upload-ID: {\"ts\":\"TIME\",\"seq\":1}";
    assert_eq!(normalise(text, "http://127.0.0.1:4711", &[]), expected);
}
