//! Uploads: the answer, what is refused, and that nothing broken is ever queued.

use crate::client::{Client, file, raw_upload, signed_in, upload};
use local_knosc::{Request, TABLES};
use serde_json::json;

const UNITS: &[u8] = b"_UnitCode\nEA\n";

fn refused(client: &mut Client, request: Request, status: u16) {
    let answer = client.send(request);
    assert_eq!(answer.status, status, "{}", answer.to_json());
    assert!(answer.to_json()["Message"].is_string() && answer.to_json()["Code"].is_string());
    assert!(client.model.uploads().is_empty());
    assert!(client.model.jobs("acme", crate::client::START).is_empty());
}

#[test]
fn each_of_the_13_triggers_takes_a_file() {
    let mut client = signed_in();
    for table in &TABLES {
        let answer =
            client.upload(table.trigger, "export.csv", file(table.trigger, &[]).as_bytes());
        let body = answer.to_json();
        assert_eq!(answer.status, 200, "{}", table.trigger);
        assert_eq!(body["message"], "File uploaded. Processing started.");
        assert_eq!(body["status"], "queued");
        let suffix = body["job_id"]
            .as_str()
            .unwrap()
            .strip_prefix(&format!("{}-upload-", table.trigger))
            .unwrap();
        assert!(
            suffix.len() == 6
                && suffix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            "{suffix}"
        );
        assert_eq!(body.as_object().unwrap().len(), 3);
    }
    assert_eq!((client.model.uploads().len(), client.model.upload_posts()), (13, 13));
}

#[test]
fn an_upload_is_recorded_with_its_digest() {
    let mut client = signed_in();
    client.upload("unit-master", "exports/units.csv", UNITS);
    let record = &client.model.uploads()[0];
    assert_eq!((record.file_name.as_str(), record.size), ("exports/units.csv", 13));
    assert_eq!(record.sha256, "c9ac90cda4ce1ebcae96e04e216c0ef79e8a7b61fcef27c81811a42f82c6bda2");
    assert_eq!(
        (record.tenant.as_str(), record.trigger.as_str(), record.at),
        ("acme", "unit-master", client.now)
    );
}

#[test]
fn file_names_and_part_types_as_curl_and_python_send_them() {
    let part = |head: &str| format!("--xXx\r\n{head}\r\n\r\n_UnitCode\nEA\n\r\n--xXx--\r\n");
    let heads = [
        "Content-Disposition: form-data; name=\"file\"; filename=\"u.csv\"\r\nContent-Type: application/octet-stream",
        "Content-Disposition: form-data; name=\"file\"; filename=\"exports/units.csv\"",
        "Content-Disposition: form-data; name=\"file\"; filename=\"U.CSV\"\r\nContent-Type: text/csv",
        "Content-Disposition: form-data; name=\"file\"; filename=\"a b (1).csv\"\r\nContent-Type: image/png",
    ];
    for head in heads {
        let mut client = signed_in();
        assert_eq!(client.send(raw_upload("unit-master", part(head))).status, 200, "{head}");
        client.now += 1_000;
        assert_eq!(client.rows("unit-master").len(), 1, "{head}");
    }
}

#[test]
fn a_body_that_is_not_one_whole_file_part_is_refused() {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"u.csv\"";
    let bodies = [
        String::new(),
        "no multipart".to_owned(),
        "--xXx--\r\n".to_owned(),
        format!("--xXx\r\n{head}\r\n\r\n_UnitCode\nEA\n"),
        format!("--xXx\r\n{head}\r\n\r\n_UnitCode\nEA\n\r\n--xXx"),
        format!("--xXx\r\n{head}\r\n\r\n_UnitCode\nEA\n\r\n--xXx-"),
        format!("--xXx\r\n{head}\r\n\r\n_UnitCode\nEA\n\r\n--xXx--\r\nmore"),
        format!("--xXx\r\n{head}\r\n\r\n\r\n--xXx--\r\n"),
        format!("--xXx\r\n{head}\r\nX-Other: 1\r\n\r\n_UnitCode\nEA\n\r\n--xXx--\r\n"),
        format!("--xXx\r\n{head}\r\n\r\nA\n\r\n--xXx\r\n{head}\r\n\r\nB\n\r\n--xXx--\r\n"),
        format!("--xXx\r\n{head}\r\n\r\nA\n\r\n--xXx\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\nx\r\n--xXx--"),
        "--xXx\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nA\n\r\n--xXx--\r\n".to_owned(),
        "--xXx\r\nContent-Disposition: form-data; name=\"other\"; filename=\"u.csv\"\r\n\r\nA\n\r\n--xXx--\r\n".to_owned(),
    ];
    for body in bodies {
        let mut client = signed_in();
        refused(&mut client, raw_upload("unit-master", body.clone()), 400);
        assert_eq!(client.model.upload_posts(), 1, "{body}: refused ones are counted too");
    }
    let no_boundary = Request::new("POST", "/api/job/unit-master")
        .with_header("Content-Type", "application/json");
    refused(&mut signed_in(), no_boundary, 400);
}

#[test]
fn unfit_files_and_unknown_triggers_are_refused() {
    let cases = [
        ("unit-master", "units.xls", UNITS, 400),
        ("unit-master", "units", UNITS, 400),
        ("unit-master", "units.xlsx", UNITS, 400),
        ("unit-master", "units.csv", b"".as_slice(), 400),
        ("units", "units.csv", UNITS, 400),
        ("unit-master/x", "units.csv", UNITS, 400),
    ];
    for (trigger, name, bytes, status) in cases {
        refused(&mut signed_in(), upload(trigger, name, bytes), status);
    }
}

#[test]
fn the_size_limit_is_a_knob_and_off_by_default() {
    let mut client = signed_in();
    client.knobs(&json!({"assumed_upload_bytes_max": 12}));
    refused(&mut client, upload("unit-master", "u.csv", UNITS), 413);
    client.knobs(&json!({"assumed_upload_bytes_max": 13, "assumed_upload_status": 202}));
    assert_eq!(client.upload("unit-master", "u.csv", UNITS).status, 202);
}

#[test]
fn an_upload_needs_edit_of_its_area() {
    let mut client = signed_in();
    client.sign_in("viewer", local_knosc::DEFAULT_PASSWORD);
    let answer = client.upload("item-master", "items.csv", UNITS);
    assert_eq!(answer.status, 403);
    let expected =
        json!({"Message": "Not Privileged for this action", "Code": "User.NotPrivileged"});
    assert_eq!(answer.to_json(), expected);
    assert_eq!(client.post("/api/job/inventory-planning", &json!({})).status, 403);
    client.knobs(&json!({"assumed_upload_needs_edit": false}));
    assert_eq!(client.upload("item-master", "items.csv", UNITS).status, 200);
}

#[test]
fn discarded_content_is_counted_and_hashed_only() {
    let mut client = signed_in();
    client.knobs(&json!({"discard_content": true, "discarded_rows": 7}));
    let id = client.queue("unit-master", "nonsense\n");
    client.now += 1_000;
    let job = client.poll("unit-master", &id);
    assert_eq!((&job["status"], &job["rows_processed"]), (&json!("completed"), &json!(7)));
    assert!(client.rows("unit-master").is_empty());
    assert_eq!(client.model.uploads()[0].size, 9);
    client.knobs(&json!({"digest_content": false}));
    client.queue("unit-master", "nonsense\n");
    let digests: Vec<usize> =
        client.model.uploads().iter().map(|upload| upload.sha256.len()).collect();
    assert_eq!(digests, [64, 0]);
}

#[test]
fn the_last_file_can_be_downloaded() {
    let mut client = signed_in();
    assert_eq!(client.get("/api/job/unit-master").status, 404);
    client.upload("unit-master", "old.csv", b"_UnitCode\nKG\n");
    client.upload("unit-master", "exports/new.csv", UNITS);
    let answer = client.get("/api/job/unit-master");
    assert_eq!((answer.status, answer.body.as_slice()), (200, UNITS));
    assert_eq!(answer.header("Content-Disposition"), Some("attachment; filename=\"new.csv\""));
}

#[test]
fn planning_takes_no_file_and_queues_behind_itself() {
    let mut client = signed_in();
    let ids: Vec<String> = (0..2)
        .map(|_| {
            let answer = client.send(Request::new("POST", "/api/job/inventory-planning"));
            assert_eq!((answer.status, &answer.to_json()["status"]), (200, &json!("queued")));
            answer.to_json()["job_id"].as_str().unwrap().to_owned()
        })
        .collect();
    client.now += 500;
    let statuses = |client: &mut Client| -> Vec<String> {
        let status = |id: &String| {
            client.poll("inventory-planning", id)["status"].as_str().unwrap().to_owned()
        };
        ids.iter().map(status).collect()
    };
    assert_eq!(statuses(&mut client), ["running", "queued"]);
    client.now += 1_000;
    assert_eq!(statuses(&mut client), ["completed", "running"]);
    client.now += 1_000;
    assert_eq!(statuses(&mut client), ["completed", "completed"]);
}
