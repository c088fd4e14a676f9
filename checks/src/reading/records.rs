//! Rows of separated text, each with the line where it begins.
//!
//! The buffers are as large as the longest row, and no larger than the limits say: an endless line is refused, not read.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader};

use super::Stop;
use super::decode::Decoded;
use super::row::Row;
use crate::finding::Code;
use crate::limits::Limits;

/// How rows ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEnds {
    pub(crate) lf: u64,
    pub(crate) crlf: u64,
    pub(crate) cr: u64,
}

impl LineEnds {
    /// For people: `CRLF`, or what there is of each.
    pub(crate) fn text(self) -> String {
        let all = [("LF", self.lf), ("CRLF", self.crlf), ("CR", self.cr)];
        let used: Vec<_> = all.into_iter().filter(|(_, count)| *count > 0).collect();
        match used.as_slice() {
            [] => "none".to_owned(),
            [(name, _)] => (*name).to_owned(),
            several => {
                let parts = several.iter().map(|(name, count)| format!("{name} ({count})"));
                parts.collect::<Vec<_>>().join(", ")
            }
        }
    }

    pub(crate) fn are_mixed(self) -> bool {
        [self.lf, self.crlf, self.cr].iter().filter(|count| **count > 0).count() > 1
    }
}

/// What was odd about the quotes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    Paired,
    Stray,
    Unclosed,
}

pub(crate) struct Records<R> {
    input: Decoded<R>,
    core: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    /// The row before ended with a CR, to which an LF may belong.
    is_after_cr: bool,
    /// Line ends that nothing stood before.
    blank_lines: u64,
    limits: Limits,
    pub(crate) line_ends: LineEnds,
}

/// Bytes and columns that a row has room for at first.
const FIRST_ROOM: (usize, usize) = (4 << 10, 64);

impl<R: Read> Records<R> {
    pub(crate) fn new(input: Decoded<R>, delimiter: u8, limits: Limits) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        let (text, ends) = (vec![0; FIRST_ROOM.0], vec![0; FIRST_ROOM.1]);
        let line_ends = LineEnds::default();
        Self {
            input,
            core,
            text,
            ends,
            line: 1,
            is_after_cr: false,
            blank_lines: 0,
            limits,
            line_ends,
        }
    }

    pub(crate) const fn had_errors(&self) -> bool {
        self.input.had_errors
    }

    /// Reads the next row that has a character in it; `None` at the end. Gives the blank lines before it.
    pub(crate) fn next(&mut self, row: &mut Row) -> Result<Option<(u64, Quotes)>, Stop> {
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        let blank_lines = std::mem::take(&mut self.blank_lines);
        let begin = self.line;
        let (mut length, mut columns, mut quotes) = (0, 0, 0);
        let (last, is_end) = loop {
            let input = self.input.fill()?;
            let is_end = input.is_empty();
            let room = self.text.get_mut(length..).unwrap_or_default();
            let ends = self.ends.get_mut(columns..).unwrap_or_default();
            let (result, read, written, found) = self.core.read_record(input, room, ends);
            let used = input.get(..read).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', used).count() as u64;
            quotes += memchr::memchr_iter(b'"', used).count();
            let last = used.last().copied();
            self.input.consume(read);
            length += written;
            columns += found;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.more_text(begin)?,
                ReadRecordResult::OutputEndsFull => self.more_columns(begin)?,
                ReadRecordResult::Record | ReadRecordResult::End => break (last, is_end),
            }
        };
        self.end_of_row(last.filter(|_| !is_end));
        self.give(row, begin, length, columns);
        let quotes = match (quotes % 2, is_end) {
            (0, _) => Quotes::Paired,
            (_, false) => Quotes::Stray,
            (_, true) => Quotes::Unclosed,
        };
        Ok(Some((blank_lines, quotes)))
    }

    /// Whether there is something behind the line ends.
    fn skip_line_ends(&mut self) -> Result<bool, Stop> {
        loop {
            let Some(byte) = self.input.fill()?.first().copied() else {
                self.line_ends.cr += u64::from(std::mem::take(&mut self.is_after_cr));
                return Ok(false);
            };
            if std::mem::take(&mut self.is_after_cr) {
                self.line += 1;
                if byte == b'\n' {
                    self.line_ends.crlf += 1;
                    self.input.consume(1);
                    continue;
                }
                self.line_ends.cr += 1;
            }
            match byte {
                b'\n' => self.line += 1,
                b'\r' => self.is_after_cr = true,
                _ => return Ok(true),
            }
            self.blank_lines += 1;
            self.input.consume(1);
        }
    }

    fn end_of_row(&mut self, last: Option<u8>) {
        match last {
            Some(b'\n') => self.line_ends.lf += 1,
            Some(b'\r') => self.is_after_cr = true,
            _ => {}
        }
    }

    fn give(&self, row: &mut Row, line: u64, length: usize, columns: usize) {
        let text = self.text.get(..length).unwrap_or_default();
        let ends = self.ends.get(..columns).unwrap_or_default();
        row.clear(line);
        match std::str::from_utf8(text) {
            Ok(text) => row.fill(text, ends),
            // The decoder gives UTF-8 alone, and rows are parted at ASCII: not reached, and no reason to stop.
            Err(_) => row.fill(&String::from_utf8_lossy(text), ends),
        }
    }

    fn more_text(&mut self, line: u64) -> Result<(), Stop> {
        let max = self.limits.max_row_bytes;
        if self.text.len() >= max {
            let message = format!(
                "the row that begins here has more than {max} bytes, the limit of --max-row-bytes"
            );
            return Err(Stop { code: Code::RowTooBig, line: Some(line), message });
        }
        self.text.resize((self.text.len() * 2).min(max), 0);
        Ok(())
    }

    fn more_columns(&mut self, line: u64) -> Result<(), Stop> {
        let max = self.limits.max_columns;
        if self.ends.len() >= max {
            let message =
                format!("the row has more than {max} columns, the limit of --max-columns");
            return Err(Stop { code: Code::ColumnsTooMany, line: Some(line), message });
        }
        self.ends.resize((self.ends.len() * 2).min(max), 0);
        Ok(())
    }
}
