//! No connection, or no trusted one: F01 to F04. Nothing left, and the verdict says so.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::run::Outcome;
use knosc_bulk_import::session::Session;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::net::ClientConfig;
use tokio::net::{TcpListener, TcpSocket};

use crate::setup::{LONG, quick, runner, runtime, short, units};

fn anybody() -> Session {
    Session { access_token: "token".into(), csrf_token: "csrf".into(), refresh: None }
}

/// Sends a file to an origin that is not Knosc's.
async fn send(origin: &str) -> Fault {
    let net = ClientConfig { timeouts: short(), ..ClientConfig::default() };
    let runner = runner(runtime(), origin, anybody(), net);
    let running = runner.run_ordered(quick(Arc::new(MemoryJournal::new()), units()));
    let report = tokio::time::timeout(LONG, running).await.expect("the run ends").unwrap();
    match &report.steps[0].outcome {
        Outcome::Refused(fault) => fault.clone(),
        other => panic!("{other:?}"),
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_a_refused_connection_sends_nothing() {
    let (listener, address) = listen().await;
    drop(listener);
    let fault = send(&format!("http://{address}")).await;
    assert!(matches!(fault, Fault::Transient(_)), "{fault:?}");
}

/// A listener whose queue is full drops what would connect.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn f02_a_connection_that_nobody_takes_sends_nothing() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queued.push(stream);
        assert!(queued.len() < 100, "the queue does not fill");
    }
    let fault = send(&format!("http://{address}")).await;
    assert!(matches!(fault, Fault::Transient(_)), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f03_a_peer_that_never_answers_the_handshake_is_given_up() {
    let (_listener, address) = listen().await;
    let fault = send(&format!("https://{address}")).await;
    assert!(matches!(fault, Fault::Transient(_)), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_a_peer_that_is_not_trusted_or_speaks_no_tls_is_for_the_operator() {
    for (host, answer) in
        [("localhost", None), ("localhost", Some(&b"HTTP/1.1 400 No\r\n\r\n"[..]))]
    {
        let (listener, address) = listen().await;
        let peer = tokio::spawn(async move { peer(&listener, answer).await });
        let fault = send(&format!("https://{host}:{}", address.port())).await;
        assert!(matches!(fault, Fault::PermanentDenied(_)), "{answer:?}: {fault:?}");
        peer.abort();
    }
}

/// Speaks TLS with a certificate that nobody signed, or says something else.
async fn peer(listener: &TcpListener, answer: Option<&'static [u8]>) {
    use tokio::io::AsyncWriteExt;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        match answer {
            Some(answer) => stream.write_all(answer).await.unwrap(),
            None => assert!(acceptor.accept(stream).await.is_err(), "the client trusted"),
        }
    }
}
