//! Whether a write-ahead log follows the file that it lies next to. `SQLite` checks a log in itself, and puts the log of today over a
//! file of yesterday.
//!
//! Reads the bytes of both; changes nothing. The row of the generation is on a page of its own: the first count in the log may be one
//! more than that in the file, since a file holds all that was in the log before.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// What the row of the count begins with. The count follows, of a fixed number of digits.
pub(super) const MARK: &str = "generation ";
pub(super) const DIGITS: usize = 20;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Whether the log may be put over the file. `page` is the one of the count's row, from 1.
///
/// # Errors
/// The file system's.
pub(super) fn follows(journal: &Path, page: u32, page_bytes: usize) -> io::Result<bool> {
    // A log that grows meanwhile keeps its first frames, and a file that is written to only comes nearer.
    let Some(first) = in_log(&journal.with_extension("db-wal"), page, page_bytes, true)? else {
        return Ok(true);
    };
    let in_file = in_file(journal, page, page_bytes)?.unwrap_or(0);
    Ok(first <= in_file.saturating_add(1))
}

/// The count in the file itself; none where its row is not there yet.
pub(super) fn in_file(journal: &Path, page: u32, page_bytes: usize) -> io::Result<Option<u64>> {
    let mut file = File::open(journal)?;
    let at = u64::from(page.saturating_sub(1)).saturating_mul(page_bytes as u64);
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; page_bytes];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(count(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The count of the last frame of the page.
pub(super) fn last_in_log(journal: &Path, page: u32, page_bytes: usize) -> io::Result<Option<u64>> {
    in_log(&journal.with_extension("db-wal"), page, page_bytes, false)
}

/// The count of the first or last frame of the page, among those that belong to the log's present use.
fn in_log(log: &Path, page: u32, page_bytes: usize, is_first: bool) -> io::Result<Option<u64>> {
    let file = match File::open(log) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut file = BufReader::new(file);
    let mut header = [0; HEADER_BYTES];
    if !filled(&mut file, &mut header)? {
        return Ok(None);
    }
    let mut frame = [0; FRAME_HEADER_BYTES];
    let (mut bytes, mut found) = (vec![0; page_bytes], None);
    // Two salts in the header and in each frame: what an earlier use of the log left behind has others.
    while filled(&mut file, &mut frame)? && frame.get(8..16) == header.get(16..24) {
        if frame.get(..4) == Some(&page.to_be_bytes()[..]) {
            if !filled(&mut file, &mut bytes)? {
                break;
            }
            found = count(&bytes).or(found);
            if is_first {
                break;
            }
        } else {
            file.seek_relative(i64::try_from(page_bytes).unwrap_or(i64::MAX))?;
        }
    }
    Ok(found)
}

/// Whether there was as much to read.
fn filled(file: &mut BufReader<File>, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The count of a page that holds its row alone.
fn count(page: &[u8]) -> Option<u64> {
    // A leaf of a table with one cell; where that is follows the header of eight bytes.
    let [0x0D, _, _, 0, 1, _, _, _, high, low, ..] = page else { return None };
    let cell = page.get(usize::from(u16::from_be_bytes([*high, *low]))..)?;
    let at = cell.windows(MARK.len()).position(|bytes| bytes == MARK.as_bytes())?;
    let digits = cell.get(at + MARK.len()..at + MARK.len() + DIGITS)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
