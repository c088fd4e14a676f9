//! Files that `LibreOffice` wrote: sheets are described here as flat `OpenDocument` and saved by it as workbooks and as text. Where it is
//! not installed, the test says so by name and passes, unless `KNOSC_REQUIRE_ALL` is set.

use std::path::Path;
use std::process::Command;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::Limits;
use xtask::machine::Tool;

use super::{look, texts};

const HEADER: [&str; 8] = [
    "_PONumber",
    "_SupplierNumber",
    "_OrderDate",
    "_ItemNumber",
    "_WarehouseNumber",
    "_Quantity",
    "_ETADate",
    "_LineUniqueId",
];

/// What stands before the sheets: the formats of a date and of a number with separators of thousands.
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:automatic-styles>
<number:date-style style:name="ymd"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>
<number:number-style style:name="comma"><number:number number:decimal-places="2" number:min-integer-digits="1" number:grouping="true"/></number:number-style>
<style:style style:name="day" style:family="table-cell" style:data-style-name="ymd"/>
<style:style style:name="grouped" style:family="table-cell" style:data-style-name="comma"/>
</office:automatic-styles>
<office:body><office:spreadsheet>"#;

const TAIL: &str = "</office:spreadsheet></office:body></office:document>";

fn text(value: &str) -> String {
    format!(
        "<table:table-cell office:value-type=\"string\"><text:p>{value}</text:p></table:table-cell>"
    )
}

fn number(value: &str) -> String {
    format!("<table:table-cell office:value-type=\"float\" office:value=\"{value}\"/>")
}

fn day() -> String {
    "<table:table-cell table:style-name=\"day\" office:value-type=\"date\" office:date-value=\"2026-01-05\"/>".to_owned()
}

/// Three right orders; the cell of a change stands in the first, second or third of them.
fn sheet(changes: &[(usize, usize, String)]) -> String {
    let mut rows = vec![HEADER.map(text).concat()];
    for order in 1..=3 {
        let mut cells = [
            text(&format!("PO-{order}")),
            text("SUP-1"),
            day(),
            text("FG-1"),
            text("WH-1"),
            number("5"),
            day(),
            text("1"),
        ];
        for (_, column, cell) in changes.iter().filter(|(of, ..)| *of == order) {
            cells[*column].clone_from(cell);
        }
        rows.push(cells.concat());
    }
    let rows = rows.join("</table:table-row><table:table-row>");
    format!(
        "<table:table table:name=\"Orders\"><table:table-row>{rows}</table:table-row></table:table>"
    )
}

const OTHER: &str = "<table:table table:name=\"Other\"><table:table-row><table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell></table:table-row></table:table>";

/// Each document's name and sheets.
fn documents() -> Vec<(&'static str, String)> {
    let changed = |row, column, cell: String| sheet(&[(row, column, cell)]);
    let formula = |of: &str| format!("<table:table-cell table:formula=\"of:={of}\"/>");
    let merged = "<table:table-cell table:number-rows-spanned=\"2\" office:value-type=\"string\"><text:p>SUP-1</text:p></table:table-cell>";
    let endless = "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:style-name=\"day\" table:number-columns-repeated=\"16384\"/></table:table-row></table:table>";
    vec![
        ("good", sheet(&[])),
        ("formula", changed(2, 5, formula("2+3"))),
        ("error", changed(2, 5, formula("1/0"))),
        ("serial", changed(2, 6, number("46027"))),
        ("exponent", changed(2, 3, number("1.23456789012E+15"))),
        ("missing", changed(2, 0, "<table:table-cell/>".to_owned())),
        (
            "grouped",
            changed(
                2,
                5,
                number("1234567").replace(
                    " office:value-type",
                    " table:style-name=\"grouped\" office:value-type",
                ),
            ),
        ),
        (
            "merged",
            sheet(&[(1, 1, merged.to_owned()), (2, 1, "<table:covered-table-cell/>".to_owned())]),
        ),
        ("several", sheet(&[]) + OTHER),
        ("styled", sheet(&[]).replace("</table:table>", endless)),
        ("umlaut", changed(2, 3, text("Bläschen–Öl €"))),
    ]
}

/// Has `LibreOffice` save documents in a format.
#[allow(clippy::disallowed_methods, reason = "another program writes these files")]
fn save(folder: &Path, names: &[&str], format: &str) {
    let home = format!("-env:UserInstallation=file://{}", folder.join("home").display());
    let mut soffice = Command::new("soffice");
    soffice.args([&home, "--headless", "--norestore", "--convert-to", format, "--outdir"]);
    // What a number looks like is the language's.
    soffice.arg(folder).env("LC_ALL", "C");
    soffice.args(names.iter().map(|name| folder.join(format!("{name}.fods"))));
    let saved = soffice.output().unwrap();
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
}

/// The filter's own words for a text: what parts values, what quotes them, and the number of the encoding.
const COMMA_UTF8: &str = "csv:Text - txt - csv (StarCalc):44,34,76";
const SEMICOLON_1252: &str = "csv:Text - txt - csv (StarCalc):59,34,1";
const TAB_UTF16: &str = "csv:Text - txt - csv (StarCalc):9,34,65535";

#[allow(
    clippy::disallowed_methods,
    reason = "the files are another program's; the checks themselves start nothing"
)]
#[test]
fn files_that_libreoffice_wrote() {
    if !Tool::is_there_for("libreoffice", "libreoffice::files_that_libreoffice_wrote").unwrap() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("knosc-libreoffice-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let documents = documents();
    for (name, sheets) in &documents {
        std::fs::write(folder.join(format!("{name}.fods")), format!("{HEAD}{sheets}{TAIL}"))
            .unwrap();
    }
    let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
    save(&folder, &names, "xlsx");
    let found = |name: &str, ending: &str, kind: FileKind| {
        let bytes = std::fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
        let checked = look(Trigger::Procurement, kind, &bytes, &Limits::default());
        format!("{name}.{ending}: {} rows: {}", checked.rows, texts(&checked))
    };
    let mut all: Vec<String> =
        names.iter().map(|name| found(name, "xlsx", FileKind::Xlsx)).collect();
    for (format, of) in
        [(COMMA_UTF8, &names[..]), (SEMICOLON_1252, &["umlaut"]), (TAB_UTF16, &["umlaut"])]
    {
        save(&folder, of, format);
        all.extend(of.iter().map(|name| found(name, "csv", FileKind::Csv)));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(all, EXPECTED);
}

/// What is found in each, as a workbook and as text; then the one with umlauts in other encodings. Where whole rows have a format,
/// `LibreOffice` says that the sheet is as wide as it can be.
const EXPECTED: [&str; 24] = [
    "good.xlsx: 3 rows: ",
    "formula.xlsx: 3 rows: warn cell-formula F3",
    "error.xlsx: 3 rows: deny cell-error F3; warn cell-formula F3",
    "serial.xlsx: 3 rows: warn date-serial G3",
    "exponent.xlsx: 3 rows: warn digits-lost D3",
    "missing.xlsx: 3 rows: warn value-missing A3",
    "grouped.xlsx: 3 rows: ",
    "merged.xlsx: 3 rows: warn cells-merged B2; warn value-missing B3",
    "several.xlsx: 3 rows: warn several-sheets -",
    "styled.xlsx: 0 rows: deny columns-too-many 1",
    "umlaut.xlsx: 3 rows: ",
    "good.csv: 3 rows: ",
    "formula.csv: 3 rows: ",
    "error.csv: 3 rows: warn number-form 3",
    "serial.csv: 3 rows: warn date-serial 3",
    "exponent.csv: 3 rows: ",
    "missing.csv: 3 rows: warn value-missing 3",
    "grouped.csv: 3 rows: warn decimal-comma 3",
    "merged.csv: 3 rows: warn value-missing 3",
    "several.csv: 3 rows: ",
    "styled.csv: 3 rows: ",
    "umlaut.csv: 3 rows: ",
    "umlaut.csv: 3 rows: warn encoding -; warn delimiter -",
    "umlaut.csv: 3 rows: warn encoding -; warn delimiter -",
];
