//! One value: what a spreadsheet or an encoding made of it.
//!
//! Pure questions about a text; what a column wants is asked elsewhere.

use knosc_bulk_import::calendar;

use crate::finding::{Code, is_invisible, shown};

/// What is wrong with a value.
pub(crate) type Problem = (Code, String);

/// What nobody sees, and what was read in the wrong encoding. Most values are plain, and done with at once.
pub(crate) fn writing(text: &str, is_key: bool) -> Option<Problem> {
    let bytes = text.as_bytes();
    let is_plain = bytes.iter().all(|byte| (0x20..0x7F).contains(byte));
    let is_blank_around = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
    if is_plain && !is_blank_around {
        return None;
    }
    if let Some(c) = text.chars().find(|c| is_unseen(*c, is_key)) {
        let message = format!("'{}' holds {}, which nobody sees", shown(text), c.escape_unicode());
        return Some((Code::Invisible, message));
    }
    if !is_plain && is_garbled(text) {
        let message = format!("'{}' lost letters, or was read in the wrong encoding", shown(text));
        return Some((Code::Garbled, message));
    }
    (text.trim() != text)
        .then(|| (Code::SpaceAround, format!("'{}' has blanks around it", shown(text))))
}

/// Line breaks and tabs belong to descriptions, and to no key.
fn is_unseen(c: char, is_key: bool) -> bool {
    match c {
        '\n' | '\r' | '\t' => is_key,
        c => c.is_control() || is_invisible(c),
    }
}

/// U+FFFD, or UTF-8 that was read as Windows-1252 and written again: `Ã¼`, `â€“`.
fn is_garbled(text: &str) -> bool {
    let pairs = text.chars().zip(text.chars().skip(1));
    text.contains('\u{FFFD}')
        || pairs.into_iter().any(|pair| {
            matches!(
                pair,
                ('Ã' | 'Â', '\u{80}'..='\u{BF}') | ('â', '€') | ('Ã', 'Ÿ' | '„' | '–' | 'œ')
            )
        })
}

/// A number with a point.
pub(crate) fn number(text: &str) -> Option<Problem> {
    let text = text.trim();
    if is_plain_number(text) {
        return None;
    }
    if is_exponent(text) {
        return Some((Code::Exponent, format!("'{}' is a shortened number", shown(text))));
    }
    let digits = text.trim_start_matches(['-', '+']);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.'));
    if is_number && digits.contains(',') && digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return Some((Code::DecimalComma, format!("'{}' has a comma", shown(text))));
    }
    Some((Code::NumberForm, format!("'{}' is no number", shown(text))))
}

/// The same where a person says that a comma parts fractions: `1,5` and `1.234,50` are numbers, and `1.5` is none.
pub(crate) fn number_with_comma(text: &str) -> Option<Problem> {
    let text = text.trim();
    let (whole, fraction) = text.split_once(',').unwrap_or((text, "0"));
    let mut groups = whole.split('.');
    let are_grouped = groups.next().is_some() && groups.all(|group| group.len() == 3);
    let is_plain = is_plain_number(&format!("{}.{fraction}", whole.replace('.', "")));
    if are_grouped && is_plain {
        return None;
    }
    if is_exponent(&text.replace(',', ".")) {
        return Some((Code::Exponent, format!("'{}' is a shortened number", shown(text))));
    }
    Some((Code::NumberForm, format!("'{}' is no number with a decimal comma", shown(text))))
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let are_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, fraction)) => (whole.is_empty() || are_digits(whole)) && are_digits(fraction),
        None => are_digits(digits),
    }
}

/// `1.23457E+11`; a sign is asked for, because `12E5` may be the name of something.
pub(crate) fn is_exponent(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['e', 'E']) else { return false };
    let power = power.strip_prefix(['+', '-']);
    is_plain_number(number)
        && power.is_some_and(|power| !power.is_empty() && power.bytes().all(|b| b.is_ascii_digit()))
}

/// Days that a spreadsheet may mean: 1954 to 2119. Other numbers are none.
const SERIAL_DAYS: std::ops::RangeInclusive<i64> = 20_000..=80_000;

/// A day, `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Option<Problem> {
    let text = text.trim();
    if is_date(text) {
        return None;
    }
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    if let Some(day) = whole.parse().ok().filter(|day| SERIAL_DAYS.contains(day)) {
        return Some((Code::DateSerial, serial(text, day)));
    }
    Some((Code::DateForm, format!("'{}' is not written as YYYY-MM-DD", shown(text))))
}

/// A number in a column of dates, from a cell that is not formatted as a date.
pub(crate) fn number_as_date(text: &str) -> Problem {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    match whole.parse().ok().filter(|day| SERIAL_DAYS.contains(day)) {
        Some(day) => (Code::DateSerial, serial(text, day)),
        None => (Code::DateForm, format!("'{}' is a number and no date", shown(text))),
    }
}

fn serial(text: &str, day: i64) -> String {
    // Day 0 of spreadsheets is 1899-12-30, 25,569 days before 1970-01-01.
    let (year, month, day) = calendar::date(day - 25_569);
    format!("'{}' is a date as spreadsheets count it, {year:04}-{month:02}-{day:02}", shown(text))
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_form = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_form {
        return false;
    }
    let part = |range| text.get(range).and_then(|part: &str| part.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "shorter at every call")]
    fn check(found: Option<Problem>, expected: Option<Code>) {
        assert_eq!(found.as_ref().map(|(code, _)| *code), expected, "{found:?}");
    }

    #[test]
    fn numbers() {
        for text in ["0", "-1", "+2.5", "007", "1.0", ".5", " 3 "] {
            check(number(text), None);
        }
        for right in ["5", "-5", "1,5", "1.234", "1.234,50", "-1.234.567,5", ",5"] {
            check(number_with_comma(right), None);
        }
        for wrong in ["1.5", "1.23,4", "1,2,3", "1,", "x", "1 kg"] {
            check(number_with_comma(wrong), Some(Code::NumberForm));
        }
        check(number_with_comma("1,2E+10"), Some(Code::Exponent));
        check(number("1,5"), Some(Code::DecimalComma));
        check(number("1.234,50"), Some(Code::DecimalComma));
        check(number("1.2E+10"), Some(Code::Exponent));
        for text in ["", "x", "1.2.3", "1 000", "5 kg", "-", ".", "NaN", "inf", "0x10", ","] {
            check(number(text), Some(Code::NumberForm));
        }
    }

    #[test]
    fn dates() {
        for text in ["2026-01-05", "2024-02-29", "2000-02-29"] {
            check(date(text), None);
        }
        for text in ["05.01.2026", "1/5/2026", "2026-1-5", "2026-02-30", "1900-02-29", "soon", "7"]
        {
            check(date(text), Some(Code::DateForm));
        }
        let (code, message) = date("46027").unwrap();
        assert_eq!((code, message.contains("2026-01-05")), (Code::DateSerial, true), "{message}");
        let (_, message) = date("45351.5").unwrap();
        assert!(message.contains("2024-02-29"), "{message}");
    }

    #[test]
    fn writing_that_nobody_sees() {
        for text in ["", "FG-1", "Größe", "Teil 5 / b", "日本"] {
            check(writing(text, true), None);
        }
        check(writing("FG\u{A0}1", true), Some(Code::Invisible));
        check(writing("FG-1\u{200B}", true), Some(Code::Invisible));
        check(writing("a\nb", false), None);
        check(writing("a\nb", true), Some(Code::Invisible));
        check(writing("a\0b", false), Some(Code::Invisible));
        check(writing(" FG-1", true), Some(Code::SpaceAround));
        check(writing("Gr\u{C3}\u{B6}\u{C3}\u{9F}e", false), Some(Code::Invisible));
        check(writing("GrÃ¶sse", false), Some(Code::Garbled));
        check(writing("Gr\u{FFFD}sse", false), Some(Code::Garbled));
    }

    #[test]
    fn exponents_have_a_sign() {
        for (text, expected) in
            [("1.2E+10", true), ("1e-5", true), ("12E5", false), ("E+5", false), ("1E+", false)]
        {
            assert_eq!(is_exponent(text), expected, "{text}");
        }
    }
}
