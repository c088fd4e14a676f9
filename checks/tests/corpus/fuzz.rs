//! Bytes that nobody made on purpose: nothing panics, nothing is endless, and what is listed keeps to the limits.

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::{Checked, Limits};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{look, zips};

/// Small, so that they are met.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_row_bytes = 2_000;
    limits.max_columns = 20;
    limits.max_unpacked = 100_000;
    limits.max_texts = 50_000;
    limits.max_keys = 50;
    limits
}

fn holds(checked: &Checked, bytes: usize) {
    assert!(checked.findings.len() < 500, "{}", checked.findings.len());
    assert!(checked.rows <= bytes as u64);
    for finding in &checked.findings {
        assert!(!finding.message.is_empty() && finding.message.len() < 2_000, "{finding:?}");
        assert!(finding.line != Some(0), "{finding:?}");
    }
}

/// Pieces that a reader may stumble over, in any order.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"\"",
        b"\"\"",
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\xC3",
        b"\xE9",
        "ü".as_bytes(),
        b"sep=;",
        b"_ItemNumber",
        b"_Action",
        b"REFRESH",
        b"DELETE",
        b"1.2E+5",
        b"46027",
        b"007",
        b" ",
    ];
    prop_oneof![proptest::sample::select(pieces).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..8)]
}

proptest! {
    #[test]
    fn any_text(pieces in vec(piece(), 0..200), at in 0..13_usize) {
        let bytes = pieces.concat();
        holds(&look(Trigger::ALL[at], FileKind::Csv, &bytes, &limits()), bytes.len());
    }

    #[test]
    fn a_good_text_with_changed_bytes(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..20)) {
        let bytes = "_ItemNumber,_WarehouseNumber,_Quantity,_InventoryDate\n".to_owned()
            + &"FG-1,WH-01,5,2026-01-05\n\"FG \"\"2\"\"\",WH-02,1.5,2026-01-06\n".repeat(20);
        let bytes = changed(bytes, &changes);
        holds(&look(Trigger::Inventory, FileKind::Csv, &bytes, &limits()), bytes.len());
    }

    #[test]
    fn any_bytes_as_a_workbook(bytes in vec(any::<u8>(), 0..500), is_zip in any::<bool>()) {
        let bytes = if is_zip { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
        holds(&look(Trigger::ItemMaster, FileKind::Xlsx, &bytes, &limits()), bytes.len());
    }

    #[test]
    fn a_good_workbook_with_changed_bytes(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = good();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        holds(&look(Trigger::ItemMaster, FileKind::Xlsx, &bytes, &limits()), 1 << 20);
    }

    #[test]
    fn a_sheet_of_changed_xml(changes in vec((any::<prop::sample::Index>(), "[<>/=\"a-zA-Z0-9 ]{0,6}"), 1..6)) {
        let mut sheet = SHEET.to_owned();
        for (at, text) in &changes {
            let at = at.index(sheet.len());
            sheet.replace_range(at..=at, text);
        }
        holds(&look(Trigger::ItemMaster, FileKind::Xlsx, &zips::book(&sheet, None), &limits()), 1 << 20);
    }
}

fn changed(text: String, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes
}

const SHEET: &str = "<worksheet><dimension ref=\"A1:C3\"/><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>_ItemNumber</t></is></c><c r=\"B1\" t=\"str\"><v>_Status</v></c></row><row r=\"2\"><c r=\"A2\"><v>7</v></c><c r=\"B2\" t=\"str\"><f>A1</f><v>Active</v></c></row><row r=\"3\"><c r=\"A3\" t=\"b\"><v>1</v></c></row></sheetData><mergeCells count=\"1\"><mergeCell ref=\"A2:A3\"/></mergeCells></worksheet>";

fn good() -> Vec<u8> {
    zips::book(SHEET, Some("<sst uniqueCount=\"1\"><si><t>text</t></si></sst>"))
}
