//! The findings of one file while they are made: a few of each code and column are kept, the others are counted.
//!
//! A file of a million bad rows costs no more memory than one of ten.

use std::collections::HashMap;

use super::{Code, Finding, Severity};

/// Where something is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The line or row, from 1.
    pub(crate) line: Option<u64>,
    /// The column, from 0.
    pub(crate) column: Option<usize>,
}

impl Place {
    pub(crate) const NOWHERE: Self = Self { line: None, column: None };

    pub(crate) const fn line(line: u64) -> Self {
        Self { line: Some(line), column: None }
    }

    pub(crate) const fn cell(line: u64, column: usize) -> Self {
        Self { line: Some(line), column: Some(column) }
    }
}

struct Counter {
    count: u64,
    /// Where in the list the last one is that was kept.
    last: usize,
}

/// The findings of one file.
pub(crate) struct FileFindings {
    file: String,
    /// The sheet that is being read; set before the rows.
    pub(crate) sheet: Option<String>,
    /// The header, once it is known.
    pub(crate) header: Vec<String>,
    samples: u64,
    counters: HashMap<(Code, Option<usize>), Counter>,
    list: Vec<Finding>,
}

impl FileFindings {
    pub(crate) fn new(file: &str, samples: u64) -> Self {
        let file = file.to_owned();
        let (counters, list) = (HashMap::new(), Vec::new());
        Self { file, sheet: None, header: Vec::new(), samples, counters, list }
    }

    /// Adds one; the text is made only if it is kept.
    pub(crate) fn add(
        &mut self,
        code: Code,
        severity: Severity,
        place: Place,
        key: &str,
        message: impl FnOnce() -> String,
    ) {
        let at = self.list.len();
        let counter =
            self.counters.entry((code, place.column)).or_insert(Counter { count: 0, last: at });
        counter.count += 1;
        if counter.count > self.samples {
            if let Some(last) = self.list.get_mut(counter.last) {
                last.more += 1;
            }
            return;
        }
        counter.last = at;
        let cell = match (&self.sheet, place.line, place.column) {
            (Some(_), Some(line), Some(column)) => Some(format!("{}{line}", letters(column))),
            _ => None,
        };
        let column = place.column.and_then(|column| self.header.get(column));
        self.list.push(Finding {
            code,
            severity,
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            line: place.line,
            cell,
            column: column.filter(|name| !name.is_empty()).cloned(),
            key: (!key.is_empty()).then(|| shown(key)),
            message: message(),
            more: 0,
        });
    }

    /// Adds one that is as heavy as its code.
    pub(crate) fn say(&mut self, code: Code, place: Place, message: impl FnOnce() -> String) {
        self.add(code, code.severity(), place, "", message);
    }

    /// The list, the heaviest first, else in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        let order = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.line);
        self.list.sort_by_key(order);
        self.list
    }
}

/// How much of a value is shown: a line of a terminal has room for it.
const SHOWN_CHARS: usize = 60;

/// A value as it is shown: short, and what nobody sees is spelt out.
pub(crate) fn shown(value: &str) -> String {
    let mut text = String::new();
    for (at, c) in value.chars().enumerate() {
        if at == SHOWN_CHARS {
            text.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) {
            text.extend(c.escape_unicode());
        } else {
            text.push(c);
        }
    }
    text
}

/// Whether a character takes no room or looks like another one: marks of order and width, and blanks that are no blank.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{A0}' | '\u{AD}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}' | '\u{2060}'..='\u{206F}' | '\u{3000}' | '\u{FEFF}')
}

/// A column's letters, `A` for 0 and `AA` for 26.
pub(crate) fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        let check = |column, expected: &str| assert_eq!(letters(column), expected);
        check(0, "A");
        check(25, "Z");
        check(26, "AA");
        check(701, "ZZ");
        check(702, "AAA");
        check(16_383, "XFD");
    }

    #[test]
    fn a_few_are_kept_and_the_others_counted() {
        let mut findings = FileFindings::new("a.csv", 2);
        for line in 1..=10 {
            findings.say(Code::Exponent, Place::cell(line, 0), || "x".into());
        }
        findings.say(Code::Exponent, Place::cell(3, 1), || "y".into());
        let list = findings.finish();
        let found: Vec<_> = list.iter().map(|one| (one.line, one.more)).collect();
        assert_eq!(found, [(Some(1), 0), (Some(2), 8), (Some(3), 0)]);
    }

    #[test]
    fn what_nobody_sees_is_spelt_out() {
        assert_eq!(shown("a\u{A0}b\u{0}"), "a\\u{a0}b\\u{0}");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 61);
    }
}
