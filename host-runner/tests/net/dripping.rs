//! Answers that always move and never end: their time is bounded as a whole.

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use knosc_bulk_import::protocol::templates;
use knosc_runner::net::{NetError, OutBody, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scripted::{Pieces, accept, client, get, listen, read_head, upload};

const TOTAL: Duration = Duration::from_millis(600);

/// Less than an idle body's limit, so that only the total ends it.
const DRIP: Duration = Duration::from_millis(50);

fn timeouts() -> Timeouts {
    Timeouts { answer_total: Some(TOTAL), ..Timeouts::default() }
}

async fn drip(mut stream: TcpStream, length: usize) {
    read_head(&mut stream).await;
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n").await;
    while stream.write_all(b" ").await.is_ok() {
        tokio::time::sleep(DRIP).await;
    }
}

#[tokio::test]
async fn a_dripping_answer_ends_for_reads_and_uploads() {
    for length in [0, 1_000] {
        let (listener, origin) = listen().await;
        let client = client(&origin, timeouts());
        let request = match length {
            0 => get(&origin),
            length => upload(&origin, Into::<OutBody>::into(Pieces::of(length as u64))),
        };
        let exchange = async {
            let began = Instant::now();
            let answer = client.upload(request, None).await.unwrap();
            (answer.into_body().collect().await.unwrap_err(), began.elapsed())
        };
        let peer = async { drip(accept(&listener).await, length).await };
        let ((error, took), ()) = tokio::join!(exchange, peer);
        assert_eq!(error, NetError::AnswerTooSlow);
        assert!((TOTAL..TOTAL * 3).contains(&took), "{took:?}");
    }
}

/// The time of the head counts too: together they have what the answer has.
#[tokio::test]
async fn head_and_body_share_the_time() {
    let (listener, origin) = listen().await;
    let client = client(&origin, timeouts());
    let peer = async {
        let mut stream = accept(&listener).await;
        read_head(&mut stream).await;
        tokio::time::sleep(TOTAL / 2).await;
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
        tokio::time::sleep(TOTAL).await;
        stream
    };
    let exchange = async {
        let began = Instant::now();
        let answer = client.send(get(&origin), None).await.unwrap();
        (answer.into_body().collect().await.unwrap_err(), began.elapsed())
    };
    let ((error, took), _kept) = tokio::join!(exchange, peer);
    assert_eq!(error, NetError::AnswerTooSlow);
    assert!(took < TOTAL * 3 / 2, "{took:?}");
}

/// A small request is marked as cut, as one that broke off.
#[tokio::test]
async fn a_dripping_answer_of_a_small_request_is_cut() {
    let (listener, origin) = listen().await;
    let client = client(&origin, timeouts());
    let peer = async { drip(accept(&listener).await, 0).await };
    let request = templates::request();
    let exchange = client.exchange(&request, Vec::new(), 9_000);
    let (answer, ()) = tokio::join!(exchange, peer);
    assert!(answer.unwrap().cut);
}
