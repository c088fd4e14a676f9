//! Which encoding a text has: from its mark, from whether its bytes are UTF-8, and else by the letters that it would have.
//!
//! Reads the file once from begin to end, in pieces; says what it saw, so that a person can judge the judgement.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// What is known of a text's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Survey {
    pub(crate) encoding: &'static Encoding,
    /// Bytes of the mark at its begin.
    pub(crate) mark: usize,
    /// Why it is taken for this encoding, for people.
    pub(crate) evidence: String,
    pub(crate) size: u64,
    /// The line of the first NUL byte that is no part of a character.
    pub(crate) nul_line: Option<u64>,
    /// The first bytes, for the separator.
    pub(crate) head: Vec<u8>,
}

/// How much of the begin is kept; the separator shows in the first rows.
const HEAD_BYTES: usize = 64 << 10;
/// How much is given to the detector after the first byte that is no UTF-8; it needs some letters, and costs ten times a look.
const DETECTED_BYTES: usize = 1 << 20;

/// Looks at every byte.
pub(crate) fn survey(mut reader: impl Read, told: Option<&'static Encoding>) -> io::Result<Survey> {
    let mut head = Vec::new();
    (&mut reader).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let marked = Encoding::for_bom(&head);
    let mut scan = Scan::new();
    scan.piece(&head);
    let mut piece = vec![0; HEAD_BYTES];
    loop {
        let count = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        scan.piece(piece.get(..count).unwrap_or_default());
    }
    scan.end();
    let (encoding, evidence) = scan.judge(&head, marked.map(|(encoding, _)| encoding), told);
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    let nul_line = if wide { None } else { scan.nul_line };
    let mark = marked.map_or(0, |(_, mark)| mark);
    Ok(Survey { encoding, mark, evidence, size: scan.size, nul_line, head })
}

struct Scan {
    size: u64,
    lines: u64,
    nul_line: Option<u64>,
    /// Where the first byte is that is no UTF-8: its line and itself.
    invalid: Option<(u64, u8)>,
    is_ascii: bool,
    /// A character that the piece before cut; at most three bytes.
    cut: Vec<u8>,
    detector: EncodingDetector,
    detected: usize,
}

impl Scan {
    fn new() -> Self {
        Self {
            size: 0,
            lines: 0,
            nul_line: None,
            invalid: None,
            is_ascii: true,
            cut: Vec::new(),
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            detected: 0,
        }
    }

    fn piece(&mut self, piece: &[u8]) {
        self.size += piece.len() as u64;
        if self.nul_line.is_none()
            && let Some(at) = memchr::memchr(0, piece)
        {
            self.nul_line = Some(self.line_at(piece, at));
        }
        self.is_ascii &= piece.is_ascii();
        if self.invalid.is_none() && !self.is_ascii {
            self.utf_8(piece);
        }
        if self.invalid.is_some() && self.detected < DETECTED_BYTES {
            let rest = DETECTED_BYTES - self.detected;
            let part = piece.get(..rest.min(piece.len())).unwrap_or_default();
            self.detector.feed(part, false);
            self.detected += part.len();
        }
        self.lines += memchr::memchr_iter(b'\n', piece).count() as u64;
    }

    fn line_at(&self, piece: &[u8], at: usize) -> u64 {
        let before = piece.get(..at).unwrap_or_default();
        self.lines + memchr::memchr_iter(b'\n', before).count() as u64 + 1
    }

    /// Whether the piece, after what was cut before it, is UTF-8 as far as it goes.
    fn utf_8(&mut self, piece: &[u8]) {
        let mut rest = piece;
        // At most four bytes are one character.
        while !self.cut.is_empty() {
            let Some((first, others)) = rest.split_first() else { return };
            self.cut.push(*first);
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return self.not_utf_8(piece, 0),
            }
            rest = others;
        }
        if let Err(error) = std::str::from_utf8(rest) {
            let valid = error.valid_up_to();
            let begin = piece.len() - rest.len() + valid;
            match error.error_len() {
                Some(_) => self.not_utf_8(piece, begin),
                None => self.cut = rest.get(valid..).unwrap_or_default().to_vec(),
            }
        }
    }

    fn not_utf_8(&mut self, piece: &[u8], at: usize) {
        let byte = self.cut.first().or_else(|| piece.get(at)).copied().unwrap_or_default();
        self.invalid = Some((self.line_at(piece, at), byte));
    }

    fn end(&mut self) {
        if self.invalid.is_none()
            && let Some(byte) = self.cut.first()
        {
            self.invalid = Some((self.lines + 1, *byte));
        }
        self.detector.feed(&[], true);
    }

    fn judge(
        &self,
        head: &[u8],
        marked: Option<&'static Encoding>,
        told: Option<&'static Encoding>,
    ) -> (&'static Encoding, String) {
        if let Some(encoding) = told {
            return (encoding, "--encoding says so".to_owned());
        }
        if let Some(encoding) = marked {
            return (encoding, "it begins with the mark of this encoding".to_owned());
        }
        if let Some(encoding) = unmarked_utf_16(head) {
            return (encoding, "every other byte of its begin is NUL".to_owned());
        }
        match self.invalid {
            None if self.is_ascii => (UTF_8, "every byte is ASCII".to_owned()),
            None => (UTF_8, "every byte fits".to_owned()),
            Some((line, byte)) => {
                let guess = self.detector.guess(None, Utf8Detection::Deny);
                let evidence = format!(
                    "byte 0x{byte:02X} in line {line} is no UTF-8, and its letters fit best"
                );
                (guess, evidence)
            }
        }
    }
}

/// UTF-16 without a mark: Latin letters and digits have a NUL byte before or behind them.
fn unmarked_utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    let of = |first: bool| {
        let is_nul =
            |[a, b]: &&[u8; 2]| if first { *a == 0 && *b != 0 } else { *b == 0 && *a != 0 };
        pairs.iter().filter(is_nul).count()
    };
    // Two in three: a table has digits and separators, whatever the language of its texts is.
    let enough = |count: usize| pairs.len() > 1 && count * 3 > pairs.len() * 2;
    if enough(of(false)) {
        Some(UTF_16LE)
    } else if enough(of(true)) {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], encoding: &str, evidence: &str) {
        let found = survey(bytes, None).unwrap();
        assert_eq!(found.encoding.name(), encoding, "{bytes:?}");
        assert!(found.evidence.contains(evidence), "{}", found.evidence);
    }

    fn utf_16(text: &str, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(of).collect()
    }

    #[test]
    fn encodings_with_their_evidence() {
        check(b"", "UTF-8", "ASCII");
        check(b"a,b\n1,2\n", "UTF-8", "ASCII");
        check("Größe,\n".as_bytes(), "UTF-8", "every byte fits");
        check(b"\xEF\xBB\xBFa,b\n", "UTF-8", "mark");
        check(b"_Name\nM\xFCller\nGr\xF6\xDFe\n", "windows-1252", "0xFC in line 2");
        check(&utf_16("_Name\r\nA\r\n", u16::to_le_bytes), "UTF-16LE", "NUL");
        check(&utf_16("_Name\r\nA\r\n", u16::to_be_bytes), "UTF-16BE", "NUL");
        check(&utf_16("\u{FEFF}_Name\r\n", u16::to_le_bytes), "UTF-16LE", "mark");
    }

    #[test]
    fn a_character_on_the_border_of_two_pieces_is_whole() {
        for shift in 0..4 {
            let mut text = "a".repeat(HEAD_BYTES - shift);
            text.push_str("ü€𝄞ü€𝄞\n");
            check(text.as_bytes(), "UTF-8", "every byte fits");
            let mut cut = text.into_bytes();
            cut.truncate(cut.len() - 2);
            check(&cut, "windows-1252", "is no UTF-8");
        }
    }

    #[test]
    fn nul_bytes_have_a_line() {
        assert_eq!(survey(&b"a\nb\n\0\0"[..], None).unwrap().nul_line, Some(3));
        assert_eq!(survey(&utf_16("a,b\n", u16::to_le_bytes)[..], None).unwrap().nul_line, None);
    }
}
