//! The meter says what the socket took, not what was offered.

use std::time::Duration;

use http_body_util::BodyExt;
use knosc_runner::net::{Ended, Timeouts, UploadMeter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::scripted::{OK, Pieces, accept, client, listen, read_head, upload};

/// Far more than the buffers of two sockets on one machine hold.
const LENGTH: u64 = 64 * 1024 * 1024;

#[tokio::test]
async fn bytes_count_when_the_socket_has_taken_them() {
    let (listener, origin) = listen().await;
    let meter = UploadMeter::new();
    let client = client(&origin, Timeouts::default());
    let exchange = client.send(upload(&origin, Pieces::of(LENGTH)), Some(meter.clone()));
    let peer = async {
        let mut stream = accept(&listener).await;
        let head = read_head(&mut stream).await;
        assert!(head.contains(&format!("content-length: {LENGTH}")), "{head}");

        // Nobody reads: the buffers fill up, and then the count stands still.
        let whole = timeout(Duration::from_millis(300), meter.wait_for(LENGTH)).await;
        assert!(whole.is_err(), "{LENGTH} bytes were not read by anybody");
        let stuck = meter.body_bytes_max();
        assert!(stuck > 0 && stuck < LENGTH / 2, "{stuck}");

        // All but a few bytes are read; what is left fits into the buffers.
        let mut read = 0;
        let mut buffer = vec![0; 1 << 20];
        while read < LENGTH - 1024 {
            let most = usize::try_from(LENGTH - 1024 - read).unwrap().min(buffer.len());
            read += stream.read(&mut buffer[..most]).await.unwrap() as u64;
            assert!(
                meter.body_bytes_max() >= read,
                "more was read than was counted as handed over"
            );
        }
        meter.wait_for(LENGTH).await.unwrap();
        stream.read_exact(&mut buffer[..1024]).await.unwrap();
        stream.write_all(OK).await.unwrap();
        stream
    };
    let (answer, _stream) = tokio::join!(exchange, peer);
    let body = answer.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ok");
    assert_eq!((meter.body_bytes(), meter.body_bytes_max()), (LENGTH, LENGTH));
    assert!(meter.total_bytes() > LENGTH, "the head counts in the total");
}

#[tokio::test]
async fn an_early_answer_ends_the_wait_and_is_read() {
    let (listener, origin) = listen().await;
    let meter = UploadMeter::new();
    let client = client(&origin, Timeouts::default());
    let exchange = client.send(upload(&origin, Pieces::of(LENGTH)), Some(meter.clone()));
    let peer = async {
        let mut stream = accept(&listener).await;
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 401 No\r\ncontent-length: 3\r\n\r\nbye").await.unwrap();
        meter.wait_for(LENGTH).await
    };
    let (answer, waited) = tokio::join!(exchange, peer);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(waited, Err(Ended::Answered));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "bye");
    assert!(meter.body_bytes_max() < LENGTH);
}

#[tokio::test]
async fn an_answer_is_read_though_the_peer_closed_with_bytes_unread() {
    let (listener, origin) = listen().await;
    for _ in 0..20 {
        let client = client(&origin, Timeouts::default());
        let exchange = client.send(upload(&origin, Pieces::of(LENGTH)), None);
        let peer = async {
            let mut stream = accept(&listener).await;
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 413 Big\r\nconnection: close\r\n\r\n").await.unwrap();
        };
        let (answer, ()) = tokio::join!(exchange, peer);
        assert_eq!(answer.unwrap().status(), 413);
    }
}

#[tokio::test]
async fn an_exchange_that_is_dropped_ends_the_wait_and_the_connection() {
    let (listener, origin) = listen().await;
    let meter = UploadMeter::new();
    let exchange = tokio::spawn({
        let (client, meter) = (client(&origin, Timeouts::default()), meter.clone());
        let request = upload(&origin, Pieces::of(LENGTH));
        async move { client.send(request, Some(meter)).await.map(|answer| answer.status()) }
    });
    let mut stream = accept(&listener).await;
    read_head(&mut stream).await;
    exchange.abort();
    assert_eq!(meter.wait_for(LENGTH).await, Err(Ended::Connection));
    let mut rest = Vec::new();
    // A reset is as good an end as any.
    _ = stream.read_to_end(&mut rest).await;
    assert!((rest.len() as u64) < LENGTH, "a dropped upload must not look whole");
}

#[tokio::test]
async fn a_connection_that_was_never_there_ends_the_wait() {
    let (listener, origin) = listen().await;
    drop(listener);
    let meter = UploadMeter::new();
    let request = upload(&origin, Pieces::of(1));
    let answer = client(&origin, Timeouts::default()).send(request, Some(meter.clone())).await;
    assert!(answer.is_err());
    assert_eq!(meter.wait_for(1).await, Err(Ended::Connection));
    assert_eq!((meter.total_bytes(), meter.body_bytes_max()), (0, 0));
}
