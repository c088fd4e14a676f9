//! Reads share a connection; uploads never do, and nothing but a read is ever sent again.

use std::time::Duration;

use http_body_util::BodyExt;
use knosc_runner::net::{Client, NetError, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::scripted::{OK, Pieces, accept, client, get, listen, read_head, upload};

async fn read(client: &Client, origin: &str) -> Result<(), NetError> {
    let answer = client.send(get(origin), None).await?;
    assert_eq!(answer.into_body().collect().await?.to_bytes(), "ok");
    Ok(())
}

#[tokio::test]
async fn reads_follow_each_other_on_one_connection() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut stream = accept(&listener).await;
        for _ in 0..10 {
            read_head(&mut stream).await;
            stream.write_all(OK).await.unwrap();
        }
    };
    let reads = async {
        for _ in 0..10 {
            read(&client, &origin).await.unwrap();
        }
    };
    tokio::join!(reads, peer);
}

#[tokio::test]
async fn a_read_on_a_connection_that_was_closed_meanwhile_is_made_once_more() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut first = accept(&listener).await;
        read_head(&mut first).await;
        first.write_all(OK).await.unwrap();
        // The second request arrives, and is not answered.
        read_head(&mut first).await;
        drop(first);
        let mut second = accept(&listener).await;
        read_head(&mut second).await;
        second.write_all(OK).await.unwrap();
        second
    };
    let reads = async {
        read(&client, &origin).await.unwrap();
        read(&client, &origin).await.unwrap();
    };
    tokio::join!(reads, peer);
}

#[tokio::test]
async fn a_read_on_a_fresh_connection_is_not_repeated() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut stream = accept(&listener).await;
        read_head(&mut stream).await;
    };
    let (answer, ()) = tokio::join!(read(&client, &origin), peer);
    assert!(matches!(answer, Err(NetError::Closed { .. })), "{answer:?}");
    let again = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(again.is_err(), "a second connection came");
}

#[tokio::test]
async fn an_upload_has_a_connection_of_its_own() {
    let (listener, origin) = listen().await;
    let client = client(&origin, Timeouts::default());
    let peer = async {
        let mut kept = accept(&listener).await;
        read_head(&mut kept).await;
        kept.write_all(OK).await.unwrap();
        let mut fresh = accept(&listener).await;
        assert!(read_head(&mut fresh).await.starts_with("POST "));
        fresh.read_exact(&mut [0; 10]).await.unwrap();
        fresh.write_all(OK).await.unwrap();
        // It is closed after its answer, and the reads go on with theirs.
        assert_eq!(fresh.read(&mut [0; 1]).await.unwrap(), 0);
        read_head(&mut kept).await;
        kept.write_all(OK).await.unwrap();
    };
    let requests = async {
        read(&client, &origin).await.unwrap();
        let answer = client.send(upload(&origin, Pieces::of(10)), None).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
        read(&client, &origin).await.unwrap();
    };
    tokio::join!(requests, peer);
}

#[tokio::test]
async fn a_connection_that_waited_too_long_is_not_used_again() {
    let (listener, origin) = listen().await;
    let timeouts = Timeouts { kept: Duration::from_millis(20), ..Timeouts::default() };
    let client = client(&origin, timeouts);
    let peer = async {
        let mut connections = Vec::new();
        for _ in 0..2 {
            let mut stream = accept(&listener).await;
            read_head(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            connections.push(stream);
        }
        connections
    };
    let reads = async {
        read(&client, &origin).await.unwrap();
        tokio::time::sleep(Duration::from_millis(40)).await;
        read(&client, &origin).await.unwrap();
    };
    tokio::join!(reads, peer);
}
