//! Whole conversations with Knosc's model, in memory: what the one side writes, the other reads.

use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::protocol::authenticate::SignIn;
use knosc_bulk_import::protocol::cookies::session_headers;
use knosc_bulk_import::protocol::upload::{Boundary, Frame};
use knosc_bulk_import::protocol::{
    Answer, Method, Request, Sent, authenticate, logout, poll, templates, token_refresh, upload,
    verify_2fa,
};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use local_knosc::{
    Config, DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_TOTP_SECRET, DEFAULT_USER, Model, Table,
    totp_code,
};

use super::NOW_MS;

pub(super) fn local_request(method: &str, target: &str) -> local_knosc::Request {
    local_knosc::Request::new(method, target)
}

/// Sends a request with more headers to the model.
pub(super) fn exchange(
    model: &mut Model,
    request: Request,
    more: &[(&'static str, String)],
    now_ms: u64,
) -> Answer {
    let method = if request.method == Method::Get { "GET" } else { "POST" };
    let mut sent = local_request(method, &request.path).with_body(request.body);
    for (name, value) in request.headers.iter().chain(more) {
        sent = sent.with_header(name, value);
    }
    let response = model.answer(DEFAULT_TENANT, &sent, now_ms);
    let headers = response.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone()));
    Answer { status: response.status, headers: headers.collect(), body: response.body, cut: false }
}

struct Client {
    model: Model,
    session: Session,
    now_ms: u64,
}

impl Client {
    fn send(&mut self, request: Request) -> Answer {
        let headers = session_headers(&self.session, request.method);
        exchange(&mut self.model, request, &headers, self.now_ms)
    }

    fn upload(&mut self, trigger: Trigger, bytes: &[u8]) -> JobReport {
        let boundary = Boundary::from_random(7);
        let frame = Frame::new(trigger, "export.csv", bytes.len() as u64, &boundary).unwrap();
        let request = Request {
            method: Method::Post,
            path: frame.path,
            headers: vec![("content-type", frame.content_type)],
            body: [frame.head.as_slice(), bytes, frame.tail.as_slice()].concat(),
        };
        let answer = self.send(request);
        upload::read(trigger, &answer, Sent::Sealed, self.now_ms).unwrap()
    }

    fn poll(&mut self, jobs: &[Job]) -> Vec<JobReport> {
        let answer = self.send(poll::request(jobs).unwrap());
        let body = answer.body.as_slice();
        poll::read(jobs, answer.status, &answer.headers, body, self.now_ms).unwrap()
    }
}

fn signed_in() -> Client {
    let mut model = Model::new(Config::default());
    let request = authenticate::request(DEFAULT_USER, DEFAULT_PASSWORD);
    let answer = exchange(&mut model, request, &[], NOW_MS);
    let Ok(SignIn::SignedIn(session)) = authenticate::read(&answer) else { panic!("{answer:?}") };
    Client { model, session, now_ms: NOW_MS }
}

/// A table of the model's own columns with one good row.
fn units() -> Vec<u8> {
    let columns = Table::of("unit-master").unwrap().columns.iter().map(|column| column.header);
    let header: Vec<&str> = columns.filter(|header| *header != local_knosc::ACTION).collect();
    format!("{}\nEA,Each,Count,1\n", header.join(",")).into_bytes()
}

#[test]
fn an_import_from_sign_in_to_logout() {
    let mut client = signed_in();
    assert!(client.session.refresh.is_some());
    let list = client.send(templates::request());
    assert!(templates::read(&list, client.now_ms).unwrap().contains("unit-master"));

    let accepted = client.upload(Trigger::UnitMaster, &units());
    assert_eq!(accepted.status, JobStatus::Queued);
    client.now_ms += 60_000;
    let polled = client.poll(std::slice::from_ref(&accepted.job));
    assert_eq!(polled[0].status, JobStatus::Completed, "{polled:?}");
    assert_eq!(polled[0].rows_processed, Some(1));
    assert!(polled[0].completed_at.is_some());

    let pair = client.session.refresh.clone().unwrap();
    let answer = exchange(&mut client.model, token_refresh::request(&pair), &[], client.now_ms);
    let renewed = token_refresh::read(&answer, &client.session).unwrap();
    assert_ne!(renewed.access_token, client.session.access_token);
    assert_eq!(renewed.refresh, client.session.refresh);
    client.session = renewed;
    assert_eq!(client.poll(&[polled[0].job.clone()])[0].status, JobStatus::Completed);
    assert_eq!(client.send(logout::request()).status, 200);
}

#[test]
fn jobs_are_found_by_name_and_not_by_place() {
    let mut client = signed_in();
    let first = client.upload(Trigger::UnitMaster, &units()).job;
    client.model.faults_mut(DEFAULT_TENANT).unwrap().jobs.errors = Some(3);
    let second = client.upload(Trigger::UnitMaster, &units()).job;
    client.now_ms += 60_000;
    let polls = &mut client.model.faults_mut(DEFAULT_TENANT).unwrap().polls;
    (polls.reorder, polls.foreign) = (true, 3);
    let unknown = Job { job_id: "unit-master-upload-zzzzzz".into(), ..first.clone() };
    let statuses: Vec<(JobStatus, usize)> = client
        .poll(&[second.clone(), unknown, first, second])
        .into_iter()
        .map(|report| (report.status, report.errors.len()))
        .collect();
    let failed = (JobStatus::Failed, 3);
    assert_eq!(
        statuses,
        [failed.clone(), (JobStatus::Missing, 0), (JobStatus::Completed, 0), failed]
    );
}

#[test]
fn a_bare_job_and_an_unknown_word() {
    let mut client = signed_in();
    let job = client.upload(Trigger::UnitMaster, &units()).job;
    let polls = &mut client.model.faults_mut(DEFAULT_TENANT).unwrap().polls;
    polls.bare = true;
    polls.status_word = Some(("paused".into(), 1));
    let report = client.poll(std::slice::from_ref(&job)).remove(0);
    assert_eq!(report, JobReport::of_status(job, JobStatus::Other("paused".into())));
}

#[test]
fn two_factors() {
    let mut model = Model::new(Config::default());
    let user = "two-factor@acme.test";
    let answer = exchange(&mut model, authenticate::request(user, DEFAULT_PASSWORD), &[], NOW_MS);
    let Ok(SignIn::OneTimeCodeRequired(first_step)) = authenticate::read(&answer) else {
        panic!("{answer:?}")
    };
    let code = totp_code(DEFAULT_TOTP_SECRET, NOW_MS).unwrap();
    let request = verify_2fa::request(user, &code, first_step.as_deref());
    let session = verify_2fa::read(&exchange(&mut model, request, &[], NOW_MS)).unwrap();
    assert_eq!(session.refresh, None);
    let mut client = Client { model, session, now_ms: NOW_MS };
    assert_eq!(client.send(templates::request()).status, 200);
}

#[test]
fn other_sign_ins() {
    let mut model = Model::new(Config::default());
    let mut sign_in = |user: &str, password: &str| {
        authenticate::read(&exchange(
            &mut model,
            authenticate::request(user, password),
            &[],
            NOW_MS,
        ))
    };
    assert_eq!(sign_in("first@acme.test", DEFAULT_PASSWORD), Ok(SignIn::FirstSignInRequired));
    let fault = sign_in("demo", "wrong").unwrap_err();
    assert_eq!(fault.refusal().unwrap().code.as_deref(), Some("User.InvalidCredentials"));
    assert_eq!(fault.advice(), knosc_bulk_import::fault::Advice::SignIn);
}
