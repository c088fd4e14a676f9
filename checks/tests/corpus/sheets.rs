//! Workbooks as a spreadsheet program makes them: sheets, merged cells, formulas, errors, numbers in the place of texts and dates.

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};

use super::{Nasty, xlsx};

const HEAD: [&str; 6] = [
    "_ItemNumber",
    "_ItemDescription",
    "_ItemType",
    "_Status",
    "_SubItemNumber",
    "_SubItemDescription",
];

/// A sheet with the header and one good row, and what the test adds.
fn sheet<'b>(book: &'b mut Workbook, name: &str) -> &'b mut Worksheet {
    let sheet = book.add_worksheet();
    sheet.set_name(name).unwrap();
    sheet.write_row(0, 0, HEAD).unwrap();
    sheet.write_row(1, 0, ["FG-1", "Bolt", "Component", "Active"]).unwrap();
    sheet
}

fn made(change: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    change(sheet(&mut book, "Items"));
    book.save_to_buffer().unwrap()
}

fn with_other(change: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    sheet(&mut book, "Items");
    change(&mut book);
    book.save_to_buffer().unwrap()
}

pub(crate) fn files() -> Vec<Nasty> {
    let mut files = which_sheet();
    files.extend(which_cells());
    files.extend(where_cells_are());
    files
}

fn which_sheet() -> Vec<Nasty> {
    vec![
        xlsx(
            "two sheets",
            with_other(|book| {
                sheet(book, "Old");
            }),
            "warn several-sheets -",
        ),
        xlsx(
            "the first sheet is hidden",
            {
                let mut book = Workbook::new();
                sheet(&mut book, "Items").set_hidden(true);
                sheet(&mut book, "Shown").set_active(true);
                book.save_to_buffer().unwrap()
            },
            "warn sheet-hidden -; warn several-sheets -",
        ),
    ]
}

fn which_cells() -> Vec<Nasty> {
    let plain = Format::new();
    vec![
        xlsx(
            "merged cells",
            made(|sheet| {
                sheet.merge_range(2, 0, 3, 0, "FG-2", &plain).unwrap();
                sheet.write(3, 1, "below").unwrap();
            }),
            "deny value-missing A4; warn cells-merged A3",
        ),
        xlsx(
            "a formula",
            made(|sheet| {
                sheet.write_formula(2, 0, Formula::new("=A2&\"x\"").set_result("FG-1x")).unwrap();
            }),
            "warn cell-formula A3",
        ),
        xlsx(
            "an error",
            made(|sheet| {
                sheet.write(2, 0, "FG-2").unwrap();
                sheet.write_formula(2, 1, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
            }),
            "deny cell-error B3; warn cell-formula B3",
        ),
        xlsx(
            "a number too long for a spreadsheet",
            made(|sheet| {
                sheet.write(2, 0, 4_006_381_333_931_000_000.0).unwrap();
            }),
            "warn digits-lost A3",
        ),
        xlsx(
            "numbers that lost their zeros",
            made(|sheet| {
                sheet.write(2, 0, "00417").unwrap();
                sheet.write(3, 0, 418).unwrap();
            }),
            "warn zeros-lost A4",
        ),
    ]
}

fn where_cells_are() -> Vec<Nasty> {
    vec![
        xlsx(
            "a title above the header",
            {
                let mut book = Workbook::new();
                let sheet = book.add_worksheet();
                sheet.write(0, 0, "Items of ACME").unwrap();
                sheet.write_row(2, 0, HEAD).unwrap();
                sheet.write(3, 0, "FG-1").unwrap();
                book.save_to_buffer().unwrap()
            },
            "warn header-not-first 1",
        ),
        xlsx(
            "rows far below",
            made(|sheet| {
                sheet.write(1_048_575, 0, "FG-9").unwrap();
            }),
            "note blank-rows 1048576",
        ),
        xlsx(
            "a cell far to the right",
            made(|sheet| {
                sheet.write(1, 16_383, "x").unwrap();
            }),
            "deny columns-too-many 2",
        ),
        xlsx(
            "a cell right of the header",
            made(|sheet| {
                sheet.write(1, 7, "x").unwrap();
            }),
            "deny row-too-long 2",
        ),
        xlsx(
            "a header alone in a workbook",
            {
                let mut book = Workbook::new();
                book.add_worksheet().write_row(0, 0, HEAD).unwrap();
                book.save_to_buffer().unwrap()
            },
            "warn no-rows -",
        ),
        xlsx("an empty workbook", with_nothing(), "warn no-rows -"),
    ]
}

fn with_nothing() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet();
    book.save_to_buffer().unwrap()
}
