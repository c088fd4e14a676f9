//! HTTPS as a company has it: Knosc behind a certificate of its own authority, and what happens where that is not trusted.
//!
//! The front speaks TLS on loopback and passes bytes on; it knows no HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls_pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

use super::place::{Place, knosc, run};

/// A front that ends with the test.
struct Front {
    port: u16,
    certificate: String,
    _runtime: tokio::runtime::Runtime,
}

impl Front {
    fn before(knosc: SocketAddr) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust us goes away here.
                    let Ok(mut outer) = acceptor.accept(stream).await else { return };
                    let mut inner = TcpStream::connect(knosc).await.unwrap();
                    _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
                });
            }
        });
        Self { port, certificate: made.cert.pem(), _runtime: runtime }
    }
}

#[test]
fn a_companys_own_authority_is_named_in_a_file() {
    let knosc = knosc();
    let front = Front::before(knosc.address());
    let url = format!("https://localhost:{}", front.port);
    let place = Place::new("tls");
    place.export("unit-master.csv", "units.csv");
    place.file("ca.pem", &front.certificate);
    place.file("no-ca.pem", "no certificate");
    let upload = ["upload", "unit-master", "units.csv", "-q", "--unchanged=send"];

    let refused = run(&mut place.runner(&url, &upload));
    assert_eq!(refused.exit, 11, "{refused:?}");
    assert!(refused.stderr.contains("certificate is not trusted"), "{refused:?}");
    assert!(
        refused.stderr.contains("hint: name the certificate authority's PEM file"),
        "{refused:?}"
    );
    assert_eq!(knosc.model().sign_in_attempts(), 0);

    for (flag, file) in [("--ca-file", "ca.pem"), ("--ca", "ca.pem")] {
        let found = run(place.runner(&url, &upload).args([flag, file]));
        assert_eq!(found.exit, 0, "{found:?}");
    }
    let found = run(place.runner(&url, &upload).env("KNOSC_CA_FILE", "ca.pem"));
    assert_eq!(found.exit, 0, "{found:?}");
    assert_eq!(knosc.model().uploads().len(), 3);

    for file in ["no-ca.pem", "missing.pem"] {
        let found = run(place.runner(&url, &upload).args(["--ca-file", file]));
        assert_eq!(found.exit, 2, "{found:?}");
        assert!(found.stderr.contains(file), "{found:?}");
    }
    assert_eq!(knosc.model().uploads().len(), 3);
}
