//! Foreign text made fit to be shown and kept: bounded, and without characters that move a cursor.
//!
//! Decides nothing by what a text says.

use std::fmt::Write;

/// Bytes kept of one message: more than any sentence, less than a page of HTML.
pub(super) const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// Characters quoted of a body that is not the documented JSON: enough to tell a proxy's page from Knosc's.
const QUOTE_CHARS_MAX: usize = 200;

/// A run of so many token characters is no word of any language, but may be a JWT: it is not quoted.
const TOKEN_CHARS: usize = 40;

/// The longest start of a text that is at most so many bytes and ends between two characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// A text on one line and at most [`MESSAGE_BYTES_MAX`] long.
pub(super) fn sanitised(text: &str) -> String {
    let plain: String = cut(text, MESSAGE_BYTES_MAX).chars().map(shown).collect();
    cut(plain.trim(), MESSAGE_BYTES_MAX).to_owned()
}

/// The first characters of a body for people, with what may be a token left out.
pub(super) fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..MESSAGE_BYTES_MAX).unwrap_or(body));
    let plain: String = text.chars().map(shown).collect();
    let mut quote = String::new();
    for word in plain.split_inclusive(|c: char| !is_token(c)) {
        let run = word.trim_end_matches(|c: char| !is_token(c));
        if run.len() < TOKEN_CHARS {
            quote.push_str(word);
        } else {
            quote.push('…');
            quote.push_str(word.get(run.len()..).unwrap_or_default());
        }
    }
    let mut line = String::new();
    for word in quote.split_whitespace() {
        let between = if line.is_empty() { "" } else { " " };
        line.extend([between, word]);
    }
    line.chars().take(QUOTE_CHARS_MAX).collect()
}

/// A quote of a body to end a sentence with; empty where there is nothing to quote.
pub(super) fn after_colon(body: &[u8]) -> String {
    let quote = quoted(body);
    if quote.is_empty() { quote } else { format!(": {quote}") }
}

/// A text as a JSON string, quotes included.
pub(super) fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            // Writing to a String does not fail.
            '\0'..' ' => _ = write!(json, "\\u{:04x}", u32::from(c)),
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

/// Space for control characters, and for those that turn the direction of a line.
fn shown(c: char) -> char {
    let turns =
        matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if c.is_control() || turns { ' ' } else { c }
}

const fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '/' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        for (text, bytes_max, expected) in
            [("abc", 2, "ab"), ("abc", 9, "abc"), ("aé", 2, "a"), ("é", 1, ""), ("", 0, "")]
        {
            assert_eq!(cut(text, bytes_max), expected);
        }
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(sanitised("\u{1b}[2Ja\r\nb\u{202E}c\u{85}"), "[2Ja  b c");
        assert_eq!(sanitised(&"é".repeat(9_000)).len(), MESSAGE_BYTES_MAX);
    }

    #[test]
    fn quotes_are_short_and_hold_no_token() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N";
        assert_eq!(quoted(format!("<b>\n token={jwt};").as_bytes()), "<b> …;");
        assert_eq!(quoted("ä ".repeat(5_000).as_bytes()).chars().count(), QUOTE_CHARS_MAX);
        assert_eq!(quoted(b"\xFF\0"), "\u{FFFD}");
    }
}
