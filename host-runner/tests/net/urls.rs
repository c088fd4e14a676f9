//! Requests that a component may make, as data.

use http::{Method, Uri};
use knosc_runner::egress::Egress;

/// What a request is answered with; the rule's name, or `uri` where the text is no URI at all.
pub(crate) const VERDICTS: [(&str, &str, &str); 79] = [
    ("GET", "https://acme.knosc.com/api/job", "ok"),
    ("GET", "https://acme.knosc.com/api/job?jobs=%5B%7B%22job_id%22%3A%22..%2F%2F%22%7D%5D", "ok"),
    ("GET", "https://ACME.knosc.com/api/templates", "ok"),
    ("GET", "HTTPS://acme.knosc.com:443/api/templates", "ok"),
    ("POST", "https://acme.knosc.com/api/job/item-master", "ok"),
    ("POST", "https://acme.knosc.com/api/job/forecast", "ok"),
    ("POST", "https://acme.knosc.com/api/authenticate", "ok"),
    ("POST", "https://acme.knosc.com/api/verify-2fa", "ok"),
    ("POST", "https://acme.knosc.com/api/token-refresh", "ok"),
    ("POST", "https://acme.knosc.com/api/logout", "ok"),
    // Another origin.
    ("GET", "http://acme.knosc.com/api/job", "origin"),
    ("GET", "ftp://acme.knosc.com/api/job", "origin"),
    ("GET", "https://birch.knosc.com/api/job", "origin"),
    ("GET", "https://knosc.com/api/job", "origin"),
    ("GET", "https://acme.knosc.io/api/job", "origin"),
    ("GET", "https://acme.knosc.com./api/job", "origin"),
    ("GET", "https://acme.knosc.com.evil.test/api/job", "origin"),
    ("GET", "https://evil-acme.knosc.com/api/job", "origin"),
    ("GET", "https://acme.knosc.com:8443/api/job", "origin"),
    ("GET", "https://acme.knosc.com:80/api/job", "origin"),
    ("GET", "https://acme.knosc.com:/api/job", "origin"),
    ("GET", "https://acme.knosc.com:00443/api/job", "ok"),
    ("GET", "https://acme.knosc.com:65979/api/job", "origin"),
    ("GET", "https://127.0.0.1/api/job", "origin"),
    ("GET", "https://2130706433/api/job", "origin"),
    ("GET", "https://0x7f.1/api/job", "origin"),
    ("GET", "https://0177.0.0.1/api/job", "origin"),
    ("GET", "https://[::1]/api/job", "origin"),
    ("GET", "https://[::ffff:7f00:1]/api/job", "origin"),
    ("GET", "https://169.254.169.254/latest/meta-data", "origin"),
    ("GET", "https://localhost/api/job", "origin"),
    ("GET", "https://xn--acm-8ma.knosc.com/api/job", "origin"),
    ("GET", "/api/job", "origin"),
    ("GET", "acme.knosc.com:443", "origin"),
    ("GET", "*", "origin"),
    // A user name.
    ("GET", "https://me@acme.knosc.com/api/job", "user-info"),
    ("GET", "https://me:pw@acme.knosc.com/api/job", "user-info"),
    ("GET", "https://acme.knosc.com@evil.test/api/job", "user-info"),
    ("GET", "https://@acme.knosc.com/api/job", "user-info"),
    // No URI.
    ("GET", "https://acme.knosc.com\\.evil.test/api/job", "uri"),
    ("GET", "https://acme.knosc.com /api/job", "uri"),
    ("GET", "https://acme.knosc.com/api/job\r\nx: y", "uri"),
    ("GET", "https://acm\u{e9}.knosc.com/api/job", "uri"),
    ("GET", "https://[::1%25eth0]/api/job", "origin"),
    ("GET", "https:///api/job", "uri"),
    ("GET", "https://evil.test#@acme.knosc.com/api/job", "origin"),
    // Methods.
    ("PUT", "https://acme.knosc.com/api/job", "method"),
    ("DELETE", "https://acme.knosc.com/api/job", "method"),
    ("PATCH", "https://acme.knosc.com/api/job", "method"),
    ("HEAD", "https://acme.knosc.com/api/job", "method"),
    ("OPTIONS", "https://acme.knosc.com/api/job", "method"),
    ("CONNECT", "https://acme.knosc.com/api/job", "method"),
    ("TRACE", "https://acme.knosc.com/api/job", "method"),
    ("get", "https://acme.knosc.com/api/job", "method"),
    // Paths that two readers may read differently.
    ("GET", "https://acme.knosc.com//evil.test/api/job", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api//job", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api/../api/job", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api/./job", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api/job/..", "ambiguous-path"),
    ("POST", "https://acme.knosc.com/api/job/item-master/../../user", "ambiguous-path"),
    ("POST", "https://acme.knosc.com/api/job%2fitem-master", "ambiguous-path"),
    ("POST", "https://acme.knosc.com/api/job/%2e%2e/user", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api/job;x=1", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api/%6aob", "ambiguous-path"),
    ("GET", "https://acme.knosc.com/api/https://evil.test", "ambiguous-path"),
    // Other paths, or the other method.
    ("GET", "https://acme.knosc.com/", "path"),
    ("GET", "https://acme.knosc.com/api", "path"),
    ("GET", "https://acme.knosc.com/api/job/", "path"),
    ("GET", "https://acme.knosc.com/api/jobs", "path"),
    ("GET", "https://acme.knosc.com/API/job", "path"),
    ("GET", "https://acme.knosc.com/api/user", "path"),
    ("GET", "https://acme.knosc.com/api/job/item-master", "path"),
    ("POST", "https://acme.knosc.com/api/job", "path"),
    ("POST", "https://acme.knosc.com/api/job/inventory-planning", "path"),
    ("POST", "https://acme.knosc.com/api/job/item-master/x", "path"),
    ("POST", "https://acme.knosc.com/api/templates", "path"),
    ("GET", "https://acme.knosc.com/api/logout", "path"),
    // A query where there is none.
    ("POST", "https://acme.knosc.com/api/job/item-master?action=x", "query"),
    ("GET", "https://acme.knosc.com/api/templates?next=//evil.test", "query"),
];

#[test]
fn only_the_routes_of_the_import_are_allowed() {
    let egress = Egress::knosc(&"https://acme.knosc.com".parse().unwrap());
    let mut wrong = Vec::new();
    for (method, uri, expected) in VERDICTS {
        let verdict = match uri.parse::<Uri>() {
            Err(_) => "uri",
            Ok(uri) => match egress.allows(&method.parse::<Method>().unwrap(), &uri) {
                Ok(()) => "ok",
                Err(denial) => {
                    assert!(!denial.hint().is_empty());
                    denial.rule()
                }
            },
        };
        if verdict != expected {
            wrong.push(format!("{method} {uri}: {verdict}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_denial_repeats_neither_a_query_nor_an_endless_path() {
    let egress = Egress::knosc(&"https://acme.knosc.com".parse().unwrap());
    let long = format!("https://acme.knosc.com/{}?canary=1", "a".repeat(5000));
    for uri in [long.as_str(), "https://evil.test/api/job?canary=1"] {
        let denial = egress.allows(&Method::GET, &uri.parse().unwrap()).unwrap_err().to_string();
        assert!(denial.len() < 250 && !denial.contains("canary"), "{denial}");
    }
}

#[test]
fn a_loopback_origin_has_its_port() {
    let egress = Egress::knosc(&"http://acme.localhost:8080".parse().unwrap());
    let allows = |uri: &str| egress.allows(&Method::GET, &uri.parse().unwrap()).is_ok();
    assert!(allows("http://acme.localhost:8080/api/job"));
    assert!(!allows("http://acme.localhost/api/job"));
    assert!(!allows("http://acme.localhost:8081/api/job"));
    assert!(!allows("https://acme.localhost:8080/api/job"));
    assert!(!allows("http://127.0.0.1:8080/api/job"));
}
