//! What a workbook unpacks to, before anything of it is opened.
//!
//! Calamine keeps shared texts and styles in memory, and makes room for as many as the file claims; a piece of XML without an end is
//! kept too. This pass counts what is really there and refuses it, piece by piece, in 64 KiB of memory.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Stop;
use crate::finding::Code;
use crate::limits::Limits;

const PIECE_BYTES: usize = 64 << 10;
/// What one text costs beside its bytes: a `String` and what the allocator adds.
const TEXT_BYTES: u64 = 40;
/// How much more memory a style takes than it has bytes of XML.
const STYLE_FACTOR: u64 = 16;
/// Regions of merged cells that are looked at; each is kept.
pub(crate) const MERGED_MAX: usize = 100_000;
/// Parts that no reader of tables parses.
const PICTURES: [&str; 8] = [".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bmp", ".tiff"];

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unpacked {
    /// About how many regions of merged cells there are.
    pub(crate) merged: usize,
    bytes: u64,
    /// Memory that calamine will need, about.
    kept: u64,
}

/// Unpacks every part and keeps none.
pub(crate) fn count(content: impl Read + Seek, limits: &Limits) -> Result<Unpacked, Stop> {
    let mut archive = ZipArchive::new(content).map_err(damaged)?;
    let mut counted = Unpacked::default();
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.to_ascii_lowercase();
        counted.part(part, &name, limits)?;
    }
    Ok(counted)
}

fn damaged(error: ZipError) -> Stop {
    match error {
        ZipError::Io(error) => broken(&error.to_string()),
        error => broken(&error.to_string()),
    }
}

pub(crate) fn broken(why: &str) -> Stop {
    let message = format!("the workbook is damaged or cut off: {why}");
    Stop { code: Code::WorkbookDamaged, line: None, message }
}

impl Unpacked {
    fn part(&mut self, mut part: impl Read, name: &str, limits: &Limits) -> Result<(), Stop> {
        let is_texts = name.ends_with("sharedstrings.xml");
        let is_styles = name.ends_with("styles.xml") || name.contains("workbook.xml");
        let is_sheet = name.contains("worksheets/");
        let is_picture = PICTURES.iter().any(|ending| name.ends_with(ending));
        let mut piece = vec![0; PIECE_BYTES];
        let (mut run, mut is_first) = (0_usize, true);
        loop {
            let length = fill(&mut part, &mut piece).map_err(|error| broken(&error.to_string()))?;
            let bytes = piece.get(..length).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            self.bytes += length as u64;
            if self.bytes > limits.max_unpacked {
                return Err(too_big(limits));
            }
            if is_texts {
                if std::mem::take(&mut is_first) {
                    let room = claimed(bytes)?.saturating_mul(TEXT_BYTES);
                    self.kept = self.kept.saturating_add(room);
                }
                let texts = memchr::memmem::find_iter(bytes, b"<si").count() as u64;
                self.kept = self.kept.saturating_add(length as u64 + texts * TEXT_BYTES);
            } else if is_styles {
                self.kept = self.kept.saturating_add(length as u64 * STYLE_FACTOR);
            } else if is_sheet {
                self.merged += memchr::memmem::find_iter(bytes, b"mergeCell ").count();
            }
            if self.kept > limits.max_texts {
                return Err(too_many_texts(limits));
            }
            if !is_picture {
                run = longest_run(bytes, run, limits)?;
            }
        }
    }
}

/// How many bytes stand at the end without a `<` before them; refuses a run that a reader would have to keep.
fn longest_run(bytes: &[u8], mut run: usize, limits: &Limits) -> Result<usize, Stop> {
    let mut at = 0;
    for begin in memchr::memchr_iter(b'<', bytes) {
        if run + begin - at > limits.max_row_bytes {
            break;
        }
        (run, at) = (0, begin);
    }
    run += bytes.len() - at;
    if run > limits.max_row_bytes {
        let max = limits.max_row_bytes;
        let message = format!(
            "one piece of the workbook's XML has more than {max} bytes, the limit of --max-row-bytes"
        );
        return Err(Stop { code: Code::RowTooBig, line: None, message });
    }
    Ok(run)
}

/// How many texts the table of texts says it has; room for as many is made at once.
fn claimed(begin: &[u8]) -> Result<u64, Stop> {
    if memchr::memmem::find(begin, b"sst").is_none() {
        return Err(broken("the table of texts does not begin"));
    }
    let Some(at) = memchr::memmem::find(begin, b"uniqueCount") else { return Ok(0) };
    let rest = begin.get(at + b"uniqueCount".len()..).unwrap_or_default();
    let digits = rest
        .iter()
        .skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'"' | b'\''));
    let digits: String =
        digits.take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
    // More digits than fit are more texts than fit.
    Ok(if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}

fn too_big(limits: &Limits) -> Stop {
    let max = limits.max_unpacked;
    let message =
        format!("the workbook unpacks to more than {max} bytes, the limit of --max-unpacked");
    Stop { code: Code::UnpackedTooBig, line: None, message }
}

fn too_many_texts(limits: &Limits) -> Stop {
    let max = limits.max_texts;
    let message = format!(
        "the workbook's texts and styles need more than {max} bytes, the limit of --max-texts"
    );
    Stop { code: Code::TextsTooBig, line: None, message }
}

fn fill(part: &mut impl Read, piece: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = piece.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match part.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
