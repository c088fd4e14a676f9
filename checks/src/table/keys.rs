//! Keys that stand twice, in twelve bytes a row, and the set of all of them.
//!
//! A key is kept as 64 bits of a hash, with its line. Among a million keys two others meet once in forty million files; before a
//! person reads of it, the rows are read again.

use std::hash::Hasher as _;

use knosc_bulk_import::admission::refresh::KeySet;
use siphasher::sip::SipHasher13;

/// Stands behind each part, and in no text.
const PART_END: u8 = 0xFF;

/// The hash of a value or of several; the same on every machine, every day and in every version, since journals keep it.
///
/// It makes keys short, not secret: it has no salt, because whoever reads a journal would read the salt too, and could try values
/// out with either. What is secret about a key is as safe as the state folder.
pub(crate) fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    for part in parts {
        hasher.write(part.trim().as_bytes());
        hasher.write_u8(PART_END);
    }
    hasher.finish()
}

/// A row whose key stood before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeat {
    pub(crate) line: u64,
    pub(crate) first_line: u64,
}

/// The keys of one file.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Halves of the hash, and the line: no padding.
    rows: Vec<[u32; 3]>,
    max: usize,
    /// More rows came than are kept.
    pub(crate) is_full: bool,
}

impl Keys {
    pub(crate) const fn new(max: usize) -> Self {
        Self { rows: Vec::new(), max, is_full: false }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the two halves of it")]
    pub(crate) fn add(&mut self, hash: u64, line: u64) {
        // A line beyond four thousand millions is none of a file that is sent.
        let (false, Ok(line)) = (self.rows.len() >= self.max, u32::try_from(line)) else {
            self.is_full = true;
            return;
        };
        self.rows.push([(hash >> 32) as u32, hash as u32, line]);
    }

    /// Every row whose key stood before, in the order of the file, and every key once.
    pub(crate) fn finish(mut self) -> (Vec<Repeat>, KeySet) {
        self.rows.sort_unstable();
        let count = self.rows.len();
        let hashes =
            self.rows.iter().map(|[high, low, _]| u64::from(*high) << 32 | u64::from(*low));
        let set = KeySet::from_sorted(hashes, count);
        (self.repeats(), set)
    }

    /// Of sorted rows.
    fn repeats(self) -> Vec<Repeat> {
        let mut repeats = Vec::new();
        for same in self.rows.chunk_by(|a, b| a.first() == b.first() && a.get(1) == b.get(1)) {
            let mut lines = same.iter().map(|[.., line]| u64::from(*line));
            let Some(first_line) = lines.next() else { continue };
            repeats.extend(lines.map(|line| Repeat { line, first_line }));
        }
        repeats.sort_unstable_by_key(|repeat| repeat.line);
        repeats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_later_row_names_the_first() {
        let mut keys = Keys::new(10);
        for (line, key) in (2..).zip(["a", "b", "a", "c", " a ", "b"]) {
            keys.add(hash(std::iter::once(key)), line);
        }
        let found: Vec<_> =
            keys.finish().0.iter().map(|repeat| (repeat.line, repeat.first_line)).collect();
        assert_eq!(found, [(4, 2), (6, 2), (7, 3)]);
    }

    #[test]
    fn no_more_than_the_limit_are_kept() {
        let mut keys = Keys::new(2);
        (0..3).for_each(|line| keys.add(7, line));
        assert!(keys.is_full);
        let (repeats, set) = keys.finish();
        assert_eq!((repeats.len(), set.len()), (1, 1));
    }

    #[test]
    fn a_hash_is_what_it_was_in_journals_of_earlier_versions() {
        assert_eq!(hash([" PO-1 ", "FG-1"].into_iter()), 6_731_168_962_967_826_578);
    }

    #[test]
    fn parts_are_parted() {
        assert_ne!(hash(["ab", "c"].into_iter()), hash(["a", "bc"].into_iter()));
    }
}
