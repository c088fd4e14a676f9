//! Workbooks that openpyxl wrote, by the script beside this file. Where Python has no openpyxl, the test says so by name and passes,
//! unless `KNOSC_REQUIRE_ALL` is set.

use std::path::Path;
use std::process::Command;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::Limits;
use xtask::machine::Tool;

use super::{look, texts};

/// A formula that openpyxl wrote was never computed: the cell holds nothing.
const EXPECTED: [(&str, &str); 7] = [
    ("good", ""),
    ("formula", "warn cell-formula F3; warn value-missing F3"),
    ("serial", "warn date-serial G3"),
    ("error", "deny cell-error F3"),
    ("merged", "warn cells-merged B2; warn value-missing B3"),
    ("missing", "warn value-missing A3"),
    ("hidden", "warn sheet-hidden -; warn several-sheets -"),
];

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "the files are another program's; the checks themselves start nothing"
)]
fn workbooks_that_openpyxl_wrote() {
    if !Tool::is_there_for("openpyxl", "openpyxl::workbooks_that_openpyxl_wrote").unwrap() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("knosc-openpyxl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/write_workbooks.py");
    let made = Command::new("python3").arg(script).arg(&folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let found = EXPECTED.map(|(name, _)| {
        let bytes = std::fs::read(folder.join(format!("{name}.xlsx"))).unwrap();
        let checked = look(Trigger::Procurement, FileKind::Xlsx, &bytes, &Limits::default());
        (name, texts(&checked))
    });
    std::fs::remove_dir_all(&folder).unwrap();
    let expected = EXPECTED.map(|(name, expected)| (name, expected.to_owned()));
    assert_eq!(found, expected);
}
