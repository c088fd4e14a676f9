//! A large upload waits for `100 Continue`: who is asked, how long, and what leaves where the server refuses.

use std::time::{Duration, Instant};

use http::StatusCode;
use knosc_runner::net::{Client, NetError, Timeouts, UploadMeter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scripted::{OK, Pieces, accept, client, listen, read_head, upload};

const LARGE: u64 = 1024 * 1024;

/// Far less than the second that a silent server is given.
const SOON: Duration = Duration::from_millis(700);

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

async fn send(
    client: &Client,
    origin: &str,
    length: u64,
) -> (Result<StatusCode, NetError>, UploadMeter) {
    let meter = UploadMeter::new();
    let answer = client.upload(upload(origin, Pieces::of(length)), Some(meter.clone())).await;
    (answer.map(|answer| answer.status()), meter)
}

async fn read_body(stream: &mut TcpStream, length: u64) {
    let mut body = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut body).await.unwrap();
}

fn expects(head: &str) -> bool {
    head.to_ascii_lowercase().contains("\r\nexpect: 100-continue\r\n")
}

#[tokio::test]
async fn only_uploads_from_a_mebibyte_on_ask() {
    for (length, expected) in [(LARGE - 1, false), (LARGE, true)] {
        let (listener, origin) = listen().await;
        let client = client(&origin, Timeouts::default());
        let peer = async {
            let mut stream = accept(&listener).await;
            let head = read_head(&mut stream).await;
            assert_eq!(expects(&head), expected, "{head}");
            if expected {
                stream.write_all(CONTINUE).await.unwrap();
            }
            read_body(&mut stream, length).await;
            stream.write_all(OK).await.unwrap();
            stream
        };
        let began = Instant::now();
        let ((answer, meter), _kept) = tokio::join!(send(&client, &origin, length), peer);
        assert_eq!(answer.unwrap(), StatusCode::OK);
        assert_eq!(meter.body_bytes(), length);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}

/// Also a server that says something else meanwhile was not asking for the body.
#[tokio::test]
async fn a_refusal_leaves_the_body_here() {
    for interim in ["", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
        let (listener, origin) = listen().await;
        let client = client(&origin, Timeouts::default());
        let peer = async {
            let mut stream = accept(&listener).await;
            read_head(&mut stream).await;
            let refusal = format!("{interim}HTTP/1.1 413 No\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(refusal.as_bytes()).await.unwrap();
            // Whatever leaves after the answer would come here.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            rest
        };
        let ((answer, meter), rest) = tokio::join!(send(&client, &origin, LARGE), peer);
        assert_eq!(answer.unwrap(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!((meter.body_bytes_max(), rest.len()), (0, 0), "{interim}");
    }
}

#[tokio::test]
async fn a_417_is_asked_once_more_without_expect() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut first = accept(&listener).await;
        assert!(expects(&read_head(&mut first).await));
        first.write_all(b"HTTP/1.1 417 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        // The second request, and then a whole new one: neither asks.
        for _ in 0..2 {
            let mut next = accept(&listener).await;
            assert!(!expects(&read_head(&mut next).await));
            read_body(&mut next, LARGE).await;
            next.write_all(OK).await.unwrap();
        }
        let mut rest = Vec::new();
        first.read_to_end(&mut rest).await.unwrap();
        rest
    };
    let uploads = async {
        for _ in 0..2 {
            let (answer, meter) = send(&client, &origin, LARGE).await;
            assert_eq!(answer.unwrap(), StatusCode::OK);
            assert_eq!(meter.body_bytes(), LARGE);
        }
    };
    let ((), rest) = tokio::join!(uploads, peer);
    assert!(rest.is_empty(), "a byte of the body left with Expect");
}

#[tokio::test]
async fn a_417_after_the_body_is_handed_on() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut stream = accept(&listener).await;
        read_head(&mut stream).await;
        stream.write_all(CONTINUE).await.unwrap();
        read_body(&mut stream, LARGE).await;
        stream.write_all(b"HTTP/1.1 417 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let ((answer, meter), _kept) = tokio::join!(send(&client, &origin, LARGE), peer);
    assert_eq!(answer.unwrap(), StatusCode::EXPECTATION_FAILED);
    assert_eq!(meter.body_bytes(), LARGE);
}

#[tokio::test]
async fn a_417_that_comes_twice_is_handed_on() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut kept = Vec::new();
        for _ in 0..2 {
            let mut stream = accept(&listener).await;
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 417 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            kept.push(stream);
        }
        kept
    };
    let ((answer, _), _kept) = tokio::join!(send(&client, &origin, LARGE), peer);
    assert_eq!(answer.unwrap(), StatusCode::EXPECTATION_FAILED);
}

/// As curl: the body leaves after a second. The next uploads do not wait.
#[tokio::test]
async fn a_silent_server_is_waited_for_once() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        for first in [true, false, false] {
            let mut stream = accept(&listener).await;
            assert_eq!(expects(&read_head(&mut stream).await), first);
            read_body(&mut stream, LARGE).await;
            stream.write_all(OK).await.unwrap();
        }
    };
    let uploads = async {
        for first in [true, false, false] {
            let began = Instant::now();
            assert_eq!(send(&client, &origin, LARGE).await.0.unwrap(), StatusCode::OK);
            assert_eq!(began.elapsed() > SOON, first, "{:?}", began.elapsed());
        }
    };
    tokio::join!(uploads, peer);
}

#[tokio::test]
async fn a_connection_that_ends_at_the_gate_sent_no_body() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut stream = accept(&listener).await;
        read_head(&mut stream).await;
    };
    let ((answer, meter), ()) = tokio::join!(send(&client, &origin, LARGE), peer);
    assert!(matches!(answer, Err(NetError::Closed { .. })), "{answer:?}");
    assert_eq!(meter.body_bytes_max(), 0);
}
