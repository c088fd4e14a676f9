//! Polls and the worker behind them: states over time, shapes, several jobs, integrations.

use local_knosc::IntegrationLock;
use serde_json::{Value, json};

use crate::client::{Client, START, encode, signed_in};

/// A file of so many units.
fn units(count: usize) -> String {
    let rows: Vec<String> = (1..=count).map(|n| format!("U{n}")).collect();
    format!("_UnitCode\n{}\n", rows.join("\n"))
}

fn poll_raw(client: &mut Client, query: &str) -> (u16, Value) {
    let answer = client.get(&format!("/api/job?{query}"));
    (answer.status, answer.to_json())
}

#[test]
fn a_job_goes_from_queued_over_running_to_completed() {
    let mut client = signed_in();
    client.knobs(&json!({"rows_per_second": 100, "queued_ms": 1_000}));
    let id = client.queue("unit-master", &units(1_500));
    let ids = json!({"trigger": "unit-master", "job_id": id});
    let with = |more: Value| -> Value {
        let mut job = ids.as_object().unwrap().clone();
        job.extend(more.as_object().unwrap().clone());
        job.into()
    };
    assert_eq!(client.poll("unit-master", &id), with(json!({"status": "queued"})));
    client.now = START + 1_000 + 3_400;
    let running = json!({"status": "running", "rows_processed": 340, "errors": []});
    assert_eq!(client.poll("unit-master", &id), with(running));
    client.now = START + 60_000;
    let completed = json!({"status": "completed", "rows_processed": 1500, "errors": [],
        "completed_at": "2024-06-01T08:45:38Z"});
    assert_eq!(client.poll("unit-master", &id), with(completed));
}

#[test]
fn a_failed_job_lists_row_and_message_and_no_completion() {
    let mut client = signed_in();
    let job = client.run("unit-master", "_UnitCode\nEA\nKG\nEA\n");
    let fields: Vec<&String> = job.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["errors", "job_id", "rows_processed", "status", "trigger"]);
    assert_eq!(job["status"], "failed");
    assert_eq!(job["rows_processed"], 2);
    assert_eq!(job["errors"], json!([{"row": 3, "message": "Duplicate Unit Code: EA"}]));
}

#[test]
fn the_query_may_be_compact_or_spaced_and_percent_or_plus_encoded() {
    let mut client = signed_in();
    let id = client.queue("unit-master", &units(1));
    client.now += 1_000;
    let compact = format!(r#"[{{"trigger":"unit-master","job_id":"{id}"}}]"#);
    let spaced = format!(r#"[{{"trigger": "unit-master", "job_id": "{id}"}}]"#);
    for jobs in [encode(&compact), encode(&spaced), encode(&spaced).replace("%20", "+")] {
        let (status, body) = poll_raw(&mut client, &format!("jobs={jobs}"));
        assert_eq!((status, &body["jobs"][0]["status"]), (200, &json!("completed")), "{jobs}");
        assert_eq!(body.as_object().unwrap().len(), 1);
    }
}

#[test]
fn a_poll_that_is_no_list_of_jobs_is_400() {
    let bad = [
        "",
        "jobs=",
        "jobs=x",
        "jobs={}",
        "jobs=[1]",
        "jobs=[{}]",
        r#"jobs=[{"trigger":"demand"}]"#,
    ];
    for query in bad {
        let (status, body) = poll_raw(&mut signed_in(), query);
        assert_eq!(
            (status, body),
            (400, json!({"Message": "Bad Request Format", "Code": "JSON.Invalid"})),
            "{query}"
        );
    }
    assert_eq!(poll_raw(&mut signed_in(), "jobs=[]"), (200, json!({"jobs": []})));
}

#[test]
fn several_jobs_are_answered_in_the_order_asked_and_unknown_ones_left_out() {
    let mut client = signed_in();
    let first = client.queue("unit-master", &units(1));
    let second = client.queue("warehouse-master", "_WarehouseNumber\nW1\n");
    client.now += 1_000;
    let asked = json!([
        {"trigger": "warehouse-master", "job_id": second},
        {"trigger": "unit-master", "job_id": "unit-master-upload-nobody"},
        {"trigger": "demand", "job_id": first},
        {"trigger": "unit-master", "job_id": first},
    ]);
    let query = format!("jobs={}", encode(&asked.to_string()));
    let (_, body) = poll_raw(&mut client, &query);
    let ids: Vec<&Value> =
        body["jobs"].as_array().unwrap().iter().map(|job| &job["job_id"]).collect();
    assert_eq!(ids, [&json!(second), &json!(first)]);
    client.knobs(&json!({"assumed_unknown_job": "refused"}));
    assert_eq!(poll_raw(&mut client, &query).0, 400);
}

#[test]
fn one_worker_a_tenant_takes_jobs_in_order() {
    let mut client = signed_in();
    client.knobs(&json!({"rows_per_second": 10}));
    let ids = [client.queue("unit-master", &units(10)), client.queue("unit-master", &units(20))];
    let mut seen = Vec::new();
    for at in [0, 999, 1_000, 2_999, 3_000] {
        client.now = START + at;
        let status =
            |id: &String| client.poll("unit-master", id)["status"].as_str().unwrap().to_owned();
        seen.push(ids.iter().map(status).collect::<Vec<_>>().join(" "));
    }
    let expected = [
        "running queued",
        "running queued",
        "completed running",
        "completed running",
        "completed completed",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn an_integration_holds_jobs_and_refuses_none() {
    let locks = [json!(true), json!({"ms": 5_000}), json!({"polls": 3})];
    for lock in locks {
        let mut client = signed_in();
        client.knobs(&json!({"integration_lock": lock, "rows_per_second": 1}));
        let id = client.queue("unit-master", &units(3));
        let mut seen = Vec::new();
        for step in 0..8 {
            client.now = START + step * 2_000;
            if lock == json!(true) && step == 3 {
                client.knobs(&json!({"integration_lock": false}));
            }
            let status = client.poll("unit-master", &id)["status"].as_str().unwrap().to_owned();
            if seen.last() != Some(&status) {
                seen.push(status);
            }
        }
        assert_eq!(seen, ["queued", "running", "completed"], "{lock}");
        assert_eq!(client.model.upload_posts(), 1);
    }
}

#[test]
fn a_lock_of_one_tenant_leaves_the_other_alone() {
    let mut client = signed_in();
    client.model.set_integration_lock("birch", IntegrationLock::Held, START);
    client.load("unit-master", &units(1));
}

#[test]
fn retention_and_the_queued_body_are_knobs() {
    let mut client = signed_in();
    client.knobs(
        &json!({"assumed_queued_body": "full", "queued_ms": 10, "assumed_job_retention_ms": 1_000}),
    );
    let id = client.queue("unit-master", &units(1));
    let queued = client.poll("unit-master", &id);
    assert_eq!((&queued["rows_processed"], &queued["errors"]), (&json!(0), &json!([])));
    client.now += 500;
    assert_eq!(client.poll("unit-master", &id)["status"], "completed");
    client.now += 1_000;
    assert_eq!(client.poll("unit-master", &id), Value::Null);
}
