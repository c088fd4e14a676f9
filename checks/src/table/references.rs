//! What earlier files of a plan hold, and whether a later one's value is among it.
//!
//! Values are kept as hashes; of the first ones the text too, so that the nearest can be named.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::keys::hash;
use crate::known::Reference;

/// Texts that are kept for naming the nearest; a person mends the first ones, and a long list costs memory and time.
const TEXTS_MAX: usize = 50_000;
/// Bytes of them.
const TEXT_BYTES_MAX: usize = 4 << 20;
/// How like a value has to be before it is named.
const NEAR_MIN: f64 = 0.8;

/// A hash is its own hash.
#[derive(Debug, Default)]
pub(crate) struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The values of one column of one file.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) reference: Reference,
    pub(crate) file: String,
    hashes: HashSet<u64, BuildHasherDefault<Itself>>,
    texts: Vec<String>,
    text_bytes: usize,
    max: usize,
    /// Values came that are not kept: what is not among the others may be among them.
    pub(crate) is_full: bool,
}

impl Known {
    pub(crate) fn new(reference: Reference, file: &str, max: usize) -> Self {
        Self {
            reference,
            file: file.to_owned(),
            hashes: HashSet::default(),
            texts: Vec::new(),
            text_bytes: 0,
            max,
            is_full: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Takes a value, with the value of the column beside it where the reference has one.
    pub(crate) fn add(&mut self, value: &str, with: Option<&str>) {
        if value.trim().is_empty() {
            return;
        }
        if self.hashes.len() >= self.max {
            self.is_full = true;
            return;
        }
        let is_new = self.hashes.insert(key(value, with));
        if is_new && self.texts.len() < TEXTS_MAX && self.text_bytes + value.len() <= TEXT_BYTES_MAX
        {
            self.text_bytes += value.len();
            self.texts.push(value.trim().to_owned());
        }
    }

    /// Takes what another place has too.
    pub(crate) fn take_in(&mut self, other: &Self) {
        self.hashes.extend(&other.hashes);
        self.is_full |= other.is_full;
        let room = TEXTS_MAX.saturating_sub(self.texts.len());
        self.texts.extend(other.texts.iter().take(room).cloned());
        self.file = format!("{} with {}", self.file, other.file);
    }

    pub(crate) fn holds(&self, value: &str, with: Option<&str>) -> bool {
        self.hashes.contains(&key(value, with))
    }

    /// The value that is most like it.
    pub(crate) fn nearest(&self, value: &str) -> Option<&str> {
        let wanted = likeness_form(value);
        let score = |text: &str| strsim::jaro_winkler(&likeness_form(text), &wanted);
        let scored = self.texts.iter().map(|text| (score(text), text.as_str()));
        let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
        best.filter(|(score, _)| *score >= NEAR_MIN).map(|(_, text)| text)
    }
}

fn key(value: &str, with: Option<&str>) -> u64 {
    hash(std::iter::once(value).chain(with))
}

/// Case, blanks and lost zeros make two values alike.
fn likeness_form(text: &str) -> String {
    let text = text.trim().trim_start_matches('0');
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use knosc_bulk_import::trigger::Trigger;

    use super::*;

    #[test]
    fn values_are_found_and_the_nearest_is_named() {
        let reference = Reference { trigger: Trigger::UnitMaster, column: "_UnitCode", with: None };
        let mut known = Known::new(reference, "units.csv", 10);
        for unit in ["EA", "PR", " BOX ", "", "00417"] {
            known.add(unit, None);
        }
        assert_eq!(known.len(), 4);
        assert!(known.holds("EA ", None) && known.holds("BOX", None) && !known.holds("ea", None));
        let check = |value, expected| assert_eq!(known.nearest(value), expected, "{value}");
        check("EACH", Some("EA"));
        check("ea", Some("EA"));
        check("417", Some("00417"));
        check("PALLET", None);
    }

    #[test]
    fn a_value_beside_another_one_is_found_with_it_alone() {
        let reference = Reference {
            trigger: Trigger::SupplierMaster,
            column: "_ShipFromNumber",
            with: Some("_SupplierNumber"),
        };
        let mut known = Known::new(reference, "suppliers.csv", 10);
        known.add("SF-1", Some("SUP-1"));
        assert!(known.holds("SF-1", Some("SUP-1")) && !known.holds("SF-1", Some("SUP-2")));
    }
}
