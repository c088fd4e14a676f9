//! The size from which files of a tenant were refused as too large, so that the next one is not sent to be refused again.
//!
//! Pure decisions on uploads that were read from a journal; opens nothing and knows no clock.

/// How long a refusal holds: a limit that was raised meanwhile is found out a week later at most.
pub const REMEMBERED_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// The status that says so.
pub const STATUS: u16 = 413;

/// How an upload of a known size ended, as far as it says something of sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeVerdict {
    /// The answer was 413, whatever had left by then.
    TooLarge,
    /// Knosc accepted it.
    Accepted,
}

/// An upload that says something of sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizedUpload {
    /// Bytes of the file.
    pub size: u64,
    /// When it ended.
    pub at_ms: u64,
    /// How.
    pub verdict: SizeVerdict,
}

/// The smallest size that was refused lately, of uploads in their order. An accepted file of that size or a larger one undoes a refusal.
pub fn refused_from(uploads: &[SizedUpload], now_ms: u64) -> Option<u64> {
    let mut refused: Vec<u64> = Vec::new();
    for upload in uploads {
        match upload.verdict {
            SizeVerdict::Accepted => refused.retain(|size| *size > upload.size),
            SizeVerdict::TooLarge if now_ms.saturating_sub(upload.at_ms) < REMEMBERED_MS => {
                refused.push(upload.size);
            }
            SizeVerdict::TooLarge => {}
        }
    }
    refused.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 2 * REMEMBERED_MS;

    fn check(uploads: &[(u64, u64, SizeVerdict)], expected: Option<u64>) {
        let sized = |(size, at_ms, verdict): &(u64, u64, SizeVerdict)| SizedUpload {
            size: *size,
            at_ms: *at_ms,
            verdict: *verdict,
        };
        let uploads: Vec<_> = uploads.iter().map(sized).collect();
        assert_eq!(refused_from(&uploads, NOW), expected, "{uploads:?}");
    }

    #[test]
    fn the_smallest_refused_size_holds_until_a_larger_file_is_accepted() {
        use SizeVerdict::{Accepted, TooLarge};
        check(&[], None);
        check(&[(9, NOW, TooLarge), (7, NOW, TooLarge)], Some(7));
        check(&[(7, NOW, TooLarge), (6, NOW, Accepted)], Some(7));
        check(&[(7, NOW, TooLarge), (7, NOW, Accepted)], None);
        check(&[(7, NOW, TooLarge), (9, NOW, TooLarge), (8, NOW, Accepted)], Some(9));
        check(&[(8, NOW, Accepted), (7, NOW, TooLarge)], Some(7));
    }

    #[test]
    fn a_refusal_is_forgotten_after_a_week() {
        use SizeVerdict::TooLarge;
        check(&[(7, NOW - REMEMBERED_MS, TooLarge)], None);
        check(&[(7, NOW - REMEMBERED_MS + 1, TooLarge)], Some(7));
        // A clock that was set back since is no reason to send it.
        check(&[(7, NOW + 1, TooLarge)], Some(7));
    }
}
