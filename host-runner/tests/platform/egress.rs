//! Where a pipeline may go: origins, methods and paths that its operator granted, and what its requests carry.

use std::fmt::Write as _;

use knosc_runner::platform::{PipelineDenial, PipelineEnd, Submission};

use crate::host::{Host, TOKEN};
use crate::peer::Peer;
use crate::template;
use What::{Arrives, Denied, Unsent};

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq)]
enum What {
    Arrives,
    /// By this rule.
    Denied(&'static str),
    /// What it is made from is refused, so that there is no request.
    Unsent,
}

/// Methods as `wasi:http` numbers them; the others are words.
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Granted: GET and POST of `/well` and what is below it, at the peer. `PEER`, `KNOSC` and `OTHER` stand for authorities.
const REQUESTS: [(&str, &str, &str, What); 38] = [
    ("GET", "http://PEER", "/well", Arrives),
    ("POST", "http://PEER", "/well", Arrives),
    ("GET", "http://PEER", "/well/deeper?since=2026-01-01&x=/../..", Arrives),
    ("GET", "http://PEER", "/well/", Arrives),
    // Answered with a redirect, which nobody follows: the peer would see it.
    ("GET", "http://PEER", "/well/moved", Arrives),
    ("HEAD", "http://PEER", "/well", Denied("method")),
    ("PUT", "http://PEER", "/well", Denied("method")),
    ("DELETE", "http://PEER", "/well", Denied("method")),
    ("CONNECT", "http://PEER", "/well", Denied("method")),
    ("OPTIONS", "http://PEER", "/well", Denied("method")),
    ("TRACE", "http://PEER", "/well", Denied("method")),
    ("PATCH", "http://PEER", "/well", Denied("method")),
    ("BREW", "http://PEER", "/well", Denied("method")),
    ("get", "http://PEER", "/well", Denied("method")),
    ("GET X", "http://PEER", "/well", Unsent),
    ("GET", "http://PEER", "/", Denied("path")),
    ("GET", "http://PEER", "/other", Denied("path")),
    ("GET", "http://PEER", "/wellness", Denied("path")),
    ("GET", "http://PEER", "/well-b", Denied("path")),
    ("GET", "http://PEER", "/WELL", Denied("path")),
    ("GET", "http://PEER", "//well", Denied("path")),
    ("GET", "http://PEER", "/other/well", Denied("path")),
    ("GET", "http://PEER", "/well/../other", Denied("path")),
    ("GET", "http://PEER", "/well/./x", Denied("path")),
    ("GET", "http://PEER", "/well/%2e%2e/other", Denied("path")),
    ("GET", "http://PEER", "/well/%2E./other", Denied("path")),
    ("GET", "http://PEER", "/well%2f..%2fother", Denied("path")),
    ("GET", "http://PEER", "/?/well", Denied("path")),
    ("GET", "http://KNOSC", "/well", Denied("knosc")),
    ("POST", "http://KNOSC", "/api/job/demand", Denied("knosc")),
    ("GET", "http://KNOSC", "/api/job", Denied("knosc")),
    ("POST", "http://KNOSC", "/api/authenticate", Denied("knosc")),
    ("GET", "http://OTHER", "/well", Denied("origin")),
    ("GET", "https://PEER", "/well", Denied("origin")),
    ("GET", "http://localhost", "/well", Denied("origin")),
    ("GET", "http://PEER@OTHER", "/well", Denied("origin")),
    ("GET", "http://user:word@KNOSC", "/api/job", Denied("origin")),
    ("GET", "http://169.254.169.254", "/well", Denied("origin")),
];

/// Makes one request, waits for its answer and lets it go.
const TRY: &str = "
  (func $try (param $m i32) (param $mp i32) (param $ml i32) (param $scheme i32)
      (param $a i32) (param $al i32) (param $p i32) (param $pl i32)
    (local $r i32) (local $f i32)
    (local.set $r (call $request (call $fields)))
    (if (call $set-method (local.get $r) (local.get $m) (local.get $mp) (local.get $ml)) (then (return)))
    (if (call $set-path (local.get $r) (i32.const 1) (local.get $p) (local.get $pl)) (then (return)))
    (if (call $set-scheme (local.get $r) (i32.const 1) (local.get $scheme) (i32.const 0) (i32.const 0)) (then (return)))
    (if (call $set-authority (local.get $r) (i32.const 1) (local.get $a) (local.get $al)) (then (return)))
    (call $handle (local.get $r) (i32.const 0) (i32.const 0) (i32.const 128))
    (if (i32.load8_u (i32.const 128)) (then (return)))
    (local.set $f (i32.load (i32.const 136)))
    (call $block (call $answered (local.get $f)))
    (call $answer (local.get $f) (i32.const 256))
    (if (i32.eqz (i32.load8_u (i32.const 272))) (then (call $drop-response (i32.load (i32.const 280))))))
";

/// A pipeline that makes each of the requests.
fn component(urls: &[(String, String)]) -> Vec<u8> {
    let (mut fields, mut body, mut at) = (TRY.to_owned(), String::new(), 16 * 1024);
    let mut placed = |text: &str| {
        writeln!(fields, "(data (i32.const {at}) \"{text}\")").unwrap();
        let place = format!("(i32.const {at}) (i32.const {})", text.len());
        at += text.len();
        place
    };
    for ((method, _, path, _), (scheme, authority)) in REQUESTS.iter().zip(urls) {
        let known = METHODS.iter().position(|known| known == method);
        let number = known.unwrap_or(METHODS.len());
        let scheme = usize::from(scheme == "https");
        writeln!(
            body,
            "(call $try (i32.const {number}) {} (i32.const {scheme}) {} {})",
            placed(method),
            placed(authority),
            placed(path)
        )
        .unwrap();
    }
    body += "(i32.const 16)";
    let text = template::text("", &fields, &body, "a", "b");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_goes_where_its_operator_said_and_nowhere_else() {
    let (peer, other) = (Peer::start(), Peer::start());
    let grant = format!(
        "[[tenant.egress]]\norigin = \"http://{}\"\nmethods = [\"GET\", \"POST\"]\npaths = [\"/well\"]\nheader.x-erp-token = TOKEN\n",
        peer.authority()
    );
    let host = Host::start("", &grant);
    let knosc = host.knosc.address().to_string();
    let urls: Vec<(String, String)> = REQUESTS
        .iter()
        .map(|(_, origin, _, _)| {
            let (scheme, authority) = origin.split_once("://").unwrap();
            let authority = authority
                .replace("PEER", peer.authority())
                .replace("KNOSC", &knosc)
                .replace("OTHER", other.authority());
            (scheme.to_owned(), authority)
        })
        .collect();
    let submission = Submission {
        component: component(&urls),
        inputs: Vec::new(),
        settings: Vec::new(),
        limits: None,
    };
    let report = host.platform.submit("acme", submission).await.unwrap().report().await;
    assert_eq!(report.end, PipelineEnd::Returned(Ok(String::new())));

    let denied: Vec<_> = report.denials.iter().map(PipelineDenial::rule).collect();
    let expected: Vec<_> = REQUESTS
        .iter()
        .filter_map(|(.., what)| if let Denied(rule) = what { Some(*rule) } else { None })
        .collect();
    assert_eq!(denied, expected, "{:#?}", report.denials);
    let heads = peer.heads();
    let arrived: Vec<_> = heads.iter().map(|head| head.lines().next().unwrap()).collect();
    let expected: Vec<_> = REQUESTS
        .iter()
        .filter(|(.., what)| *what == Arrives)
        .map(|(method, _, path, _)| format!("{method} {path} HTTP/1.1"))
        .collect();
    assert_eq!(arrived, expected);
    // The peer set a cookie with its first answer; the operator's token comes from outside of the pipeline.
    for head in &heads {
        assert!(!head.to_ascii_lowercase().contains("\r\ncookie:"), "{head}");
        assert!(head.contains(&format!("x-erp-token: {TOKEN}\r\n")), "{head}");
    }
    assert_eq!((other.accepted(), host.knosc.model().requests().count()), (0, 0));
    for denial in &report.denials {
        assert!(!denial.hint().is_empty() && !denial.hint().contains("word"), "{denial:?}");
    }
    assert!(
        host.audit().contains(" denied \"method: BREW was not granted for "),
        "{}",
        host.audit()
    );
    assert_eq!(report.denied, report.denials.len() as u64);
    assert_eq!(host.platform.counters().0["acme"].denials, report.denied);
}
