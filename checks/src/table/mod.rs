//! One file's rows against what is known of its trigger: finds the header, then judges row by row, keeping no row.
//!
//! Knows no file format. What is wrong goes to the findings; what later files may refer to is given back.

mod body;
mod column;
mod header;
mod keys;
mod references;
mod value;

use std::ops::ControlFlow;

use body::Body;
pub(crate) use body::Learned;
pub(crate) use keys::Repeat;
pub(crate) use references::Known;

use crate::finding::{Code, FileFindings, Place};
use crate::known::Table;
use crate::limits::Limits;
use crate::reading::{DecimalMark, Row};

/// How many rows are looked at for the header; titles and dates above a table take fewer.
const HEADER_ROWS: usize = 10;
/// So many names have to be known before a later row than the first is taken for the header.
const HEADER_NAMES_MIN: usize = 2;

/// What a file is held to.
#[derive(Clone, Copy)]
pub(crate) struct Against<'a> {
    pub(crate) table: &'static Table,
    pub(crate) file: &'a str,
    pub(crate) template: Option<&'a [String]>,
    /// The header names of the key, where a person says them.
    pub(crate) key: Option<&'a [String]>,
    /// What earlier files of the plan hold.
    pub(crate) known: &'a [Known],
    pub(crate) limits: &'a Limits,
    /// Separated text: a row may be cut.
    pub(crate) is_text: bool,
    /// What parts fractions, where a person says it.
    pub(crate) decimal_mark: Option<DecimalMark>,
}

/// Whether a row of so many known names is the header.
const fn has_enough(known_names: usize, is_first: bool) -> bool {
    known_names >= HEADER_NAMES_MIN || (is_first && known_names > 0)
}

/// Whether a row looks like the header of a table; one that is not the first has to look more like it.
pub(crate) fn is_header<'a>(
    table: &Table,
    is_first: bool,
    names: impl Iterator<Item = &'a str>,
) -> bool {
    has_enough(header::known_names(table, None, names), is_first)
}

/// A file that is being read.
pub(crate) struct TableCheck<'a> {
    against: Against<'a>,
    state: State<'a>,
}

enum State<'a> {
    /// No row looked like a header so far.
    Seeking(Vec<Row>),
    Body(Box<Body<'a>>),
}

impl<'a> TableCheck<'a> {
    pub(crate) const fn new(against: Against<'a>) -> Self {
        Self { against, state: State::Seeking(Vec::new()) }
    }

    /// Takes the next row, a blank one too.
    pub(crate) fn row(&mut self, row: &Row, findings: &mut FileFindings) -> ControlFlow<()> {
        match &mut self.state {
            State::Body(body) => body.row(row, findings),
            State::Seeking(_) if row.is_blank() => {}
            State::Seeking(before) => {
                let names = row.cells().map(|cell| cell.text);
                let count = header::known_names(self.against.table, self.against.template, names);
                let is_first = before.is_empty();
                if has_enough(count, is_first) {
                    if let (Some(first), false) = (before.first(), is_first) {
                        let (above, line) = (before.len(), row.line);
                        findings.say(Code::HeaderNotFirst, Place::line(first.line), || {
                            let s = if above == 1 { " stands" } else { "s stand" };
                            format!("{above} row{s} above the header, which is in line {line}")
                        });
                    }
                    self.state = State::Body(Box::new(Body::new(self.against, row, findings)));
                } else {
                    before.push(row.clone());
                    if before.len() >= HEADER_ROWS {
                        self.first_is_header(findings);
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Nothing looked like a header: the first row is one all the same.
    fn first_is_header(&mut self, findings: &mut FileFindings) {
        let State::Seeking(before) = &mut self.state else { return };
        let before = std::mem::take(before);
        let Some((first, others)) = before.split_first() else { return };
        let mut body = Body::new(self.against, first, findings);
        for row in others {
            body.row(row, findings);
        }
        self.state = State::Body(Box::new(body));
    }

    /// What was learnt; `None` where there was not even a header.
    pub(crate) fn finish(mut self, findings: &mut FileFindings) -> Option<Learned> {
        self.first_is_header(findings);
        match self.state {
            State::Body(body) => Some(body.finish(findings)),
            State::Seeking(_) => None,
        }
    }
}
