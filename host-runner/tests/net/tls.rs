//! Whom a client trusts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::protocol::templates;
use knosc_runner::net::{Client, ClientConfig, NetError, SentBytes, Timeouts};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::scripted::{OK, accept, listen, read_head};

/// A server's side of TLS, and the file of a client that trusts it.
pub(crate) struct Identity {
    acceptor: TlsAcceptor,
    pub(crate) ca_file: PathBuf,
}

impl Identity {
    /// Makes a certificate; the file is named after the test.
    pub(crate) fn new(host: &str, test: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let ca_file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("net-{test}.pem"));
        std::fs::write(&ca_file, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_file }
    }

    /// Speaks TLS; `None` if the client did not trust.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Option<TlsStream<S>> {
        self.acceptor.accept(stream).await.ok()
    }
}

fn trusting(origin: &str, ca_file: PathBuf) -> Client {
    let timeouts = Timeouts { tls: Duration::from_millis(500), ..Timeouts::default() };
    let config = ClientConfig { ca_files: vec![ca_file], timeouts, ..ClientConfig::default() };
    Client::new(&origin.parse().unwrap(), &config).unwrap()
}

#[tokio::test]
async fn a_certificate_from_a_named_file_is_trusted_and_any_other_is_not() {
    let server = Identity::new("localhost", "trusted");
    let stranger = Identity::new("localhost", "stranger");
    for (ca_file, trusted) in [(&server.ca_file, true), (&stranger.ca_file, false)] {
        let (listener, origin) = listen().await;
        let origin = origin.replace("http://127.0.0.1", "https://localhost");
        let client = trusting(&origin, ca_file.clone());
        let peer = async {
            let stream = server.accept(accept(&listener).await).await;
            assert_eq!(stream.is_some(), trusted);
            let Some(mut stream) = stream else { return };
            read_head(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            stream.flush().await.unwrap();
        };
        let request = templates::request();
        let (answer, ()) = tokio::join!(client.exchange(&request, Vec::new(), 10), peer);
        match answer {
            Ok(answer) => assert!(trusted && answer.body == b"ok"),
            Err(error) => {
                assert!(
                    !trusted && matches!(error, NetError::UntrustedCertificate { .. }),
                    "{error:?}"
                );
                assert_eq!(error.sent(), SentBytes::Nothing);
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted() {
    let server = Identity::new("birch.localhost", "other-host");
    let (listener, origin) = listen().await;
    let origin = origin.replace("http://127.0.0.1", "https://acme.localhost");
    let client = trusting(&origin, server.ca_file.clone());
    let request = templates::request();
    let peer = async { server.accept(accept(&listener).await).await.is_some() };
    let (answer, _) = tokio::join!(client.exchange(&request, Vec::new(), 10), peer);
    let error = answer.err().unwrap();
    assert!(matches!(error, NetError::UntrustedCertificate { .. }), "{error:?}");
}

#[tokio::test]
async fn a_peer_that_does_not_speak_tls() {
    let identity = Identity::new("localhost", "no-tls");
    for (silent, late) in [(true, true), (false, false)] {
        let (listener, origin) = listen().await;
        let client = trusting(&origin.replace("http://", "https://"), identity.ca_file.clone());
        let request = templates::request();
        let peer = async {
            let mut stream = accept(&listener).await;
            if !silent {
                stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await.unwrap();
            }
            stream
        };
        let (answer, _stream) = tokio::join!(client.exchange(&request, Vec::new(), 10), peer);
        let error = answer.err().unwrap();
        assert_eq!(matches!(error, NetError::TlsTimeout), late, "{error:?}");
        assert_eq!(matches!(error, NetError::Tls { .. }), !late, "{error:?}");
    }
}

#[test]
fn a_file_without_a_certificate_is_an_error() {
    let empty = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("net-empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    for ca_file in [empty.clone(), empty.with_file_name("net-missing.pem")] {
        let config = ClientConfig { ca_files: vec![ca_file], ..ClientConfig::default() };
        let error = Client::new(&"https://acme.knosc.com".parse().unwrap(), &config).err().unwrap();
        assert!(matches!(error, NetError::Configuration { .. }), "{error:?}");
    }
}
