//! How a text is written: encodings, separators, quotes, line ends, lengths of rows.

use knosc_bulk_import::trigger::Trigger::UnitMaster;

use super::{Nasty, csv};

fn utf_16(text: &str, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(of).collect()
}

pub(crate) fn files() -> Vec<Nasty> {
    let mut files = encodings();
    files.extend(shapes());
    files
}

fn encodings() -> Vec<Nasty> {
    let unit = |name, bytes: &[u8], expected| csv(name, UnitMaster, bytes, expected);
    let table = "_UnitCode,_UnitName\nEA,Stück\n";
    let wide = |mark: &str, of| utf_16(&format!("{mark}{table}"), of);
    vec![
        unit("nothing", b"", "deny file-empty -"),
        unit("blanks alone", b"\r\n \r\n", "warn no-rows -"),
        unit("a mark alone", b"\xEF\xBB\xBF", "warn no-rows -; note byte-order-mark 1"),
        unit("utf-8 with a mark", format!("\u{FEFF}{table}").as_bytes(), "note byte-order-mark 1"),
        unit("utf-16le with a mark", &wide("\u{FEFF}", u16::to_le_bytes), "warn encoding -"),
        unit("utf-16be with a mark", &wide("\u{FEFF}", u16::to_be_bytes), "warn encoding -"),
        unit("utf-16le without a mark", &wide("", u16::to_le_bytes), "warn encoding -"),
        unit(
            "windows-1252",
            b"_UnitCode,_UnitName\nST,St\xFCck\nGR,Gr\xF6\xDFe\n",
            "warn encoding -",
        ),
        unit("utf-8 that is cut in a letter", b"_UnitCode,_UnitName\nEA,St\xC3", "warn encoding -"),
        unit(
            "NUL bytes at the end",
            b"_UnitCode\nEA\n\0\0\0\0",
            "deny nul-bytes 3; warn invisible-character 3",
        ),
        unit(
            "NUL in a value",
            b"_UnitCode\nE\0A\n",
            "deny nul-bytes 2; warn invisible-character 2",
        ),
        unit(
            "nothing but NUL",
            &[0; 100],
            "deny nul-bytes 1; warn no-rows -; warn column-missing 1; note column-unknown 1",
        ),
    ]
}

fn shapes() -> Vec<Nasty> {
    let unit = |name, bytes: &str, expected| csv(name, UnitMaster, bytes, expected);
    let endless = format!("_UnitCode\n{}", "A".repeat(2 << 20));
    let open = format!("_UnitCode,_UnitName\nEA,\"Each\n{}", "PR,Pair\n".repeat(200_000));
    let wide = format!("_UnitCode\nEA{}\n", ",x".repeat(2_000));
    vec![
        unit("semicolons", "_UnitCode;_UnitName\nEA;Each\n", "warn delimiter -"),
        unit("tabs", "_UnitCode\t_UnitName\nEA\tEach\n", "warn delimiter -"),
        unit("pipes", "_UnitCode|_UnitName\nEA|Each\n", "warn delimiter -"),
        unit(
            "a line for a spreadsheet program",
            "sep=;\n_UnitCode;_UnitName\nEA;Each\n",
            "warn delimiter -; warn separator-line 1",
        ),
        unit("one endless line", &endless, "deny row-too-big 2"),
        unit("a quote that eats the file", &open, "deny row-too-big 2"),
        unit(
            "a quote that eats the last rows",
            "_UnitCode,_UnitName\nEA,\"Each\nPR,Pair\n",
            "deny quote-unclosed 2; warn space-around 2",
        ),
        unit("a stray quote", "_UnitCode,_UnitName\nEA,Each 5\"\nPR,Pair\n", "warn quote-stray 2"),
        unit("too many columns", &wide, "deny columns-too-many 2"),
        unit("a comma in a value", "_UnitCode,_UnitName\nEA,Each, one\n", "deny row-too-long 2"),
        unit(
            "a cut row",
            "_UnitCode,_UnitName,_UnitType\nEA,Each,Count\nPR,Pa",
            "warn row-too-short 3",
        ),
        unit("line ends of two kinds", "_UnitCode\r\nEA\nPR\r\n", "note line-ends-mixed -"),
        unit("line ends of old machines in part", "_UnitCode\rEA\nPR\r", "note line-ends-mixed -"),
        unit(
            "blank lines within",
            "_UnitCode,_UnitName\nEA,Each\n\n,\nPR,Pair\n",
            "note blank-rows 5",
        ),
        unit(
            "a title above",
            "Units of ACME\n\n_UnitCode,_UnitName\nEA,Each\n",
            "warn header-not-first 1",
        ),
        unit(
            "no header",
            "EA,Each\nPR,Pair\n",
            "warn column-missing 1; note column-unknown 1; note column-unknown 1",
        ),
        unit("a header alone", "_UnitCode,_UnitName\n", "warn no-rows -"),
        unit(
            "a header in words",
            "Unit Code,Unit Name\nEA,Each\n",
            "warn column-misspelt 1; warn column-misspelt 1",
        ),
        unit("a header in small letters", "_unitcode\nEA\n", "warn column-misspelt 1"),
        unit("a misspelt header", "_UnitCode,_UnitNmae\nEA,Each\n", "warn column-misspelt 1"),
        unit(
            "a header twice",
            "_UnitCode,_UnitName,_UnitName\nEA,Each,Each\n",
            "warn column-repeated 1",
        ),
        unit(
            "a column without a name",
            "_UnitCode,,_UnitName\nEA,x,Each\n",
            "warn column-unnamed 2",
        ),
        unit("a column of one's own", "_UnitCode,_Colour\nEA,red\n", "note column-unknown 1"),
    ]
}
