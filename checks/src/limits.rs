//! What the checks spend at most. Each limit has a flag, and the finding that a limit makes names it.
//!
//! Numbers only; those who read hold themselves to them.

/// How much is read and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one row of text, or of one piece of a sheet's XML (`--max-row-bytes`). A cell of Excel holds 32,767 characters.
    pub max_row_bytes: usize,
    /// Columns of a row (`--max-columns`). A sheet has room for 16,384; no template that we know has more than 20.
    pub max_columns: usize,
    /// Bytes that a workbook unpacks to (`--max-unpacked`). A million rows of ten columns are about 500 MB.
    pub max_unpacked: u64,
    /// Bytes of a workbook's shared texts (`--max-texts`); they are kept in memory, and everything else is not.
    pub max_texts: u64,
    /// Keys of a table that are compared (`--max-keys`); about 30 bytes each.
    pub max_keys: usize,
    /// Characters of one value (`--max-value-chars`). Knosc documents no length; what is longer is mostly rows that ran together.
    pub max_value_chars: usize,
    /// Findings of one code and column that are listed (`--samples`); the others are counted.
    pub samples: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_row_bytes: 1 << 20,
            max_columns: 1_000,
            max_unpacked: 2 << 30,
            max_texts: 96 << 20,
            max_keys: 2_000_000,
            max_value_chars: 1_000,
            samples: 3,
        }
    }
}
