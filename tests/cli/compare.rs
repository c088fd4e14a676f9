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
    let text = after(&text, "-upload-", |c| c.is_ascii_alphanumeric(), "ID");
    let text = after(&text, "\"run_id\":\"", |c| c != '"', "RUN");
    let text = after(&text, "\"ts\":\"", |c| c != '"', "TIME");
    let text = after(&text, "\"completed_at\":\"", |c| c != '"', "TIME");
    after(&text, " sent, ", |c| c != '/', "RATE")
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
    let text = "http://127.0.0.1:4711 a-upload-1f2e: {\"ts\":\"2026\",\"seq\":1}";
    let expected = "[URL] a-upload-ID: {\"ts\":\"TIME\",\"seq\":1}";
    assert_eq!(normalise(text, "http://127.0.0.1:4711", &[]), expected);
}
