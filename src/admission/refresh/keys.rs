//! A set of hashed keys: 64 bits each, sorted, in the bytes in which a journal keeps them.
//!
//! Of a million keys one that is missing is taken for another one once in ten million million files.

use std::cmp::Ordering;

/// Bytes of one hash, big-endian, so that bytes sort as numbers do.
const WIDTH: usize = 8;

/// A set of hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<u8>);

impl KeySet {
    /// Takes hashes that are sorted; the same one twice counts once. `count` is how many at most.
    pub fn from_sorted(hashes: impl Iterator<Item = u64>, count: usize) -> Self {
        let mut bytes = Vec::with_capacity(count.saturating_mul(WIDTH));
        let mut last = None;
        for hash in hashes.filter(|hash| last.replace(*hash) != Some(*hash)) {
            bytes.extend_from_slice(&hash.to_be_bytes());
        }
        Self(bytes)
    }

    /// Reads what [`Self::as_bytes`] gave; none where the bytes are no set.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let set = Self(bytes);
        let is_set = set.0.len().is_multiple_of(WIDTH) && set.iter().is_sorted_by(|a, b| a < b);
        is_set.then_some(set)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        (self.0.len() / WIDTH) as u64
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.as_chunks::<WIDTH>().0.iter().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// How many of these the other set has not.
    pub fn missing_in(&self, other: &Self) -> u64 {
        self.besides(other).fold(0, |count, _| count + 1)
    }

    /// These and those of the other set.
    #[must_use]
    pub fn united(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        let merged = std::iter::from_fn(|| match (ours.peek(), theirs.peek()) {
            (Some(our), Some(their)) if our <= their => ours.next(),
            (_, Some(_)) => theirs.next(),
            (_, None) => ours.next(),
        });
        Self::from_sorted(merged, (self.0.len() + other.0.len()) / WIDTH)
    }

    /// These but for those of the other set.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self::from_sorted(self.besides(other), self.0.len() / WIDTH)
    }

    /// What is here and not there; both are sorted, so that one walk along both finds it.
    fn besides<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        let mut theirs = other.iter().peekable();
        self.iter().filter(move |our| {
            while theirs.next_if(|their| their < our).is_some() {}
            theirs.peek().is_none_or(|their| their.cmp(our) != Ordering::Equal)
        })
    }
}
