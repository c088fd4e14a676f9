//! Workbooks that no spreadsheet program makes: bombs, lies about counts, cut and renamed files.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Nasty, xlsx};

const TYPES: &str =
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const HEAD: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>_ItemNumber</t></is></c></row>"#;

/// A workbook of one sheet; each part may be anything.
pub(crate) fn book(sheet: &str, texts: Option<&str>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", RELS),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    for (name, text) in parts.into_iter().chain(texts.map(|texts| ("xl/sharedStrings.xml", texts)))
    {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sheet(dimension: &str, rows: &str) -> String {
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{dimension}<sheetData>{HEAD}{rows}</sheetData></worksheet>"#
    )
}

/// An old workbook's first bytes; a reader looks for streams in it and finds none.
fn ole() -> Vec<u8> {
    let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    bytes.resize(4_096, 0);
    bytes
}

fn cut(bytes: &[u8], share: usize) -> Vec<u8> {
    bytes[..bytes.len() * share / 100].to_vec()
}

/// A good workbook, whose parts are made bad.
fn whole() -> Vec<u8> {
    row(r#"<row r="2"><c r="A2"><v>7</v></c></row>"#)
}

fn row(cells: &str) -> Vec<u8> {
    book(&sheet("", cells), None)
}

fn with_texts(texts: &str) -> Vec<u8> {
    book(&sheet("", ""), Some(texts))
}

fn with_changed_byte() -> Vec<u8> {
    let mut bytes = whole();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    bytes
}

pub(crate) fn files() -> Vec<Nasty> {
    let mut files = cut_and_renamed();
    files.extend(bombs());
    files.extend(sheets());
    files
}

fn cut_and_renamed() -> Vec<Nasty> {
    vec![
        xlsx("a workbook of no byte", Vec::new(), "deny file-empty -"),
        xlsx(
            "a text that is called a workbook",
            b"_ItemNumber\nFG-1\n".to_vec(),
            "deny not-a-workbook -",
        ),
        xlsx(
            "a web page that is called a workbook",
            b"<html><table></table></html>".to_vec(),
            "deny not-a-workbook -",
        ),
        xlsx("an old workbook that is called a new one", ole(), "deny not-a-workbook -"),
        xlsx("half a workbook", cut(&whole(), 50), "deny workbook-damaged -"),
        xlsx("a workbook without its last bytes", cut(&whole(), 98), "deny workbook-damaged -"),
        xlsx("the begin of a workbook", b"PK\x03\x04".to_vec(), "deny workbook-damaged -"),
        xlsx(
            "an archive of nothing",
            ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner(),
            "deny not-a-workbook -",
        ),
    ]
}

fn bombs() -> Vec<Nasty> {
    let bomb = "x".repeat(8 << 20);
    let many = format!("<sst>{}</sst>", "<si><t/></si>".repeat(3_000_000));
    vec![
        xlsx(
            "one piece of XML of 8 MiB",
            row(&format!("<row><c t=\"str\"><v>{bomb}</v></c></row>")),
            "deny row-too-big -",
        ),
        xlsx("a name of 8 MiB", row(&format!("<{bomb}")), "deny row-too-big -"),
        xlsx(
            "text before the texts",
            with_texts(&format!("{bomb}<sst/>")),
            "deny workbook-damaged -",
        ),
        xlsx(
            "a claim of a million million texts",
            with_texts("<sst uniqueCount=\"1000000000000\"/>"),
            "deny texts-too-big -",
        ),
        xlsx(
            "a claim beyond all numbers",
            with_texts("<sst uniqueCount=\"99999999999999999999999\"/>"),
            "deny texts-too-big -",
        ),
        xlsx("three million empty texts", with_texts(&many), "deny texts-too-big -"),
        xlsx("no table of texts begins", with_texts("<other/>"), "deny workbook-damaged -"),
    ]
}

fn sheets() -> Vec<Nasty> {
    vec![
        xlsx(
            "a sheet without an end",
            row("<row r=\"2\"><c r=\"A2\"><v>7</v></c>"),
            "deny workbook-damaged -",
        ),
        xlsx("a sheet that is none", book("<chart/>", None), "deny workbook-damaged -"),
        xlsx(
            "a dimension the wrong way round",
            book(&sheet("<dimension ref=\"B9:A1\"/>", ""), None),
            "deny workbook-damaged -",
        ),
        xlsx(
            "rows out of order",
            row(
                "<row r=\"5\"><c r=\"A5\"><v>5</v></c></row><row r=\"2\"><c r=\"A2\"><v>2</v></c></row>",
            ),
            "deny workbook-damaged -",
        ),
        xlsx(
            "two cells in one place",
            row("<row r=\"2\"><c r=\"A2\"><v>2</v></c><c r=\"A2\"><v>2</v></c></row>"),
            "deny workbook-damaged -",
        ),
        xlsx(
            "a row beyond all rows",
            row("<row r=\"4294967295\"><c><v>1</v></c></row>"),
            "deny workbook-damaged -",
        ),
        xlsx(
            "a text that is not there",
            row("<row r=\"2\"><c r=\"A2\" t=\"s\"><v>9</v></c></row>"),
            "deny workbook-damaged -",
        ),
        xlsx("a changed byte", with_changed_byte(), "deny workbook-damaged -"),
    ]
}
