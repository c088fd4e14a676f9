//! A template whose link leads to another origin: two servers on loopback, each on a port of its own.
//!
//! The other one keeps what it was asked, to the last byte.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use local_knosc::Running;

use super::place::{Place, knosc, run};
use super::scenario::turn;

const TEMPLATE: &str = "_UnitCode,_UnitName,_UnitType,_Multiplier\r\n";

/// Another server, whose answer is given; what it was asked.
fn another(answer: String) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                request.push(byte[0]);
            }
            keep.lock().unwrap().push(String::from_utf8(request).unwrap());
            _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

fn file_answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// Knosc, whose list has one link, to the other server.
fn knosc_with_link(port: u16) -> Running {
    let knosc = knosc();
    let link = format!("http://127.0.0.1:{port}/files/unit-master.csv?signature=1");
    let list = serde_json::json!({ "unit-master": link }).to_string();
    let answer = serde_json::json!({ "path": "/api/templates", "times": 9, "body": list });
    turn(&knosc, &serde_json::json!({ "faults": { "answers": [answer] } }).to_string());
    knosc
}

#[test]
fn a_template_of_another_origin_is_fetched_where_that_is_named_and_without_the_session() {
    let (port, asked) = another(file_answer(TEMPLATE));
    let knosc = knosc_with_link(port);
    let place = Place::new("template-elsewhere");
    let verb = |words: &[&str]| run(&mut place.runner(&knosc.url(), words));
    let signed_in = verb(&["login"]);
    assert_eq!(signed_in.exit, 0, "{signed_in:?}");

    let third = "--allow-origin=https://files.example.com";
    let neighbour = format!("--allow-origin=http://127.0.0.1:{}", knosc.address().port());
    for more in [&[][..], &[third], &[&neighbour]] {
        for verb_words in [
            &["template", "get", "unit-master"][..],
            &["template", "diff", "unit-master", "units.csv"],
        ] {
            place.export("unit-master.csv", "units.csv");
            let refused = verb(&[verb_words, more].concat());
            assert_eq!(refused.exit, 11, "{refused:?}");
            assert!(refused.stderr.contains("say --allow-origin ORIGIN"), "{refused:?}");
        }
    }
    assert!(asked.lock().unwrap().is_empty(), "asked though nobody said so");

    let origin = format!("http://127.0.0.1:{port}");
    let got = verb(&["template", "get", "unit-master", "--allow-origin", &origin]);
    assert_eq!(got.exit, 0, "{got:?}");
    let saved = std::fs::read_to_string(place.path().join("unit-master.csv")).unwrap();
    assert_eq!(saved, TEMPLATE);
    let same = run(place
        .runner(&knosc.url(), &["template", "diff", "unit-master"])
        .env("KNOSC_ALLOW_ORIGIN", &origin));
    assert_eq!(same.exit, 0, "kept by get, and the same: {same:?}");

    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2, "{asked:?}");
    for request in asked.iter() {
        assert!(request.starts_with("GET /files/unit-master.csv?signature=1 HTTP/1.1\r\n"));
        let names: Vec<String> = request
            .lines()
            .skip(1)
            .filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
            .collect();
        // Every header there is: no cookie, no CSRF token, no authorization, no trace.
        assert!(
            names
                .iter()
                .all(|name| ["host", "user-agent", "content-length"].contains(&name.as_str())),
            "{request}"
        );
    }
    // Knosc's own were asked with the session, so that there was one to leave out.
    let model = knosc.model();
    let lists = model.requests().filter(|request| request.path == "/api/templates").count();
    assert!(lists >= 8, "{lists}");
}

#[test]
fn what_another_origin_refuses_or_redirects_is_no_template() {
    for (head, exit) in [
        ("HTTP/1.1 403 Forbidden\r\n", 2),
        ("HTTP/1.1 302 Found\r\nlocation: /elsewhere.csv\r\n", 2),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n", 2),
    ] {
        let (port, asked) =
            another(format!("{head}content-length: 4\r\nconnection: close\r\n\r\nno\r\n"));
        let knosc = knosc_with_link(port);
        let place = Place::new("template-elsewhere-refused");
        let origin = format!("http://127.0.0.1:{port}");
        let words = ["template", "get", "unit-master", "--allow-origin", &origin];
        let refused = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!(refused.exit, exit, "{head}: {refused:?}");
        assert!(refused.stderr.contains(&origin), "{refused:?}");
        assert!(!place.path().join("unit-master.csv").exists());
        assert_eq!(asked.lock().unwrap().len(), 1, "no redirect is followed");
    }
}
