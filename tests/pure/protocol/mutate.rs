//! Valid bytes made wrong: cut, flipped, doubled, with foreign pieces in them. Knows no format.

use proptest::prelude::*;
use proptest::sample::Index;

/// Pieces that decoders stumble over, and the words that they look for.
const PIECES: [&[u8]; 44] = [
    b"{", b"}", b"[", b"]", b",", b":", b"\"", b"\\", b"\\u0000", b"\\ud800", b"\\u0063", b"null",
    b"true", b"false", b"0", b"-1", b"1.5", b"1e999", b"18446744073709551616", b"\xFF", b"\xC3",
    b"\0", b"\r\n", b" ", b";", b"=", b"\"\"", b"{}", b"[[[[[[[[[[[[[[[[", b"\"job_id\":",
    b"\"job_id\":\"\",", b"\"job_id\":\"other\",", b"\"status\":\"completed\",",
    b"\"status\":\"failed\",", b"\"row\":7,", b"\"errors\":[],", b"\"jobs\":[],", b"\"login\":false,",
    b"{\"trigger\":\"item-master\",\"job_id\":\"item-master-upload-a1b2c3\",\"status\":\"completed\"},",
    b"<html><body>Maintenance</body></html>", b"\"completed\"", b"\"trigger\":\"forecast\",",
    b"99999999999999999999999999", b"Fri, 31 Dec 9999 23:59:59 GMT",
];

/// One thing done to some bytes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Flip(Index, u8),
    Insert(Index, Index),
    Remove(Index, usize),
    Double(Index, usize),
    Cut(Index),
}

/// None to some changes; a third of them cuts.
pub(super) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let index = any::<Index>;
    let change = prop_oneof![
        2 => (index(), 1..=255_u8).prop_map(|(at, mask)| Change::Flip(at, mask)),
        3 => (index(), index()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        2 => (index(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (index(), 1..120_usize).prop_map(|(at, count)| Change::Double(at, count)),
        3 => index().prop_map(Change::Cut),
    ];
    prop::collection::vec(change, 0..6)
}

pub(super) fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match change {
            Change::Flip(at, mask) => {
                let at = place(at);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= mask);
            }
            Change::Insert(at, piece) => {
                let (at, piece) = (place(at), PIECES[piece.index(PIECES.len())]);
                bytes.splice(at..at, piece.iter().copied());
            }
            Change::Remove(at, count) => {
                let at = place(at);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Change::Double(at, count) => {
                let at = place(at);
                let again = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
            Change::Cut(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

/// A text of changed bytes, as a header's value comes out of a client that is not strict.
pub(super) fn changed_text(text: &str, changes: &[Change]) -> String {
    String::from_utf8_lossy(&changed(text.as_bytes(), changes)).into_owned()
}
