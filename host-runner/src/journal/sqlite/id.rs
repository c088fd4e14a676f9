//! Names of runs: sortable by time, short enough to be typed, and different for runs that begin at once.
//!
//! Values only; the store refuses a name that is taken.

use std::hash::{BuildHasher as _, RandomState};

use knosc_bulk_import::calendar;

/// Digits and letters that nobody mistakes for one another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new name, `20240601-084522-k3f7`: the time in UTC and four random characters.
pub fn new_id(now_ms: u64) -> String {
    let (days, of_day_s) = (now_ms / 86_400_000, now_ms / 1_000 % 86_400);
    let (year, month, day) = calendar::date(i64::try_from(days).unwrap_or(0));
    let (hour, minute, second) = (of_day_s / 3_600, of_day_s / 60 % 60, of_day_s % 60);
    // The standard library draws its hashing keys from the system's randomness.
    let mut random = RandomState::new().hash_one(now_ms);
    let tail: String = (0..4)
        .map(|_| {
            let index = usize::try_from(random % 32).unwrap_or(0);
            random /= 32;
            ALPHABET.get(index).map_or('0', |byte| char::from(*byte))
        })
        .collect();
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{tail}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_sort_by_time_and_differ() {
        let first = new_id(1_717_231_522_123);
        assert_eq!(first.get(..16), Some("20240601-084522-"));
        assert!(first < new_id(1_717_231_523_000));
        let many: HashSet<String> = (0..200).map(|_| new_id(0)).collect();
        assert!(many.len() > 190, "{}", many.len());
    }
}
