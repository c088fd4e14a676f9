//! What is wrong with values: lost digits, dates, commas, blanks, doubles, actions.

use knosc_bulk_import::trigger::Trigger::{Demand, Forecast, Inventory, ItemMaster, UnitMaster};

use super::{Nasty, csv};

pub(crate) fn files() -> Vec<Nasty> {
    let mut files = of_items();
    files.extend(of_stock());
    files.extend(of_others());
    files
}

fn item(name: &'static str, rows: &str, expected: &'static str) -> Nasty {
    let head = "_ItemNumber,_ItemDescription,_ItemType,_Status,_SubItemNumber,_SubItemDescription";
    csv(name, ItemMaster, format!("{head}\n{rows}"), expected)
}

fn stock(name: &'static str, rows: &str, expected: &'static str) -> Nasty {
    let head = "_ItemNumber,_WarehouseNumber,_Quantity,_InventoryDate";
    csv(name, Inventory, format!("{head}\n{rows}"), expected)
}

fn of_items() -> Vec<Nasty> {
    let long = format!("FG-1,{},,Active,,\n", "x".repeat(2_000));
    vec![
        item("no key", "FG-1,a,,,,\n,b,,,,\n", "deny value-missing 3"),
        item("a key twice", "FG-1,a,,,,\nFG-2,b,,,,\nFG-1,c,,,,\n", "deny key-duplicate 4"),
        item(
            "a key twice but for a blank",
            "FG-1,a,,,,\nFG-1 ,c,,,,\n",
            "deny key-duplicate 3; warn space-around 3",
        ),
        item("a type of one's own", "FG-1,a,Finished,,,\n", "deny value-unknown 2"),
        item("a status in other case", "FG-1,a,Component,ACTIVE,,\n", "warn value-unknown 2"),
        item("a value in bytes of another encoding", "FG-1,GrÃ¶sse,,,,\n", "warn garbled-text 2"),
        item("a letter that was lost", "FG-1,Gr\u{FFFD}sse,,,,\n", "warn garbled-text 2"),
        item("a blank that is none", "FG\u{A0}1,a,,,,\n", "warn invisible-character 2"),
        item("a mark in a value", "\u{FEFF}FG-1,a,,,,\nFG-2,b,,,,\n", "warn invisible-character 2"),
        item("no width at all", "FG-1\u{200B},a,,,,\n", "warn invisible-character 2"),
        item("a bell", "FG-1,a\u{7}b,,,,\n", "warn invisible-character 2"),
        item(
            "a line break in a key",
            "\"FG\n1\",a,,,,\nFG-2,b,,,,\n",
            "warn invisible-character 2",
        ),
        item("a long number that was shortened", "1.23457E+11,a,,,,\n", "warn exponent 2"),
        item("zeros that were lost", "00417,a,,,,\n00418,b,,,,\n419,c,,,,\n", "warn zeros-lost 4"),
        item("a very long value", &long, "warn value-too-long 2"),
    ]
}

fn of_stock() -> Vec<Nasty> {
    vec![
        stock("a decimal comma", "FG-1,WH-1,\"1,5\",2026-01-05\n", "warn decimal-comma 2"),
        stock(
            "separators of thousands",
            "FG-1,WH-1,\"1.234,50\",2026-01-05\n",
            "warn decimal-comma 2",
        ),
        stock("a unit behind a number", "FG-1,WH-1,5 kg,2026-01-05\n", "warn number-form 2"),
        stock("a number that was shortened", "FG-1,WH-1,1.2E+10,2026-01-05\n", "warn exponent 2"),
        stock("a date as a number", "FG-1,WH-1,5,46027\n", "warn date-serial 2"),
        stock("a date of another country", "FG-1,WH-1,5,05.01.2026\n", "warn date-form 2"),
        stock("a day that is none", "FG-1,WH-1,5,2026-02-30\n", "warn date-form 2"),
        stock("no quantity", "FG-1,WH-1,,2026-01-05\n", "warn value-missing 2"),
        stock(
            "an error of a spreadsheet as text",
            "FG-1,WH-1,#REF!,2026-01-05\n",
            "warn number-form 2",
        ),
        stock(
            "the same wrong thing four times",
            "A,W,x,\nB,W,x,\nC,W,x,\nD,W,x,\n",
            "warn number-form 2; warn number-form 3; warn number-form 4 +1",
        ),
    ]
}

fn of_others() -> Vec<Nasty> {
    vec![
        csv(
            "items without four documented columns",
            ItemMaster,
            "_ItemNumber,_ItemDescription\nFG-1,a\n",
            "warn column-missing 1; warn column-missing 1; warn column-missing 1 +1",
        ),
        csv(
            "actions that do not mix",
            UnitMaster,
            "_UnitCode,_Action\nEA,REFRESH\nPR,ADD\n",
            "warn action-mixed 3",
        ),
        csv(
            "no action beside one",
            UnitMaster,
            "_UnitCode,_Action\nEA,\nPR,DELETE\n",
            "warn action-mixed 3",
        ),
        csv(
            "an action that is none",
            UnitMaster,
            "_UnitCode,_Action\nEA,Refresh\n",
            "warn action-unknown 2",
        ),
        csv(
            "closing master data",
            UnitMaster,
            "_UnitCode,_Action\nEA,CLOSE\n",
            "warn action-unknown 2",
        ),
        csv(
            "a forecast of headers",
            Forecast,
            "_ForecastNumber,_ItemNumber,_WarehouseNumber,_Quantity,_ForecastDate,_ScheduleLine\n",
            "deny no-rows -",
        ),
        csv(
            "orders without their columns",
            Demand,
            "_SONumber\nSO-1\n",
            "warn column-missing 1; warn column-missing 1; warn column-missing 1 +3",
        ),
    ]
}
