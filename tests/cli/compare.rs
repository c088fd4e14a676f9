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
    let mut text = run_ids(&text);
    for (mark, form, name) in VARYING {
        text = after(&text, mark, form, name);
    }
    text
}

/// How many bytes at the start of a text have one form; none if it begins with something else.
type Form = fn(&str) -> Option<usize>;

/// What differs from run to run, by the text before it. A form never reaches beyond its own value: help pages and prose have the same
/// marks, and what comes after them has to stay.
const VARYING: [(&str, Form, &str); 9] = [
    ("RUN  ", time, "TIME"),
    ("-upload-", id, "ID"),
    ("\"run_id\":\"", run_id, "RUN"),
    ("\"ts\":\"", time, "TIME"),
    ("\"completed_at\":\"", time, "TIME"),
    ("\"computed_ms\":", digits, "MS"),
    ("\"took_ms\":", digits, "MS"),
    ("'s clock is ", digits, "SECONDS"),
    (" sent, ", rate, "RATE/s"),
];

fn digits(text: &str) -> Option<usize> {
    leading(text, |c| c.is_ascii_digit())
}

fn id(text: &str) -> Option<usize> {
    leading(text, |c| c.is_ascii_alphanumeric())
}

/// A run's id, part of which may stand for itself already.
fn run_id(text: &str) -> Option<usize> {
    leading(text, |c| c.is_ascii_alphanumeric() || c == '-')
}

/// `2024-06-01T08:45:22.123Z`, or another time that begins with a date.
fn time(text: &str) -> Option<usize> {
    const DATE: &[u8] = b"dddd-dd-dd";
    let is_date = fits(text.as_bytes().get(..DATE.len())?, DATE);
    let rest = text.get(DATE.len()..)?;
    let clock = leading(rest, |c| c.is_ascii_digit() || "T:.Z+-".contains(c));
    is_date.then(|| DATE.len() + clock.unwrap_or(0))
}

/// `1.2 MB/s`.
fn rate(text: &str) -> Option<usize> {
    let number = leading(text, |c| c.is_ascii_digit() || c == '.' || c == ',')?;
    let rest = text[number..].strip_prefix(' ')?;
    let unit = leading(rest, |c| c.is_ascii_alphabetic())?;
    let is_rate = rest[unit..].starts_with("/s") && rest[..unit].ends_with('B');
    is_rate.then_some(number + " ".len() + unit + "/s".len())
}

/// How long the text goes on with characters of one kind; none if not at all.
fn leading(text: &str, kind: impl Fn(char) -> bool) -> Option<usize> {
    let length = text.len() - text.trim_start_matches(kind).len();
    (length > 0).then_some(length)
}

/// Replaces ids of runs, `20240601-084522-k3f7`.
fn run_ids(text: &str) -> String {
    const FORM: &[u8] = b"dddddddd-dddddd-xxxx";
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.as_bytes().windows(FORM.len()).position(|window| fits(window, FORM)) {
        result += &rest[..at];
        result += "RUN";
        rest = &rest[at + FORM.len()..];
    }
    result + rest
}

/// Whether the bytes have a form: `d` stands for a digit, `x` for a digit or a small letter, anything else for itself.
fn fits(bytes: &[u8], form: &[u8]) -> bool {
    form.iter().zip(bytes).all(|(form, byte)| match form {
        b'd' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
        other => byte == other,
    })
}

/// Replaces what comes after a mark if it has the form, and nothing else.
fn after(text: &str, mark: &str, form: Form, name: &str) -> String {
    let mut parts = text.split(mark);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result += mark;
        match form(part) {
            Some(length) => {
                result += name;
                result += &part[length..];
            }
            None => result += part,
        }
    }
    result
}

#[test]
fn ids_ports_and_times() {
    assert_eq!(run_ids("é 20240601-084522-k3f7, 20240601"), "é RUN, 20240601");
    let text =
        "http://127.0.0.1:4711 a-upload-1f2e: {\"ts\":\"2026-11-30T20:00:00.000Z\",\"seq\":1}";
    let expected = "[URL] a-upload-ID: {\"ts\":\"TIME\",\"seq\":1}";
    assert_eq!(normalise(text, "http://127.0.0.1:4711", &[]), expected);
}

#[test]
fn rates_go_and_the_text_around_stays() {
    for rate in ["0 B/s", "230 B/s", "5.5 kB/s", "1.2 MB/s", "3.4 GB/s", "1,024 B/s"] {
        let text = format!("a.csv: 2 B of 2 B sent, {rate}, b.csv: 3 B of 3 B sent, {rate}\n");
        let expected = "a.csv: 2 B of 2 B sent, RATE/s, b.csv: 3 B of 3 B sent, RATE/s\n";
        assert_eq!(normalise(&text, "http://no.example", &[]), expected);
    }
}

/// Each has a mark, and something else after it.
#[test]
fn help_pages_stay_whole() {
    let pages = "\
  plan       Show what would be sent, in which order; sends nothing
  upload     One file to one trigger, once sent, 3 times asked for
Usage: knosc-runner plan [OPTIONS] --base-url https://acme.knosc.com
  runs show RUN  shows one run; runs show RUN           has what the pipeline wrote
  each with \"ts\":\"…\", \"run_id\":null, \"took_ms\":null; the server's clock is right; an-upload-
";
    assert_eq!(normalise(pages, "http://no.example", &[]), pages);
}
