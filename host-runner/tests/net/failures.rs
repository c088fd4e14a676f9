//! Each way to fail has its name, and says whether anything had left.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http_body_util::BodyExt;
use knosc_bulk_import::protocol;
use knosc_runner::net::{Client, NetError, OutBody, SentBytes, Timeouts, UploadMeter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scripted::{OK, Pieces, accept, client, get, listen, read_head, upload};

const SHORT: Duration = Duration::from_millis(200);
const LARGE: u64 = 64 * 1024 * 1024;

/// Sends an upload to a peer that does one thing.
async fn fails<T>(
    body: Pieces,
    timeouts: Timeouts,
    peer: impl AsyncFnOnce(TcpStream) -> T,
) -> (NetError, UploadMeter) {
    let (listener, origin) = listen().await;
    let meter = UploadMeter::new();
    let client = client(&origin, timeouts);
    let exchange = client.send(upload(&origin, body), Some(meter.clone()));
    let peer = async { peer(accept(&listener).await).await };
    let (answer, _kept) = tokio::join!(exchange, peer);
    (answer.map(|answer| answer.status()).unwrap_err(), meter)
}

#[tokio::test]
async fn refused() {
    let (listener, origin) = listen().await;
    drop(listener);
    let error = client(&origin, Timeouts::default()).send(get(&origin), None).await.err().unwrap();
    assert!(matches!(error, NetError::Connect { .. }), "{error:?}");
    assert_eq!(error.sent(), SentBytes::Nothing);
}

#[tokio::test]
async fn closed_before_and_in_the_middle_of_a_body() {
    let closed = fails(Pieces::of(LARGE), Timeouts::default(), async |mut stream| {
        read_head(&mut stream).await;
        stream.read_exact(&mut vec![0; 100_000]).await.unwrap();
    });
    let (error, meter) = closed.await;
    assert!(matches!(error, NetError::Closed { sent: SentBytes::Some, .. }), "{error:?}");
    assert!((100_000..LARGE).contains(&meter.body_bytes_max()));
}

#[tokio::test]
async fn closed_after_the_whole_body() {
    let (error, meter) = fails(Pieces::of(1000), Timeouts::default(), async |mut stream| {
        read_head(&mut stream).await;
        stream.read_exact(&mut [0; 1000]).await.unwrap();
    })
    .await;
    assert!(matches!(error, NetError::Closed { sent: SentBytes::Some, .. }), "{error:?}");
    assert_eq!(meter.body_bytes(), 1000);
}

#[tokio::test]
async fn no_answer_counts_from_the_last_byte() {
    let timeouts = Timeouts { first_answer: SHORT, ..Timeouts::default() };
    let (error, meter) = fails(Pieces::of(LARGE), timeouts, async |mut stream| {
        // The upload takes longer than the answer may: that is no fault.
        tokio::time::sleep(SHORT * 2).await;
        read_head(&mut stream).await;
        let mut left = LARGE;
        let mut buffer = vec![0; 1 << 20];
        while left > 0 {
            left -= stream.read(&mut buffer).await.unwrap() as u64;
        }
        stream
    })
    .await;
    assert!(matches!(error, NetError::AnswerTimeout(SentBytes::Some)), "{error:?}");
    assert_eq!(meter.body_bytes(), LARGE);
}

#[tokio::test]
async fn a_peer_that_takes_nothing() {
    let timeouts = Timeouts { write_stall: SHORT, ..Timeouts::default() };
    let (error, meter) = fails(Pieces::of(LARGE), timeouts, async |stream| stream).await;
    assert!(matches!(error, NetError::WriteStall(SentBytes::Some)), "{error:?}");
    assert!(meter.body_bytes_max() < LARGE);
}

#[tokio::test]
async fn an_answer_that_is_not_http_or_too_large() {
    let (error, _) = fails(Pieces::of(1), Timeouts::default(), async |mut stream| {
        stream.write_all(b"220 mail.example.com ESMTP\r\n\r\n").await.unwrap();
        stream
    })
    .await;
    assert!(matches!(error, NetError::Protocol { .. }), "{error:?}");

    let (error, _) = fails(Pieces::of(1), Timeouts::default(), async |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.unwrap();
        _ = stream.write_all(&vec![b'a'; 200_000]).await;
        stream
    })
    .await;
    assert_eq!(error, NetError::AnswerTooLarge);
}

#[tokio::test]
async fn an_answer_that_stops_or_breaks_off() {
    let timeouts = Timeouts { body_idle: SHORT, ..Timeouts::default() };
    for (keeps, expected) in [(true, "stopped in the middle"), (false, "ended")] {
        let (listener, origin) = listen().await;
        let client = client(&origin, timeouts);
        let peer = async {
            let mut stream = accept(&listener).await;
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart").await.unwrap();
            keeps.then_some(stream)
        };
        let (answer, _stream) = tokio::join!(client.send(get(&origin), None), peer);
        let error = answer.unwrap().into_body().collect().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_body_of_another_length_than_it_said() {
    for pieces in [
        Pieces { declared: 1000, given: 900, fails: false },
        Pieces { declared: 1000, given: 500, fails: true },
        Pieces { declared: 1000, given: 1001, fails: false },
    ] {
        let given = pieces.given;
        let (error, meter) = fails(pieces, Timeouts::default(), async |stream| stream).await;
        assert!(matches!(error, NetError::Body { .. }), "{given}: {error:?}");
        assert!(meter.body_bytes_max() < 1000, "{given}");
    }
}

async fn denied(client: &Client, request: http::Request<OutBody>) -> &'static str {
    match client.send(request, None).await.map(|answer| answer.status()) {
        Err(NetError::Denied(denial)) => denial.rule(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_without_one_certain_length_is_not_sent() {
    let (_listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let mut twice = upload(&origin, Pieces::of(1));
    twice.headers_mut().append(CONTENT_LENGTH, "1".parse().unwrap());
    twice.headers_mut().append(CONTENT_LENGTH, "1".parse().unwrap());
    let mut chunked = upload(&origin, Pieces::of(1));
    chunked.headers_mut().insert(TRANSFER_ENCODING, "chunked".parse().unwrap());
    let mut signed = upload(&origin, Pieces::of(1));
    signed.headers_mut().insert(CONTENT_LENGTH, "+1".parse().unwrap());
    for request in [twice, chunked, signed] {
        assert_eq!(denied(&client, request).await, "content-length");
    }
    assert_eq!(denied(&client, get("http://127.0.0.1:1")).await, "origin");
}

#[tokio::test]
async fn a_small_answer_is_cut_at_the_limit_and_its_status_kept() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let request = protocol::templates::request();
    let secret = vec![("cookie", "canary".to_owned())];
    for (max, body, cut) in [(2, "ok", false), (1, "o", true), (0, "", true)] {
        let peer = async {
            let mut stream = accept(&listener).await;
            let head = read_head(&mut stream).await;
            assert!(head.starts_with("GET /api/templates HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("host: {}\r\n", &origin["http://".len()..])), "{head}");
            assert!(
                head.contains("cookie: canary\r\n") && head.contains("user-agent: knosc-runner/")
            );
            stream.write_all(OK).await.unwrap();
        };
        let (answer, ()) = tokio::join!(client.exchange(&request, secret.clone(), max), peer);
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.cut),
            (200, body.as_bytes(), cut)
        );
    }
    let broken = client.exchange(&request, vec![("cookie", "can\nary".to_owned())], 1).await;
    let error = broken.err().unwrap();
    assert!(!format!("{error} {error:?}").contains("can"), "{error:?}");
}
