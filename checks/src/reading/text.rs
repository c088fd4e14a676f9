//! A CSV file: what it is written in, and its rows.
//!
//! Says what is odd about the writing; judges no column and no value.

use std::io::{Read as _, SeekFrom};
use std::ops::ControlFlow;

use encoding_rs::UTF_8;

use super::decode::Decoded;
use super::records::{Quotes, Records};
use super::row::Row;
use super::survey::{Survey, survey};
use super::{Content, Reading, ReadingOptions, Stop, Writing, delimiter};
use crate::finding::{Code, FileFindings, Place};
use crate::limits::Limits;

/// How much of a file is looked at for its encoding where only its first rows matter.
const BEGIN_BYTES: u64 = 64 << 10;

/// Reads every row.
pub(crate) fn read(
    content: &mut dyn Content,
    options: &ReadingOptions,
    limits: &Limits,
    findings: &mut FileFindings,
    row_seen: &mut dyn FnMut(&Row, &mut FileFindings) -> ControlFlow<()>,
) -> Result<Reading, Stop> {
    content.seek(SeekFrom::Start(0))?;
    let survey = if options.begin_only {
        survey((&mut *content).take(BEGIN_BYTES), options.encoding)?
    } else {
        survey(&mut *content, options.encoding)?
    };
    if survey.size == 0 {
        let message = "the file has not one byte".to_owned();
        return Err(Stop { code: Code::FileEmpty, line: None, message });
    }
    let head = survey.head.get(survey.mark..).unwrap_or_default();
    let (head, _) = survey.encoding.decode_without_bom_handling(head);
    let delimiter = delimiter::find(&head, options.delimiter);
    written_in(&survey, &delimiter, findings);
    content.seek(SeekFrom::Start(survey.mark as u64))?;
    let mut records = Records::new(Decoded::new(content, survey.encoding), delimiter.byte, *limits);
    let mut row = Row::default();
    let blank = Row::default();
    let mut flow = ControlFlow::Continue(());
    while let Some((blank_lines, quotes)) = records.next(&mut row)? {
        if row.line == 1 && row.cell(0).is_some_and(|cell| cell.text.starts_with("sep=")) {
            findings.say(Code::SeparatorLine, Place::line(1), || {
                "'sep=' stands before the header".to_owned()
            });
            continue;
        }
        quoted(quotes, row.line, findings);
        for _ in 0..blank_lines {
            flow = flow_on(flow, || row_seen(&blank, findings));
        }
        flow = flow_on(flow, || row_seen(&row, findings));
        if flow.is_break() {
            break;
        }
    }
    if records.had_errors() {
        let name = survey.encoding.name();
        findings.say(Code::EncodingInvalid, Place::NOWHERE, || {
            format!("some bytes are no text in {name}; where they stood, a cell now holds \u{FFFD}")
        });
    }
    if records.line_ends.are_mixed() {
        let text = records.line_ends.text();
        findings.say(Code::LineEndsMixed, Place::NOWHERE, || format!("lines end with {text}"));
    }
    Ok(Reading::Text(Writing {
        encoding: survey.encoding.name(),
        encoding_evidence: survey.evidence,
        delimiter: delimiter.byte,
        delimiter_evidence: delimiter.evidence,
        line_ends: records.line_ends.text(),
        // Which columns hold numbers is known to whoever reads the rows.
        decimal_mark: None,
        decimal_mark_evidence: String::new(),
    }))
}

fn flow_on(before: ControlFlow<()>, next: impl FnOnce() -> ControlFlow<()>) -> ControlFlow<()> {
    if before.is_break() { before } else { next() }
}

fn written_in(survey: &Survey, delimiter: &delimiter::Delimiter, findings: &mut FileFindings) {
    if let Some(line) = survey.nul_line {
        findings.say(Code::NulBytes, Place::line(line), || {
            "NUL bytes stand here, which are no text".to_owned()
        });
    }
    if survey.encoding != UTF_8 {
        let (name, evidence) = (survey.encoding.name(), &survey.evidence);
        findings.say(Code::Encoding, Place::NOWHERE, || {
            format!("the text is {name} and not UTF-8: {evidence}")
        });
    } else if survey.mark > 0 {
        findings.say(Code::ByteOrderMark, Place::line(1), || {
            "a byte order mark stands before the first column's name".to_owned()
        });
    }
    if delimiter.byte != b',' {
        let (name, evidence) = (delimiter::name(delimiter.byte), &delimiter.evidence);
        findings.say(Code::Delimiter, Place::NOWHERE, || {
            format!("values are parted by {name} and not by ',': {evidence}")
        });
    }
}

fn quoted(quotes: Quotes, line: u64, findings: &mut FileFindings) {
    match quotes {
        Quotes::Paired => {}
        Quotes::Stray => findings.say(Code::QuoteStray, Place::line(line), || {
            "the row has a quote without its partner".to_owned()
        }),
        Quotes::Unclosed => findings.say(Code::QuoteUnclosed, Place::line(line), || {
            "a quote in this row is never closed: everything behind it is one value".to_owned()
        }),
    }
}
