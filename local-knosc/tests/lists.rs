//! What can be read back: lists, records, templates, privileges, routes that are not there.

use local_knosc::{Config, DEFAULT_PASSWORD, Model, TABLES, UserConfig};
use serde_json::{Value, json};

use crate::client::{Client, START, TRANSACTIONS, encode, file, signed_in};

fn rows(client: &mut Client, target: &str) -> Vec<Value> {
    let answer = client.get(target);
    assert_eq!(answer.status, 200, "{target}: {}", answer.to_json());
    answer.to_json()["data"]["rows"].as_array().unwrap().clone()
}

fn codes(client: &mut Client, target: &str) -> Vec<String> {
    rows(client, target).iter().map(|row| row["Unit Code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_has_the_documented_envelope_and_object_keys() {
    let mut client = signed_in();
    client.load_masters();
    let body = client.get("/api/unit-master").to_json();
    let expected = json!({
        "data": {
            "headers": [
                {"key": "Unit Code", "format": "string"},
                {"key": "Unit Name", "format": "string"},
                {"key": "Unit Type", "format": "string"},
                {"key": "Multiplier", "format": "number"}
            ],
            "sort": {"key": "id", "type": "Ascending"},
            "rows": [{"id": 1, "Unit Code": "EA", "Unit Name": "Each", "Unit Type": "Count", "Multiplier": 1}]
        },
        "tags": {},
        "extra": {}
    });
    assert_eq!(body, expected);
    let item = &rows(&mut client, "/api/item-master")[0];
    for key in ["id", "Item Number", "Item Description", "Item Type", "Item Unit", "Item Status"] {
        assert!(!item[key].is_null(), "{key}");
    }
}

#[test]
fn orders_are_listed_with_their_details() {
    let mut client = signed_in();
    client.load_masters();
    let lines = ["P1,S1,Open,,I1,,W1,,5,,2024-07-01,1", "P1,S1,Open,,I1,,W1,,6,,2024-07-01,2"];
    client.load("procurement", &file("procurement", &lines));
    let orders = rows(&mut client, "/api/purchase-order");
    assert_eq!((orders.len(), &orders[0]["PO List Number"]), (1, &json!("P1")));
    let quantities: Vec<&Value> = orders[0]["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["PO Details Quantity"])
        .collect();
    assert_eq!(quantities, [&json!(5), &json!(6)]);
    client.load("bill-of-materials", &file("bill-of-materials", &[TRANSACTIONS[1].1]));
    let bom = &rows(&mut client, "/api/bill-of-materials")[0];
    assert_eq!(
        (&bom["Item Number"], &bom["details"][0]["Component Item Number"]),
        (&json!("I1"), &json!("I1"))
    );
}

#[test]
fn lists_filter_sort_and_page() {
    let mut client = signed_in();
    client.load("unit-master", &file("unit-master", &["A,x,,", "B,y,,", "C,x,,"]));
    let cases = [
        ("", vec!["A", "B", "C"]),
        ("?filter[Unit+Name]=x", vec!["A", "C"]),
        ("?filter%5BUnit%20Name%5D=y", vec!["B"]),
        ("?filter=%7B%22Unit%20Code%22%3A%22C%22%7D", vec!["C"]),
        ("?sort=-Unit+Code", vec!["C", "B", "A"]),
        ("?page=1&page_size=2", vec!["A", "B"]),
        ("?page=2&page_size=2", vec!["C"]),
        ("?page=3&page_size=2", vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(codes(&mut client, &format!("/api/unit-master{query}")), expected, "{query}");
    }
    client.knobs(&json!({"assumed_page_size": 1}));
    assert_eq!(codes(&mut client, "/api/unit-master"), ["A"]);
}

#[test]
fn inactive_warehouses_are_left_out_unless_the_status_is_asked_for() {
    let mut client = signed_in();
    client.load("warehouse-master", &file("warehouse-master", &["W1,,,Active", "W2,,,Inactive"]));
    assert_eq!(rows(&mut client, "/api/warehouse-master").len(), 1);
    let asked = rows(&mut client, "/api/warehouse-master?filter[Warehouse+Status]=Inactive");
    assert_eq!(asked[0]["Warehouse Number"], "W2");
}

#[test]
fn a_record_is_under_rows_except_inventory_and_a_missing_one_is_400() {
    let mut client = signed_in();
    client.load_masters();
    client.load("inventory", &file("inventory", &[TRANSACTIONS[3].1]));
    assert_eq!(client.get("/api/item-master/1").to_json()["data"]["rows"]["Item Number"], "I1");
    assert_eq!(client.get("/api/inventory/1").to_json()["data"]["Item Number"], "I1");
    for (path, code) in
        [("item-master", "ItemMaster.NotFound"), ("inventory", "Inventory.NotFound")]
    {
        let answer = client.get(&format!("/api/{path}/999"));
        assert_eq!((answer.status, &answer.to_json()["Code"]), (400, &json!(code)));
    }
}

#[test]
fn templates_link_to_a_header_line_for_each_trigger() {
    let mut client = signed_in();
    let list = client.get("/api/templates").to_json()["templates"].as_array().unwrap().clone();
    assert_eq!(list.len(), TABLES.len());
    for (entry, table) in list.iter().zip(&TABLES) {
        let answer = client.get(entry["link"].as_str().unwrap());
        assert_eq!(
            (answer.status, String::from_utf8(answer.body).unwrap()),
            (200, table.template())
        );
    }
    let items = String::from_utf8(client.get("/api/templates/item-master.csv").body).unwrap();
    assert!(items.starts_with(
        "_ItemNumber,_ItemDescription,_ItemType,_Status,_SubItemNumber,_SubItemDescription"
    ));
}

#[test]
fn the_preflight_checks_view_and_not_edit() {
    let mut client = signed_in();
    let preflight = |client: &mut Client, path: &str| {
        client.get(&format!("/api/validate-privileges?path={}", encode(path)))
    };
    let paths = [
        "/procurement",
        "/demand",
        "/manufacturing",
        "/forecast",
        "/inventory",
        "/inventory-planning",
        "/item-master",
        "/supplier-master",
        "/customer-master",
        "/warehouse-master",
        "/bill-of-materials",
        "/users",
        "/scenario-analysis",
        "/issue-tracker",
        "/settings",
    ];
    for path in paths {
        let answer = preflight(&mut client, path);
        assert_eq!((answer.status, answer.to_json()), (200, json!({"access": true})), "{path}");
    }
    assert_eq!(client.sign_in("viewer", DEFAULT_PASSWORD).status, 200);
    assert_eq!(preflight(&mut client, "/item-master").status, 200);
    let refused = preflight(&mut client, "/procurement");
    let expected =
        json!({"Message": "Not Privileged for this action", "Code": "User.NotPrivileged"});
    assert_eq!((refused.status, refused.to_json()), (403, expected));
    assert_eq!(client.upload("item-master", "i.csv", b"x\n").status, 403, "View is not Edit");
    assert_eq!(client.get("/api/item-master").status, 200);
    assert_eq!(client.get("/api/purchase-order").status, 403);
}

#[test]
fn edit_of_one_area_is_enough_for_its_trigger() {
    let mut config = Config::default();
    let held = ["Unit Master / Edit".to_owned()];
    config.tenants[0].users =
        vec![UserConfig { privileges: Some(held.into()), ..UserConfig::new("u@acme.test", "p") }];
    let mut client = Client {
        model: Model::new(config),
        tenant: "acme".into(),
        now: START,
        cookies: std::collections::BTreeMap::new(),
    };
    client.sign_in("u", "p");
    client.load("unit-master", "_UnitCode\nEA\n");
    assert_eq!(client.upload("item-master", "i.csv", b"x\n").status, 403);
}

#[test]
fn unknown_routes_are_404_in_the_envelope() {
    let mut client = signed_in();
    for target in
        ["/api/nothing", "/api/users/1", "/other", "/api/templates/nothing.csv", "/_local/nothing"]
    {
        assert_eq!(client.get(target).status, 404, "{target}");
    }
    let body = client.get("/api/nothing").to_json();
    assert!(
        body["Message"].is_string()
            && body["Code"].is_string()
            && body.as_object().unwrap().len() == 2
    );
}
