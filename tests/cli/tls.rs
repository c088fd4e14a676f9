//! HTTPS as a company has it: Knosc behind a certificate of its own authority, and what happens where that is not trusted.
//!
//! The front speaks TLS on loopback and passes bytes on; it knows no HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

use super::place::{Ended, Place, knosc, run};

/// A front that ends with the test.
struct Front {
    port: u16,
    certificate: String,
    _runtime: tokio::runtime::Runtime,
}

impl Front {
    fn before(knosc: SocketAddr) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (shown, pem) = (vec![made.cert.der().clone()], made.cert.pem());
        Self::showing(knosc, shown, &made.signing_key, pem)
    }

    /// Shows these certificates, its own first; `pem` is whom one has to trust for it.
    fn showing(
        knosc: SocketAddr,
        shown: Vec<CertificateDer<'static>>,
        key: &KeyPair,
        certificate: String,
    ) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(shown, key)
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
        Self { port, certificate, _runtime: runtime }
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

fn params(name: &str, hosts: &[&str], is_authority: bool) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2090, 1, 1);
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

/// A company's root, an authority below it and a server's certificate below that, whose name and last year are given.
fn company(knosc: SocketAddr, host: &str, last_year: i32) -> Front {
    let keys = || KeyPair::generate().unwrap();
    let (root_key, below_key, key) = (keys(), keys(), keys());
    let root_params = params("Acme Root", &[], true);
    let root = root_params.self_signed(&root_key).unwrap();
    let root_issuer = Issuer::new(root_params, root_key);
    let below_params = params("Acme Servers", &[], true);
    let below = below_params.signed_by(&below_key, &root_issuer).unwrap();
    let below_issuer = Issuer::new(below_params, below_key);
    let mut own = params("knosc.acme", &[host], false);
    own.not_after = date_time_ymd(last_year, 1, 1);
    let own = own.signed_by(&key, &below_issuer).unwrap();
    Front::showing(knosc, vec![own.der().clone(), below.der().clone()], &key, root.pem())
}

/// A server's certificate, whether its root is named, how `doctor` ends for it, and what it says.
type Case = (&'static str, i32, bool, i32, &'static [&'static str]);

const OWN: &str = "CN=knosc.acme, issued by CN=Acme Servers; valid 2020-01-01 to ";
const BELOW: &str = "CN=Acme Servers, issued by CN=Acme Root";
const REFUSED: &str = "fail  certificate   the server's certificate is not trusted: ";

const CASES: [Case; 4] = [
    (
        "localhost",
        2090,
        true,
        0,
        &[
            "ok    certificate   the chain leads to an authority of this machine or of 1 files of your own",
            OWN,
            "Acme Root, who is trusted here; valid 2020-01-01 to 2090-01-01\n",
        ],
    ),
    (
        "localhost",
        2090,
        false,
        11,
        &[REFUSED, ": UnknownIssuer", OWN, BELOW, "name the certificate authority's PEM file"],
    ),
    ("localhost", 2021, true, 11, &[REFUSED, "2020-01-01 to 2021-01-01: expired\n", BELOW]),
    ("other.example", 2090, true, 11, &[REFUSED, "other.example", OWN, BELOW]),
];

#[test]
fn doctor_shows_the_chain_and_says_what_of_it_is_not_trusted() {
    let knosc = knosc();
    for (host, last_year, is_named, exit, said) in CASES {
        let front = company(knosc.address(), host, last_year);
        let url = format!("https://localhost:{}", front.port);
        let place = Place::new("doctor-tls");
        place.file("root.pem", &front.certificate);
        let doctor = |more: &[&str]| -> Ended {
            let mut command = place.runner(&url, &["doctor"]);
            if is_named {
                command.env("KNOSC_CA_FILE", "root.pem");
            }
            run(command.args(more))
        };
        let found = doctor(&[]);
        assert_eq!(found.exit, exit, "{found:?}");
        for words in said {
            assert!(found.stdout.contains(words), "{words}\n{}", found.stdout);
        }
        assert_eq!(found.stdout.contains("who is trusted here"), is_named, "{}", found.stdout);
        let json: serde_json::Value =
            serde_json::from_str(&doctor(&["--output=json"]).stdout).unwrap();
        let checks = json["checks"].as_array().unwrap();
        let shown = checks.iter().find(|check| check["check"] == "certificate").unwrap();
        let [own, below] = shown["chain"].as_array().unwrap().as_slice() else { panic!("{shown}") };
        assert_eq!(
            (&own["subject"], &below["issuer"]),
            (&"CN=knosc.acme".into(), &"CN=Acme Root".into())
        );
        assert_eq!(
            (&own["is_current"], &below["is_current"]),
            (&(last_year > 2026).into(), &true.into())
        );
        assert_eq!(
            (&own["issuer_is_trusted"], &below["issuer_is_trusted"]),
            (&false.into(), &is_named.into())
        );
        assert_eq!(below["valid_to"], "2090-01-01T00:00:00.000Z");
    }
    assert_eq!(
        knosc.model().sign_in_attempts(),
        1,
        "nobody signs in where the chain is not trusted"
    );
}
