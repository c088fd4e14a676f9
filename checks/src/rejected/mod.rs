//! Rows that Knosc rejected, found again in the file: under both ways of counting, since neither is documented.
//!
//! Chooses none of the two. Which cell a message speaks of is a guess from its words, and only ever marks.

mod find;
mod message;

pub use find::{FileRow, FoundRows, find};
pub use message::{mark, names_value_of, shape};

/// What a row number of Knosc may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counting {
    /// The first row below the header is 1.
    FromHeader,
    /// The header's own row is counted too: the row of a sheet, where nothing stands above the header.
    FromTop,
}

impl Counting {
    /// Both, in the order in which they are told.
    pub const BOTH: [Self; 2] = [Self::FromHeader, Self::FromTop];

    /// The words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FromHeader => "header not counted",
            Self::FromTop => "header counted",
        }
    }
}
