//! What stands before and after the file in an upload's body, so that the file's own bytes are streamed between them.
//!
//! Exactly one part `file`, and nothing else, as the guide's `curl -F file=@...` sends it. Reads no file.
//!
//! ```http
//! --knosc-86bf2516340989bd980064227e6bdcaf
//! Content-Disposition: form-data; name="file"; filename="item-master-export.csv"
//! Content-Type: text/csv
//!
//! Item Number,Item Unit
//! WIDGET-99,EACH
//!
//! --knosc-86bf2516340989bd980064227e6bdcaf--
//! ```

use std::fmt::Write;

use crate::blob::FileKind;

/// What stands around a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Around {
    /// Of the request, with the boundary.
    pub(super) content_type: String,
    /// Before the file.
    pub(super) head: Vec<u8>,
    /// After it.
    pub(super) tail: Vec<u8>,
}

/// What separates the file from the rest of the body.
///
/// Drawn anew for each attempt: one that could be computed from what a file is called could be put into the file, which a
/// server would then read as several parts, the first of them cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// Of 128 random bits. The caller draws them from a generator that cannot be predicted.
    pub fn from_random(bits: u128) -> Self {
        Self(format!("knosc-{bits:032x}"))
    }

    /// The boundary itself, without the dashes before it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether content that is at hand holds it. Of content that is streamed, chance is the proof: one in 2^128.
    pub fn is_in(&self, content: &[u8]) -> bool {
        contains(content, self.0.as_bytes())
    }
}

/// Horspool's search: it looks at one byte of some thirty, so that a large content in memory costs no noticeable time.
fn contains(content: &[u8], needle: &[u8]) -> bool {
    let Some((last, front)) = needle.split_last() else { return true };
    let mut skips = [needle.len(); 256];
    for (at, byte) in front.iter().enumerate() {
        if let Some(skip) = skips.get_mut(usize::from(*byte)) {
            *skip = front.len() - at;
        }
    }
    let mut start = 0_usize;
    while let Some(window) = content.get(start..start.saturating_add(needle.len())) {
        let Some((end, before)) = window.split_last() else { return false };
        if end == last && before == front {
            return true;
        }
        start += skips.get(usize::from(*end)).copied().unwrap_or(1);
    }
    false
}

/// Builds what stands around a file; `base_name` is without folders.
pub(super) fn around(base_name: &str, kind: FileKind, boundary: &Boundary) -> Around {
    let file_name = encoded(base_name);
    let boundary = boundary.as_str();
    let media_type = kind.media_type();
    let head = format!(
        "--{boundary}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: {media_type}\r\n\
         \r\n"
    );
    Around {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        head: head.into_bytes(),
        tail: format!("\r\n--{boundary}--\r\n").into_bytes(),
    }
}

/// A file name that cannot end its own quotes or line: the HTML standard's percent form, for all control characters, quote
/// and backslash. Everything else is UTF-8 as it is.
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || matches!(c, '"' | '\\') {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a String does not fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(c);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_found_wherever_it_stands() {
        let boundary = Boundary::from_random(0x0123_4567_89ab_cdef_0011_2233_4455_6677);
        let text = boundary.as_str();
        assert_eq!(text, "knosc-0123456789abcdef0011223344556677");
        for filler in ["", "\r\n--", "7", "knosc-", "7777knosc-0123456789abcdef", "é"] {
            for times in [0, 1, 2, 37, 38, 39, 100] {
                let around = filler.repeat(times);
                assert!(boundary.is_in(format!("{around}{text}{around}").as_bytes()));
                let (front, back) = text.split_at(37);
                assert!(!boundary.is_in(format!("{around}{front}x{back}{around}").as_bytes()));
                assert!(!boundary.is_in(format!("{around}{front}").as_bytes()));
            }
        }
    }

    #[test]
    fn another_draw_is_another_boundary() {
        assert_ne!(Boundary::from_random(1), Boundary::from_random(2));
        assert_eq!(Boundary::from_random(0).as_str().len(), "knosc-".len() + 32);
        assert_eq!(Boundary::from_random(u128::MAX).as_str().len(), "knosc-".len() + 32);
    }
}
