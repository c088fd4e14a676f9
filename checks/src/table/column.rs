//! One column while its values pass: what it is taken for, and what shows only in all of its values.

use crate::finding::{Code, FileFindings, Place, Severity, shown};
use crate::known::{Column, Kind, Source};
use crate::limits::Limits;
use crate::reading::{Cell, CellKind, DecimalMark};

use super::value::{self, Problem};

/// Above it a spreadsheet does not keep every digit.
const WHOLE_MAX: f64 = 1e15;

/// A column of the file.
pub(super) struct ColumnCheck {
    known: Option<&'static Column>,
    at: usize,
    is_named: bool,
    zeros: Zeros,
    decimal_mark: Option<DecimalMark>,
    /// How many of its numbers have a point, and how many a comma.
    pub(super) decimals: [u64; 2],
}

/// Numbers of one width, some of which begin with zeros: shorter ones among them lost theirs.
#[derive(Default)]
struct Zeros {
    /// The width of the first value that begins with a zero.
    width: Option<usize>,
    /// Shorter ones without a zero: how many, and the first of them.
    shorter: u64,
    first_shorter: Option<(u64, String)>,
}

impl ColumnCheck {
    pub(super) fn new(
        known: Option<&'static Column>,
        at: usize,
        is_named: bool,
        decimal_mark: Option<DecimalMark>,
    ) -> Self {
        Self { known, at, is_named, zeros: Zeros::default(), decimal_mark, decimals: [0; 2] }
    }

    /// Whether its values name something: a part of the key, or of a reference.
    fn names_something(&self) -> bool {
        self.known.is_some_and(|known| known.in_key || known.reference.is_some())
    }

    /// Judges one value. A row that deletes needs its key alone.
    pub(super) fn value(
        &mut self,
        line: u64,
        cell: Cell<'_>,
        deletes: bool,
        limits: &Limits,
        findings: &mut FileFindings,
    ) {
        let place = Place::cell(line, self.at);
        if cell.is_formula {
            findings.say(Code::CellFormula, place, || {
                format!("the cell is computed; it last came to '{}'", shown(cell.text))
            });
        }
        if cell.kind == CellKind::Error {
            findings.add(Code::CellError, Code::CellError.severity(), place, cell.text, || {
                format!("the cell holds the error {}", cell.text)
            });
            return;
        }
        if cell.is_blank() {
            self.blank(place, deletes, findings);
            return;
        }
        if !self.is_named {
            findings.say(Code::ColumnUnnamed, Place::cell(line, self.at), || {
                format!("'{}' stands in a column without a name", shown(cell.text))
            });
        }
        // Bytes are never fewer than characters, and counted already.
        let is_long = cell.text.len() > limits.max_value_chars
            && cell.text.chars().count() > limits.max_value_chars;
        if is_long {
            let max = limits.max_value_chars;
            findings.say(Code::ValueTooLong, place, || {
                format!("the value has more than {max} characters, the limit of --max-value-chars")
            });
        }
        let names_something = self.names_something();
        if let Some((code, message)) = value::writing(cell.text, names_something) {
            findings.add(code, code.severity(), place, cell.text, || message);
        }
        let Some(known) = self.known else { return };
        if known.kind == Kind::Number && cell.kind != CellKind::Number {
            self.count_decimals(cell.text);
        }
        if let Some((code, message)) = of_kind(known, cell, self.decimal_mark) {
            let severity = match (code, known.source) {
                (Code::ValueUnknown, Source::Assumed) => Severity::Warn,
                _ => code.severity(),
            };
            findings.add(code, severity, place, cell.text, || message);
        } else if let Some((code, message)) = unknown_case(known, cell) {
            findings.add(code, Severity::Warn, place, cell.text, || message);
        }
        if names_something {
            self.zeros.see(line, cell.text);
        }
    }

    /// A number with both has a mark of thousands too: the later one parts its fraction.
    fn count_decimals(&mut self, text: &str) {
        let [points, commas] = &mut self.decimals;
        match text.bytes().rev().find(|byte| matches!(byte, b'.' | b',')) {
            Some(b'.') => *points += 1,
            Some(_) => *commas += 1,
            None => {}
        }
    }

    fn blank(&self, place: Place, deletes: bool, findings: &mut FileFindings) {
        let Some(known) = self.known.filter(|known| known.required) else { return };
        if deletes && !known.in_key {
            return;
        }
        let severity = match known.source {
            Source::Documented => Severity::Deny,
            Source::Assumed => Severity::Warn,
        };
        findings
            .add(Code::ValueMissing, severity, place, "", || format!("{} is missing", known.name));
    }

    /// What shows only now.
    pub(super) fn finish(self, findings: &mut FileFindings) {
        let Zeros { width: Some(width), shorter, first_shorter: Some((line, text)) } = self.zeros
        else {
            return;
        };
        findings.add(Code::ZerosLost, Code::ZerosLost.severity(), Place::cell(line, self.at), &text, || {
            let others = match shorter {
                1 => String::new(),
                count => format!(", as {} more", count - 1),
            };
            format!("'{}' has fewer than {width} digits{others}, and other values of the column begin with zeros", shown(&text))
        });
    }
}

impl Zeros {
    fn see(&mut self, line: u64, text: &str) {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        if text.len() > 1 && text.starts_with('0') {
            self.width.get_or_insert(text.len());
            // What was shorter than a width that was not known yet is judged by its own.
            if self.first_shorter.as_ref().is_some_and(|(_, first)| first.len() >= text.len()) {
                (self.shorter, self.first_shorter) = (0, None);
            }
        } else if self.width.is_none_or(|width| text.len() < width) && text != "0" {
            let is_shortest =
                self.first_shorter.as_ref().is_none_or(|(_, first)| text.len() < first.len());
            self.shorter += 1;
            if is_shortest {
                self.first_shorter = Some((line, text.to_owned()));
            }
        }
    }
}

/// What the column wants and the value is not.
fn of_kind(known: &Column, cell: Cell<'_>, mark: Option<DecimalMark>) -> Option<Problem> {
    match (known.kind, cell.kind) {
        (Kind::Number, CellKind::Number) | (Kind::Date, CellKind::Date) | (Kind::Action, _) => None,
        (Kind::Date, CellKind::Number) => Some(value::number_as_date(cell.text)),
        (Kind::Number, _) if mark == Some(DecimalMark::Comma) => {
            value::number_with_comma(cell.text)
        }
        (Kind::Number, _) => value::number(cell.text),
        (Kind::Date, _) => value::date(cell.text),
        (Kind::Words(words), _) => {
            let text = cell.text.trim();
            let is_known = words.iter().any(|word| word.eq_ignore_ascii_case(text));
            (!is_known).then(|| (Code::ValueUnknown, unknown_word(words, text)))
        }
        (Kind::Text, kind) if known.in_key || known.reference.is_some() => {
            if kind == CellKind::Number
                && cell.text.parse().is_ok_and(|n: f64| n.abs() >= WHOLE_MAX)
            {
                let message =
                    format!("'{}' has more digits than a spreadsheet keeps", shown(cell.text));
                return Some((Code::DigitsLost, message));
            }
            value::is_exponent(cell.text.trim())
                .then(|| (Code::Exponent, format!("'{}' is a shortened number", shown(cell.text))))
        }
        (Kind::Text, _) => None,
    }
}

/// A documented word in other case; whether Knosc minds is not documented.
fn unknown_case(known: &Column, cell: Cell<'_>) -> Option<Problem> {
    let Kind::Words(words) = known.kind else { return None };
    let text = cell.text.trim();
    let is_known = words.contains(&text);
    (!is_known).then(|| (Code::ValueUnknown, unknown_word(words, text)))
}

fn unknown_word(words: &[&str], text: &str) -> String {
    format!("'{}' is none of '{}'", shown(text), words.join("', '"))
}
