//! A workbook behind a password: an OLE container with the two streams that Office writes, as the standard of such files says.
//!
//! The streams hold nothing: that there are two of these names is what tells such a file from an old `.xls`.

use super::{Nasty, xlsx};

const SECTOR: u32 = 512;
/// Shorter streams than this lie elsewhere; these two lie in sectors of their own.
const STREAM: u32 = 4096;
const FREE: u32 = 0xFFFF_FFFF;
const END: u32 = 0xFFFF_FFFE;
const TABLE: u32 = 0xFFFF_FFFD;

pub(crate) fn files() -> Vec<Nasty> {
    vec![
        xlsx(
            "a workbook behind a password",
            container(["EncryptionInfo", "EncryptedPackage"]),
            "deny workbook-encrypted -",
        ),
        xlsx(
            "an old workbook",
            container(["Workbook", "SummaryInformation"]),
            "deny not-a-workbook -",
        ),
    ]
}

/// Sector 0 is the table of sectors, sector 1 the directory; then come both streams.
fn container(names: [&str; 2]) -> Vec<u8> {
    let sectors = STREAM / SECTOR;
    let mut bytes = head();
    let mut table = vec![TABLE, END];
    for stream in 0..2 {
        let begin = 2 + stream * sectors;
        table.extend((begin + 1..begin + sectors).chain([END]));
    }
    table.resize(usize::try_from(SECTOR / 4).unwrap(), FREE);
    bytes.extend(table.into_iter().flat_map(u32::to_le_bytes));
    bytes.extend(entry("Root Entry", 5, 1, END, 0));
    bytes.extend(entry(names[0], 2, FREE, 2, STREAM));
    bytes.extend(entry(names[1], 2, FREE, 2 + sectors, STREAM));
    bytes.extend(entry("", 0, FREE, 0, 0));
    bytes.resize(bytes.len() + usize::try_from(2 * STREAM).unwrap(), 0);
    bytes
}

fn head() -> Vec<u8> {
    let mut head = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    head.extend([0; 16]);
    // Version 3.62, little-endian, sectors of 2^9 bytes and small ones of 2^6.
    for number in [0x3E_u16, 3, 0xFFFE, 9, 6] {
        head.extend(number.to_le_bytes());
    }
    head.extend([0; 6]);
    // No directory sectors in version 3; one table, the directory in sector 1; no small streams; no more tables.
    for number in [0, 1, 1, 0, STREAM, END, 0, END, 0, 0] {
        head.extend(u32::to_le_bytes(number));
    }
    while head.len() < usize::try_from(SECTOR).unwrap() {
        head.extend(FREE.to_le_bytes());
    }
    head
}

/// One of the directory's entries: its name, what it is, what is below it, and where its bytes begin.
fn entry(name: &str, kind: u8, child: u32, begin: u32, size: u32) -> Vec<u8> {
    let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = if name.is_empty() { 0 } else { u16::try_from(entry.len()).unwrap() + 2 };
    entry.resize(64, 0);
    entry.extend(length.to_le_bytes());
    entry.extend([kind, 1]);
    // The second stream is the first one's neighbour; order in the tree is nobody's question here.
    let right = if kind == 2 && begin == 2 { 2 } else { FREE };
    for number in [FREE, right, child] {
        entry.extend(number.to_le_bytes());
    }
    entry.extend([0; 36]);
    for number in [begin, size, 0] {
        entry.extend(number.to_le_bytes());
    }
    entry
}
