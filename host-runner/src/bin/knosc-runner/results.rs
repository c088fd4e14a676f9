//! What came of a run: each file, the rows that Knosc rejected, and where those stand in the file under both ways of counting.
//!
//! Values, and the one place that opens the file again. Which way of counting is right is not documented, and not chosen.

mod gather;
mod phases;

use knosc_bulk_import::trigger::Trigger;
use knosc_checks::rejected::Counting;

pub use gather::gather;
pub use phases::{Phase, Stage};

/// A run and what came of it.
pub struct Results {
    pub run: String,
    pub tenant: String,
    pub created_ms: u64,
    pub finished_ms: Option<u64>,
    /// In the order given.
    pub files: Vec<FileResult>,
}

/// One file of it.
pub struct FileResult {
    pub trigger: Trigger,
    pub file: String,
    pub outcome: &'static str,
    /// What else there is to say: of a refusal, or of an unknown outcome.
    pub note: Option<String>,
    pub job_id: Option<String>,
    pub rows_processed: Option<u64>,
    /// What was found in the file; why it was not looked into, else.
    pub source: Result<Source, String>,
    pub rejected: Vec<Rejected>,
    /// Messages that were not kept; at least so many where `is_cut`.
    pub more: u64,
    pub is_cut: bool,
    pub stages: Vec<Stage>,
}

/// The file as it was sent.
pub struct Source {
    pub sheet: Option<String>,
    pub header: Vec<String>,
    pub rows: u64,
    pub blank_rows: u64,
}

/// One message of Knosc.
pub struct Rejected {
    /// Knosc's own number.
    pub row: Option<u64>,
    pub message: String,
    /// The message without its values.
    pub shape: String,
    /// Where that number is in the file, in the order of [`Counting::BOTH`].
    pub places: [Option<Place>; 2],
}

/// A row of the file that a number may mean.
pub struct Place {
    pub counting: Counting,
    /// The line of a text file or the row of a sheet.
    pub line: u64,
    pub cells: Vec<String>,
    /// The cell that the message seems to speak of.
    pub column: Option<usize>,
    /// Its name in a spreadsheet program.
    pub cell: Option<String>,
    /// A value of the message stands in this row.
    pub has_value: bool,
}

impl Rejected {
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().flatten()
    }
}

impl FileResult {
    /// Messages by their kind, the most frequent first; of each where they are.
    pub fn groups(&self) -> Vec<(&str, Vec<&Rejected>)> {
        let mut groups: Vec<(&str, Vec<&Rejected>)> = Vec::new();
        for rejected in &self.rejected {
            match groups.iter_mut().find(|(shape, _)| *shape == rejected.shape) {
                Some((_, group)) => group.push(rejected),
                None => groups.push((&rejected.shape, vec![rejected])),
            }
        }
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
        groups
    }

    /// What may be stored, and what was not reached.
    pub fn stored(&self) -> Option<String> {
        if self.outcome != "failed" {
            return None;
        }
        let Some(processed) = self.rows_processed else {
            return Some(
                "how many rows were processed is not known; what was may be stored".to_owned(),
            );
        };
        let may = match processed {
            0 => "Knosc counts no row as processed, so that none should be stored".to_owned(),
            rows => format!("Knosc counts {rows} rows as processed: those may be stored"),
        };
        let rest = match &self.source {
            Ok(source) if source.rows >= processed => {
                let rest = source.rows - processed;
                format!("; the other {rest} of the file's {} rows were not", source.rows)
            }
            _ => String::new(),
        };
        Some(format!("{may}{rest}"))
    }

    /// How often a value of a message stands in the row of its number, for each way of counting; none where no message has one.
    pub fn evidence(&self) -> Option<[(Counting, usize); 2]> {
        let count = |counting: Counting| {
            let places = self.rejected.iter().flat_map(Rejected::places);
            let fitting = places.filter(|place| place.counting == counting && place.has_value);
            (counting, fitting.count())
        };
        let counts = Counting::BOTH.map(count);
        counts.iter().any(|(_, count)| *count > 0).then_some(counts)
    }
}
