//! What becomes of rows: required, unique and referenced values, actions, what REFRESH leaves out.

use local_knosc::{Refers, TABLES};
use serde_json::{Value, json};

use crate::client::{Client, MASTERS, TRANSACTIONS, file, file_with_action, signed_in};

fn loaded() -> Client {
    let mut client = signed_in();
    client.load_masters();
    client
}

fn first_error(job: &Value) -> (u64, String) {
    let error = &job["errors"][0];
    (
        error["row"].as_u64().unwrap_or(u64::MAX),
        error["message"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn all_13_triggers_load_in_the_documented_order() {
    let mut client = loaded();
    for (trigger, row) in TRANSACTIONS {
        client.load(trigger, &file(trigger, &[row]));
    }
    let order: Vec<&str> = TABLES.iter().map(|table| table.trigger).collect();
    let documented = [
        "unit-master",
        "warehouse-master",
        "supplier-master",
        "customer-master",
        "item-master",
        "external-item-master",
        "bill-of-materials",
        "supplier-allocation",
        "inventory",
        "procurement",
        "demand",
        "manufacturing",
        "forecast",
    ];
    assert_eq!(order, documented);
    for trigger in documented {
        assert_eq!(client.rows(trigger).len(), 1, "{trigger}");
    }
}

#[test]
fn the_documented_item_headers_are_the_only_documented_ones() {
    let documented: Vec<&str> = TABLES
        .iter()
        .flat_map(|table| table.columns)
        .filter(|c| c.documented)
        .map(|c| c.header)
        .collect();
    let expected = [
        "_ItemNumber",
        "_ItemDescription",
        "_ItemType",
        "_Status",
        "_SubItemNumber",
        "_SubItemDescription",
    ];
    assert_eq!(documented, expected);
}

#[test]
fn every_required_column_may_not_be_empty() {
    for (trigger, row) in MASTERS.iter().chain(&TRANSACTIONS) {
        let table = TABLES.iter().find(|table| table.trigger == *trigger).unwrap();
        for (at, column) in table.columns.iter().enumerate().filter(|(_, column)| column.required) {
            let mut cells: Vec<&str> = row.split(',').collect();
            cells[at] = "";
            // A second cell keeps a one-column row from being blank.
            let job = loaded().run(trigger, &file(trigger, &[&cells.join(",")]));
            assert_eq!(first_error(&job), (1, format!("{} is required", column.key)), "{trigger}");
        }
    }
}

#[test]
fn every_reference_has_to_exist() {
    for (trigger, row) in MASTERS.iter().chain(&TRANSACTIONS) {
        let table = TABLES.iter().find(|table| table.trigger == *trigger).unwrap();
        for (at, column) in table.columns.iter().enumerate() {
            let (Refers::To(to) | Refers::Pair(_, to)) = column.refers else { continue };
            let title = TABLES.iter().find(|table| table.trigger == to).unwrap().title;
            let mut cells: Vec<&str> = row.split(',').collect();
            cells[at] = "NOBODY";
            let job = loaded().run(trigger, &file(trigger, &[&cells.join(",")]));
            assert_eq!(
                first_error(&job),
                (1, format!("{} 'NOBODY' not found in {title}", column.key)),
                "{trigger}"
            );
            assert_eq!((&job["status"], &job["rows_processed"]), (&json!("failed"), &json!(0)));
        }
    }
}

#[test]
fn the_documented_failure_word_for_word() {
    let mut rows: Vec<String> = (1..=500).map(|n| format!("WIDGET-{n},,,,,,EA")).collect();
    rows[412] = "WIDGET-413,,,,,,EACH".into();
    rows[418] = "WIDGET-99,,,,,,EA".into();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut client = loaded();
    let job = client.run("item-master", &file("item-master", &rows));
    assert_eq!(job["status"], "failed");
    assert_eq!(job["rows_processed"], 412);
    let expected = json!([
        {"row": 413, "message": "Item Unit 'EACH' not found in Unit Master"},
        {"row": 419, "message": "Duplicate Item Number: WIDGET-99"}
    ]);
    assert_eq!(job["errors"], expected);
    assert_eq!(client.rows("item-master").len(), 1 + 412, "the rows before the first bad one stay");
}

#[test]
fn what_a_failure_leaves_and_lists_is_a_knob() {
    let csv = "_UnitCode\nA\nB\nA\nA\nC\n";
    let cases = [
        (json!({}), 2, 2, json!([3, 4])),
        (json!({"assumed_partial_commit": "nothing"}), 0, 2, json!([3, 4])),
        (json!({"assumed_row_base": "sheet-row"}), 2, 3, json!([4, 5])),
        (json!({"assumed_errors_listed_max": 1}), 2, 2, json!([3])),
    ];
    for (knobs, stored, processed, rows) in cases {
        let mut client = signed_in();
        client.knobs(&knobs);
        let job = client.run("unit-master", csv);
        let listed: Vec<&Value> =
            job["errors"].as_array().unwrap().iter().map(|error| &error["row"]).collect();
        assert_eq!(
            (client.rows("unit-master").len(), &job["rows_processed"]),
            (stored, &json!(processed)),
            "{knobs}"
        );
        assert_eq!(json!(listed), rows, "{knobs}");
    }
}

#[test]
fn values_have_to_fit_their_column() {
    let cases = [
        ("item-master", "I2,Pump,Gadget,Active,,,EA", "Item Type 'Gadget' is not valid"),
        ("item-master", "I2,Pump,Component,Gone,,,EA", "Item Status 'Gone' is not valid"),
        ("inventory", "I1,,W1,many,,", "Inventory Quantity 'many' is not valid"),
        ("inventory", "I1,,W1,NaN,,", "Inventory Quantity 'NaN' is not valid"),
        ("inventory", "I1,,W1,1,01.06.2024,", "Inventory Date '01.06.2024' is not valid"),
    ];
    for (trigger, row, message) in cases {
        assert_eq!(
            first_error(&loaded().run(trigger, &file(trigger, &[row]))),
            (1, message.to_owned())
        );
    }
}

#[test]
fn actions_on_masters() {
    // (action, the unit, the error; the table holds EA, and an item refers to it)
    let cases = [
        ("", "EA", ""),
        ("REFRESH", "KG", ""),
        ("ADD", "KG", ""),
        ("ADD", "EA", "Duplicate Unit Code: EA"),
        ("UPDATE", "EA", ""),
        ("UPDATE", "KG", "Unit Code 'KG' not found in Unit Master"),
        ("DELETE", "EA", ""),
        ("DELETE", "KG", "Unit Code 'KG' not found in Unit Master"),
        ("CLOSE", "EA", "Action 'CLOSE' is not supported"),
        ("refresh", "EA", "Action 'refresh' is not supported"),
    ];
    for (action, unit, message) in cases {
        let job = loaded().run(
            "unit-master",
            &file_with_action("unit-master", &[&format!("{unit},Name,Count,1,{action}")]),
        );
        let expected =
            if message.is_empty() { (u64::MAX, String::new()) } else { (1, message.to_owned()) };
        assert_eq!(first_error(&job), expected, "{action} {unit}");
    }
}

#[test]
fn add_update_and_delete_change_the_rows_named_and_no_other() {
    let mut client = signed_in();
    client.load("unit-master", &file("unit-master", &["A,a,,", "B,b,,", "C,c,,"]));
    client.load(
        "unit-master",
        &file_with_action("unit-master", &["D,d,,,ADD", "B,new,,,UPDATE", "C,,,,DELETE"]),
    );
    assert_eq!(client.column("unit-master", "_UnitCode"), ["A", "B", "D"]);
    assert_eq!(client.column("unit-master", "_UnitName"), ["a", "new", "d"]);
}

#[test]
fn refresh_is_not_mixed_with_other_actions() {
    for (first, second) in [("", "ADD"), ("REFRESH", "DELETE"), ("ADD", "REFRESH")] {
        let rows = [format!("A,,,,{first}"), format!("B,,,,{second}")];
        let job =
            signed_in().run("unit-master", &file_with_action("unit-master", &[&rows[0], &rows[1]]));
        assert_eq!(
            first_error(&job),
            (2, "Action REFRESH cannot be mixed with other actions".into())
        );
    }
}

#[test]
fn refresh_closes_archives_replaces_or_keeps_what_the_file_leaves_out() {
    let line = |trigger: &str, number: usize| {
        let (_, row) = MASTERS.iter().chain(&TRANSACTIONS).find(|(t, _)| *t == trigger).unwrap();
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        let key = if trigger == "inventory" { cells.len() - 1 } else { 0 };
        cells[key] = format!("N{number}");
        cells.join(",")
    };
    // (trigger, statuses after a file with N1 and N2 and then one with N2 and N3)
    let cases = [
        ("procurement", vec!["Closed", "Open", "Open"]),
        ("demand", vec!["Closed", "Open", "Open"]),
        ("manufacturing", vec!["Closed", "Open", "Open"]),
        ("forecast", vec!["Archived", "Active", "Active"]),
        ("item-master", vec!["Active", "Active", "Active", "Active"]),
    ];
    for (trigger, statuses) in cases {
        let mut client = loaded();
        client.load(trigger, &file(trigger, &[&line(trigger, 1), &line(trigger, 2)]));
        client.load(trigger, &file(trigger, &[&line(trigger, 2), &line(trigger, 3)]));
        assert_eq!(client.column(trigger, "_Status"), statuses, "{trigger}");
    }
    let mut client = loaded();
    client.load("inventory", &file("inventory", &[&line("inventory", 1), &line("inventory", 2)]));
    client.load("inventory", &file("inventory", &[&line("inventory", 2)]));
    assert_eq!(client.column("inventory", "_UniqueId"), ["N2"]);
    client.load("procurement", &file("procurement", &[&line("procurement", 1)]));
    client.load("procurement", &file("procurement", &[]));
    assert_eq!(
        client.column("procurement", "_Status"),
        ["Closed"],
        "a header-only file closes every line"
    );
}

#[test]
fn masters_that_a_file_leaves_out_are_closed_only_by_knob() {
    let mut client = loaded();
    client.knobs(&json!({"assumed_refresh_closes_masters": true}));
    client.load("item-master", &file("item-master", &["I2,,,,,,"]));
    assert_eq!(client.column("item-master", "_Status"), ["Inactive", "Active"]);
}

#[test]
fn a_failed_refresh_closes_nothing_and_a_repeated_one_changes_nothing() {
    let mut client = loaded();
    let rows = ["P1,S1,,,I1,,W1,,5,,2024-07-01,1", "P2,S1,,,I1,,W1,,5,,2024-07-01,1"];
    client.load("procurement", &file("procurement", &rows));
    let before = client.rows("procurement");
    client.load("procurement", &file("procurement", &rows));
    assert_eq!(client.rows("procurement"), before);
    client.run("procurement", &file("procurement", &["P2,NOBODY,,,I1,,W1,,5,,2024-07-01,1"]));
    assert_eq!(client.rows("procurement"), before);
}

#[test]
fn lines_can_be_closed_and_masters_of_open_lines_not_deleted() {
    let mut client = loaded();
    client.load("procurement", &file("procurement", &[TRANSACTIONS[4].1]));
    let delete = file_with_action("item-master", &["I1,,,,,,,DELETE"]);
    assert_eq!(
        first_error(&client.run("item-master", &delete)),
        (1, "Item Number 'I1' is still in use".into())
    );
    let close = file_with_action("procurement", &[&format!("{},CLOSE", TRANSACTIONS[4].1)]);
    client.load("procurement", &close);
    assert_eq!(client.column("procurement", "_Status"), ["Closed"]);
    client.load("item-master", &delete);
    assert!(client.rows("item-master").is_empty());
}

#[test]
fn sub_items_are_rows_of_their_own_and_can_be_referred_to() {
    let mut client = loaded();
    client.load("item-master", &file("item-master", &["I1,,,,,,", "I1,,,,I1-R1,Revision,"]));
    assert_eq!(client.column("item-master", "_SubItemNumber"), ["", "I1-R1"]);
    assert_eq!(
        client.column("item-master", "_Status"),
        ["Active", "Active"],
        "the documented default"
    );
    client.load("inventory", &file("inventory", &["I1,I1-R1,W1,5,,"]));
    let again = client.run("item-master", &file("item-master", &["I1,,,,S,,", "I1,,,,S,,"]));
    assert_eq!(first_error(&again), (2, "Duplicate Item Number + Sub Item Number: I1 + S".into()));
}

#[test]
fn the_header_has_to_match_the_template() {
    let full = "_ItemNumber,_ItemDescription,_ItemType,_Status,_SubItemNumber,_SubItemDescription";
    let cases = [
        (full.to_owned(), ""),
        (format!("{full},_ItemUnit,_Action"), ""),
        (format!("{full},_Colour"), "Column '_Colour' is unknown"),
        (full.replace("_ItemType,", ""), "Column '_ItemType' is missing"),
        (
            full.replace("_ItemType,_Status", "_Status,_ItemType"),
            "Column '_ItemType' is out of order",
        ),
        (
            full.replace("_ItemNumber", "_ItemNumber,_ItemNumber"),
            "Column '_ItemNumber' occurs twice",
        ),
        (full.to_lowercase(), "Column '_ItemNumber' is missing"),
        (String::new(), "Column '_ItemNumber' is missing"),
    ];
    for (header, message) in cases {
        let job = loaded().run("item-master", &format!("{header}\nI2\n"));
        let expected =
            if message.is_empty() { (u64::MAX, String::new()) } else { (0, message.to_owned()) };
        assert_eq!(first_error(&job), expected, "{header}");
    }
    let mut client = loaded();
    client.knobs(&json!({"assumed_header_check": "required"}));
    client.load("item-master", "_Colour,_ItemNumber\nred,I2\n");
    assert_eq!(client.column("item-master", "_ItemNumber"), ["I1", "I2"]);
}

#[test]
fn a_file_that_cannot_be_read_fails_the_job() {
    let mut client = signed_in();
    for (name, bytes) in
        [("u.xlsx", b"PK\x03\x04 no zip".as_slice()), ("u.csv", b"_UnitCode\n\xff\xfe\n")]
    {
        let id = client.upload("unit-master", name, bytes).to_json()["job_id"]
            .as_str()
            .unwrap()
            .to_owned();
        client.now += 1_000;
        let job = client.poll("unit-master", &id);
        assert_eq!((&job["status"], first_error(&job).0), (&json!("failed"), 0), "{name}");
    }
}
