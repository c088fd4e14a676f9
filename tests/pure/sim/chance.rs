//! Repeatable chance: the same seed gives the same faults on every machine.

/// `SplitMix64`: eight lines, and good enough to choose faults.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    pub(crate) fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// How many of `whole` bytes pass: any number of them, and every second time one near `edge` or near the end, where the
    /// meaning of a cut changes.
    pub(crate) fn place(&mut self, whole: u64, edge: u64) -> u64 {
        let place = match self.below(4) {
            0 | 1 => self.below(whole + 1),
            2 => (edge + self.below(7)).saturating_sub(3),
            _ => edge + self.below(whole.saturating_sub(edge) + 1),
        };
        place.min(whole)
    }
}
