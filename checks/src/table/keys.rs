//! Keys that stand twice, in twelve bytes a row.
//!
//! A key is kept as 64 bits of a hash, with its line. Among a million keys two others meet once in forty million files; before a
//! person reads of it, the rows are read again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The hash of a value or of several; the same on every machine and every day.
pub(crate) fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        part.trim().hash(&mut hasher);
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

    /// Every row whose key stood before, in the order of the file.
    pub(crate) fn repeats(mut self) -> Vec<Repeat> {
        self.rows.sort_unstable();
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
            keys.repeats().iter().map(|repeat| (repeat.line, repeat.first_line)).collect();
        assert_eq!(found, [(4, 2), (6, 2), (7, 3)]);
    }

    #[test]
    fn no_more_than_the_limit_are_kept() {
        let mut keys = Keys::new(2);
        (0..3).for_each(|line| keys.add(7, line));
        assert!(keys.is_full);
        assert_eq!(keys.repeats().len(), 1);
    }

    #[test]
    fn parts_are_parted() {
        assert_ne!(hash(["ab", "c"].into_iter()), hash(["a", "bc"].into_iter()));
    }
}
