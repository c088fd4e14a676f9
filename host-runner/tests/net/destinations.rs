//! What is no origin, and what a request that was granted one origin cannot be made to mean.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use knosc_bulk_import::origin::Origin;
use knosc_runner::egress::{Denial, is_private_network, same_origin};

use knosc_bulk_import::protocol::templates;
use knosc_runner::BoxFuture;
use knosc_runner::net::{Client, ClientConfig, NetError, Resolve, Resolver};
use tokio::net::TcpListener;

use crate::addresses::{DENIED, PUBLIC};
use crate::urls::VERDICTS;
use crate::vectors::{BRACKETED, DISGUISED, NAMES, NO_ORIGINS, REQUESTS};

/// So many addresses and URLs are tried at least.
const VECTORS_MIN: usize = 200;

const _: () = {
    let tables = [
        PUBLIC.len(),
        DENIED.len(),
        VERDICTS.len(),
        DISGUISED.len(),
        NAMES.len(),
        BRACKETED.len(),
        NO_ORIGINS.len(),
        REQUESTS.len(),
    ];
    let (mut at, mut all) = (0, 0);
    while at < tables.len() {
        all += tables[at];
        at += 1;
    }
    assert!(all >= VECTORS_MIN);
};

#[test]
fn what_is_no_origin_is_refused() {
    for host in NO_ORIGINS {
        let read = format!("https://{host}").parse::<Origin>();
        assert!(read.is_err(), "{host:?}: {read:?}");
    }
}

#[test]
fn a_request_reaches_the_granted_origin_or_none() {
    let granted: Origin = "https://erp.acme.example:8443".parse().unwrap();
    let mut wrong = Vec::new();
    for (url, expected) in REQUESTS {
        let verdict = match url.parse::<Uri>() {
            Err(_) => "uri",
            Ok(uri) => same_origin(&granted, &uri).map_or_else(|denial| denial.rule(), |()| "ok"),
        };
        if verdict != expected {
            wrong.push(format!("{url}: {verdict}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Each asks for the port of a listener on this machine, so that a connection would be seen.
#[tokio::test]
async fn an_address_in_disguise_is_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let disguised = DISGUISED.iter().map(|(host, _)| *host);
    for host in disguised.chain(BRACKETED) {
        for allow_private in [false, true] {
            let origin: Origin = format!("https://{host}:{port}").parse().unwrap();
            let config = ClientConfig { allow_private, ..ClientConfig::default() };
            if allow_private && is_private(host) {
                continue;
            }
            let client = match Client::new(&origin, &config) {
                Ok(client) => client,
                // No certificate can be for such a name.
                Err(NetError::Configuration { .. }) => continue,
                Err(error) => panic!("{host}: {error}"),
            };
            let error = client.exchange(&templates::request(), Vec::new(), 10).await.err().unwrap();
            assert!(matches!(error, NetError::Denied(Denial::Address { .. })), "{host}: {error:?}");
        }
    }
    let connected = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(connected.is_err(), "somebody connected");
}

/// What `allow-private` admits; nobody is there to answer.
fn is_private(host: &str) -> bool {
    let meant = DISGUISED.iter().find(|(name, _)| *name == host);
    meant.is_some_and(|(_, address)| is_private_network(address.parse().unwrap()))
}

/// Says of each name what somebody wrote into it.
struct Named;

impl Resolve for Named {
    fn addresses<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
        let found = NAMES.iter().find(|(name, _)| *name == host).unwrap().1;
        let found = found.iter().map(|text| SocketAddr::new(text.parse().unwrap(), port)).collect();
        Box::pin(async { Ok(found) })
    }
}

#[tokio::test]
async fn a_name_that_means_a_denied_address_is_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for (host, _) in NAMES {
        let origin: Origin = format!("https://{host}:{port}").parse().unwrap();
        let config = ClientConfig { resolver: Resolver::new(Named), ..ClientConfig::default() };
        let client = Client::new(&origin, &config).unwrap();
        let error = client.exchange(&templates::request(), Vec::new(), 10).await.err().unwrap();
        assert!(matches!(error, NetError::Denied(Denial::Address { .. })), "{host}: {error:?}");
    }
    let connected = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(connected.is_err(), "somebody connected");
}
