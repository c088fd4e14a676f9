//! The server: hosts, bodies that break off, early answers, dropped connections, and the command.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use local_knosc::{
    AnswerFault, Config, DEFAULT_PASSWORD, Running, Server, ServerError, When, spawn,
};
use serde_json::{Value, json};

/// Sends bytes on a connection of their own, and reads until the server closes it.
fn exchange(address: SocketAddr, bytes: &[u8], close_after: bool) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // A server that answered early may have closed already.
    _ = stream.write_all(bytes);
    if close_after {
        _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(method: &str, path: &str, host: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Signs in and gives the headers of a session.
fn session(knosc: &Running) -> String {
    let body = json!({"username": "demo", "password": DEFAULT_PASSWORD}).to_string();
    let bytes = request(
        "POST",
        "/api/authenticate",
        "localhost",
        "Content-Type: application/json\r\n",
        &body,
    );
    let answer = exchange(knosc.address(), &bytes, false);
    let value = |name: &str| {
        let start = answer.find(&format!("{name}=")).unwrap() + name.len() + 1;
        answer[start..].split(';').next().unwrap().to_owned()
    };
    format!(
        "Cookie: access_token_cookie={}\r\nX-XSRF-TOKEN: {}\r\n",
        value("access_token_cookie"),
        value("csrf_access_token")
    )
}

const HEAD: &str =
    "--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"u.csv\"\r\n\r\n_UnitCode\n";
const TYPE: &str = "Content-Type: multipart/form-data; boundary=xXx\r\n";

fn upload(session: &str) -> Vec<u8> {
    let body = format!("{HEAD}EA\n\r\n--xXx--\r\n");
    request("POST", "/api/job/unit-master", "localhost", &format!("{session}{TYPE}"), &body)
}

/// Waits until the server is through with a request that nobody reads the answer of.
fn wait_for_log(knosc: &Running, requests: usize) {
    wait_until(|| knosc.model().requests().count() >= requests);
}

fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !done() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn an_upload_arrives_over_the_socket() {
    let knosc = spawn(Config::default()).unwrap();
    let session = session(&knosc);
    let answer = exchange(knosc.address(), &upload(&session), false);
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("unit-master-upload-"),
        "{answer}"
    );
    let now = knosc.now_ms() + 1_000;
    assert_eq!(knosc.model().rows("acme", "unit-master", now).len(), 1);
    assert!(knosc.url().starts_with("http://127.0.0.1:"));
    assert_eq!(
        knosc.tenant_url("birch"),
        format!("http://birch.localhost:{}", knosc.address().port())
    );
}

#[test]
fn an_upload_that_breaks_off_is_never_queued() {
    let knosc = spawn(Config::default()).unwrap();
    let session = session(&knosc);
    let head = |more: &str| {
        format!(
            "POST /api/job/unit-master HTTP/1.1\r\nHost: localhost\r\n{session}{TYPE}{more}\r\n\r\n"
        )
    };
    let whole = format!("{HEAD}EA\n\r\n--xXx--\r\n");
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let broken = [
        // Fewer bytes than announced, in the file and after the closing boundary.
        format!("{}{HEAD}", head("Content-Length: 500")),
        format!("{}{whole}", head(&format!("Content-Length: {}", whole.len() + 1))),
        // Chunks without an end, in the file and after the closing boundary.
        format!("{}{}", head("Transfer-Encoding: chunked"), chunk(HEAD)),
        format!("{}{}", head("Transfer-Encoding: chunked"), chunk(&whole)),
        // A whole body without the closing boundary.
        format!("{}{HEAD}", head(&format!("Content-Length: {}", HEAD.len()))),
    ];
    for (number, bytes) in (2..).zip(&broken) {
        let mut stream = TcpStream::connect(knosc.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        // Its head has arrived: a connection that ends sooner is no upload at all, and hyper does not show it to the model.
        wait_until(|| usize::try_from(knosc.model().upload_posts()) == Ok(number - 1));
        stream.shutdown(Shutdown::Write).unwrap();
        _ = stream.read_to_end(&mut Vec::new());
        wait_for_log(&knosc, number);
        assert!(knosc.model().uploads().is_empty(), "{bytes}");
    }
    assert_eq!(knosc.model().upload_posts(), 5);
    let chunked = format!(
        "{}{}0\r\n\r\n",
        head("Transfer-Encoding: chunked\r\nConnection: close"),
        chunk(&whole)
    );
    assert!(exchange(knosc.address(), chunked.as_bytes(), false).starts_with("HTTP/1.1 200"));
    assert_eq!(knosc.model().uploads().len(), 1);
}

#[test]
fn the_host_names_the_tenant() {
    let knosc = spawn(Config::default()).unwrap();
    let sign_in = |host: &str, user: &str| {
        let body = json!({"username": user, "password": DEFAULT_PASSWORD}).to_string();
        let bytes =
            request("POST", "/api/authenticate", host, "Content-Type: application/json\r\n", &body);
        exchange(knosc.address(), &bytes, false)[9..12].to_owned()
    };
    let port = knosc.address().port();
    for (host, user, status) in [
        (format!("127.0.0.1:{port}"), "demo@acme.test", "200"),
        (format!("acme.localhost:{port}"), "demo@acme.test", "200"),
        (format!("birch.localhost:{port}"), "demo@birch.test", "200"),
        (format!("birch.localhost:{port}"), "demo@acme.test", "401"),
        (format!("cedar.localhost:{port}"), "demo@acme.test", "404"),
    ] {
        assert_eq!(sign_in(&host, user), status, "{host}");
    }
}

#[test]
fn an_early_answer_does_not_wait_for_the_body() {
    let knosc = spawn(Config::default()).unwrap();
    let fault = AnswerFault { when: When::Early, status: Some(413), ..AnswerFault::default() };
    knosc.model().faults_mut("acme").unwrap().answers.push(fault);
    let head = format!(
        "POST /api/job/demand HTTP/1.1\r\nHost: localhost\r\n{TYPE}Content-Length: 1000000\r\n\r\n"
    );
    let mut stream = TcpStream::connect(knosc.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 413"), "{line}");
}

#[test]
fn answers_are_dropped_and_cut() {
    let knosc = spawn(Config::default()).unwrap();
    let session = session(&knosc);
    let arm = |fault| knosc.model().faults_mut("acme").unwrap().answers.push(fault);
    arm(AnswerFault { drop: true, ..AnswerFault::default() });
    assert_eq!(exchange(knosc.address(), &upload(&session), false), "", "accepted, and not a word");
    arm(AnswerFault { truncate: Some(5), ..AnswerFault::default() });
    let cut = exchange(knosc.address(), &upload(&session), false);
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    let length = head
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
        .to_owned();
    assert!(body.len() == 5 && length.parse::<usize>().unwrap() > 5, "{cut}");
    assert_eq!(knosc.model().uploads().len(), 2);
}

#[test]
fn a_large_upload_is_counted_without_being_held() {
    let mut config = Config::default();
    config.knobs.discard_content = true;
    let knosc = spawn(config).unwrap();
    let session = session(&knosc);
    let file = vec![b'x'; 32 << 20];
    let head =
        "--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"i.xlsx\"\r\n\r\n";
    let tail = "\r\n--xXx--\r\n";
    let length = head.len() + file.len() + tail.len();
    let mut stream = TcpStream::connect(knosc.address()).unwrap();
    let lines = format!(
        "POST /api/job/item-master HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{session}{TYPE}"
    );
    stream.write_all(format!("{lines}Content-Length: {length}\r\n\r\n{head}").as_bytes()).unwrap();
    stream.write_all(&file).unwrap();
    stream.write_all(tail.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(knosc.model().uploads()[0].size, 32 << 20);
}

#[test]
fn other_addresses_than_loopback_are_refused() {
    let bound = Server::bind(Config::default(), SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    assert!(matches!(bound, Err(ServerError::NotLoopback(_))));
}

#[test]
fn a_dropped_server_stops_listening() {
    let knosc = spawn(Config::default()).unwrap();
    let address = knosc.address();
    drop(knosc);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_command_prints_its_address_and_stops_on_a_signal() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_local-knosc"))
        .args([
            "serve",
            "--port",
            "0",
            "--print-url",
            "--password-env",
            "KNOSC_TEST_PASSWORD",
            "--rows-per-second",
            "7",
        ])
        .env("KNOSC_TEST_PASSWORD", "another-password")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let knobs = exchange(address, &request("GET", "/_local/knobs", "localhost", "", ""), false);
    let knobs: Value = serde_json::from_str(knobs.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(knobs["knobs"]["rows_per_second"], 7);
    let body = json!({"username": "demo", "password": "another-password"}).to_string();
    let sign_in = request(
        "POST",
        "/api/authenticate",
        "localhost",
        "Content-Type: application/json\r\n",
        &body,
    );
    assert!(exchange(address, &sign_in, false).starts_with("HTTP/1.1 200"));
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success() && child.wait().unwrap().success());
    assert!(lines.next().is_none(), "one line and no more");
}

#[test]
fn the_command_refuses_what_it_cannot_do() {
    let cases: [&[&str]; 4] = [
        &["serve", "--password-env", "KNOSC_TEST_NOT_SET"],
        &["serve", "--address", "0.0.0.0"],
        &["serve", "--knobs", "/nonexistent/knobs.json"],
        &["serve", "--no-such-flag"],
    ];
    for arguments in cases {
        let output =
            Command::new(env!("CARGO_BIN_EXE_local-knosc")).args(arguments).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
