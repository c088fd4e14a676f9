//! A client of the model for the tests: keeps cookies by path, adds the CSRF header, turns the clock by hand.
//! Holds no assertion about Knosc; those are in the tests.

use std::collections::BTreeMap;

use local_knosc::{Config, DEFAULT_PASSWORD, Model, Request, Response, Table};
use serde_json::{Value, json};

/// The moment at which every test begins: the one of the documented sample, 2024-06-01T08:45:22Z.
pub(crate) const START: u64 = 1_717_231_522_000;

pub(crate) struct Client {
    pub(crate) model: Model,
    pub(crate) tenant: String,
    pub(crate) now: u64,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// A client that signed in as the default user.
pub(crate) fn signed_in() -> Client {
    let mut client = stranger();
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).status, 200);
    client
}

/// A client without a session.
pub(crate) fn stranger() -> Client {
    Client {
        model: Model::new(Config::default()),
        tenant: "acme".into(),
        now: START,
        cookies: BTreeMap::new(),
    }
}

impl Client {
    /// Sends a request with the cookies of its path and, for a state-changing method, the right CSRF header.
    pub(crate) fn send(&mut self, request: Request) -> Response {
        let refresh = request.path == "/api/token-refresh";
        let fits = |name: &str| refresh || !name.contains("refresh");
        let cookies: Vec<String> =
            self.cookies.iter().filter(|(n, _)| fits(n)).map(|(n, v)| format!("{n}={v}")).collect();
        let mut request = request;
        if !cookies.is_empty() {
            request = request.with_header("Cookie", &cookies.join("; "));
        }
        let csrf = if refresh { "csrf_refresh_token" } else { "csrf_access_token" };
        if let Some(value) = self.cookies.get(csrf).filter(|_| request.method != "GET") {
            request = request.with_header("X-XSRF-TOKEN", value);
        }
        self.send_as_is(&request)
    }

    /// Sends exactly this, and keeps the cookies of the answer.
    pub(crate) fn send_as_is(&mut self, request: &Request) -> Response {
        let answer = self.model.answer(&self.tenant, request, self.now);
        self.cookies.extend(answer.set_cookies());
        self.cookies.retain(|_, value| !value.is_empty());
        answer
    }

    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.send(Request::new("GET", target))
    }

    pub(crate) fn post(&mut self, target: &str, body: &Value) -> Response {
        let request = Request::new("POST", target).with_header("Content-Type", "application/json");
        self.send(request.with_body(body.to_string()))
    }

    pub(crate) fn sign_in(&mut self, user: &str, password: &str) -> Response {
        self.post("/api/authenticate", &json!({"username": user, "password": password}))
    }

    pub(crate) fn knobs(&mut self, knobs: &Value) {
        self.model.turn(&self.tenant.clone(), knobs.to_string().as_bytes(), self.now).unwrap();
    }

    /// Uploads, and gives the whole answer.
    pub(crate) fn upload(&mut self, trigger: &str, name: &str, bytes: &[u8]) -> Response {
        self.send(upload(trigger, name, bytes))
    }

    /// Uploads a CSV file and gives the job's id.
    pub(crate) fn queue(&mut self, trigger: &str, csv: &str) -> String {
        let answer = self.upload(trigger, "export.csv", csv.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.to_json());
        answer.to_json()["job_id"].as_str().unwrap().to_owned()
    }

    /// Polls one job.
    pub(crate) fn poll(&mut self, trigger: &str, id: &str) -> Value {
        let jobs = json!([{"trigger": trigger, "job_id": id}]).to_string();
        let answer = self.get(&format!("/api/job?jobs={}", encode(&jobs)));
        assert_eq!(answer.status, 200, "{}", answer.to_json());
        answer.to_json()["jobs"][0].clone()
    }

    /// Uploads a CSV file, waits for a minute of the model's time, and gives the job.
    pub(crate) fn run(&mut self, trigger: &str, csv: &str) -> Value {
        let id = self.queue(trigger, csv);
        self.now += 60_000;
        self.poll(trigger, &id)
    }

    /// As [`Client::run`], and the job has to complete.
    pub(crate) fn load(&mut self, trigger: &str, csv: &str) {
        let job = self.run(trigger, csv);
        assert_eq!(job["status"], "completed", "{job}");
    }

    /// Loads one master of each kind, so that transactions have something to refer to.
    pub(crate) fn load_masters(&mut self) {
        for (trigger, row) in MASTERS {
            self.load(trigger, &file(trigger, &[row]));
        }
    }

    pub(crate) fn rows(&mut self, trigger: &str) -> Vec<Vec<String>> {
        let tenant = self.tenant.clone();
        self.model.rows(&tenant, trigger, self.now)
    }

    /// Gives one column of what is stored.
    pub(crate) fn column(&mut self, trigger: &str, header: &str) -> Vec<String> {
        let at =
            Table::of(trigger).unwrap().columns.iter().position(|c| c.header == header).unwrap();
        self.rows(trigger).into_iter().map(|row| row[at].clone()).collect()
    }
}

/// A good row of each trigger, all columns but the action, in the documented order of loading.
pub(crate) const MASTERS: [(&str, &str); 5] = [
    ("unit-master", "EA,Each,Count,1"),
    ("warehouse-master", "W1,Main,1 Dock Road,Active"),
    ("supplier-master", "S1,Supplier,s@s.test,1,Active,,"),
    ("customer-master", "C1,Customer,c@c.test,1,Active,,"),
    ("item-master", "I1,Pump,Component,Active,,,EA"),
];
pub(crate) const TRANSACTIONS: [(&str, &str); 8] = [
    ("external-item-master", "I1,X1,EDI,Ext,Active"),
    ("bill-of-materials", "B1,I1,Active,I1,2,EA"),
    ("supplier-allocation", "I1,S1,100,1,Active"),
    ("inventory", "I1,,W1,5,2024-06-01,V1"),
    ("procurement", "P1,S1,Open,2024-06-01,I1,,W1,,5,1.5,2024-07-01,1"),
    ("demand", "O1,C1,Open,2024-06-01,I1,,W1,,5,2024-07-01,1"),
    ("manufacturing", "M1,W1,Open,2024-06-01,I1,,5,2024-06-02,2024-06-03,1"),
    ("forecast", "F1,Active,I1,W1,C1,5,2024-07-01,1"),
];

/// A CSV file with every column but the action.
pub(crate) fn file(trigger: &str, rows: &[&str]) -> String {
    let columns = Table::of(trigger).unwrap().columns.iter().map(|c| c.header);
    let header: Vec<&str> = columns.filter(|h| *h != local_knosc::ACTION).collect();
    format!("{}\n{}\n", header.join(","), rows.join("\n"))
}

/// A CSV file with every column; the action is the last.
pub(crate) fn file_with_action(trigger: &str, rows: &[&str]) -> String {
    format!("{}{}\n", Table::of(trigger).unwrap().template(), rows.join("\n"))
}

/// An upload as curl sends it.
pub(crate) fn upload(trigger: &str, name: &str, bytes: &[u8]) -> Request {
    let mut body = format!(
        "--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--xXx--\r\n");
    raw_upload(trigger, body)
}

/// An upload with any body of boundary `xXx`.
pub(crate) fn raw_upload(trigger: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", &format!("/api/job/{trigger}"))
        .with_header("Content-Type", "multipart/form-data; boundary=xXx")
        .with_body(body)
}

/// Percent-encodes everything but letters and digits.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}
