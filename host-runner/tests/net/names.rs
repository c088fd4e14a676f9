//! Names that lead nowhere: nothing is sent, and it is said what failed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use knosc_bulk_import::protocol::templates;
use knosc_runner::BoxFuture;
use knosc_runner::net::{
    Client, ClientConfig, NetError, ProxyConfig, Resolve, Resolver, SentBytes, Timeouts,
};

use crate::scripted::{Pieces, listen, upload};

/// A resolver that says one thing, or nothing at all.
#[derive(Clone, Copy)]
enum Says {
    Nothing,
    NoSuchHost,
    NoAddress,
}

impl Resolve for Says {
    fn addresses<'a>(
        &'a self,
        _host: &'a str,
        _port: u16,
    ) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            match self {
                Self::Nothing => std::future::pending().await,
                Self::NoSuchHost => Err(io::Error::other("no such host")),
                Self::NoAddress => Ok(Vec::new()),
            }
        })
    }
}

#[tokio::test]
async fn a_name_that_is_not_resolved_has_sent_nothing() {
    for (says, told) in [
        (Says::Nothing, "did not answer in time"),
        (Says::NoSuchHost, "no such host"),
        (Says::NoAddress, "no address"),
    ] {
        let timeouts = Timeouts { dns: Duration::from_millis(50), ..Timeouts::default() };
        let resolver = Resolver::new(says);
        let config = ClientConfig { timeouts, resolver, ..ClientConfig::default() };
        let origin = "https://acme.knosc.test";
        let client = Client::new(&origin.parse().unwrap(), &config).unwrap();
        let error = client.send(upload(origin, Pieces::of(1000)), None).await.err().unwrap();
        assert!(
            matches!(&error, NetError::Dns { host, message }
                if host == "acme.knosc.test" && message.contains(told)),
            "{error:?}"
        );
        assert_eq!(error.sent(), SentBytes::Nothing);
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_has_sent_nothing() {
    let (listener, proxy) = listen().await;
    drop(listener);
    let config = ClientConfig { proxy: ProxyConfig::new(&proxy, ""), ..ClientConfig::default() };
    let client = Client::new(&"https://acme.knosc.test".parse().unwrap(), &config).unwrap();
    let error = client.exchange(&templates::request(), Vec::new(), 10).await.err().unwrap();
    assert!(matches!(error, NetError::Connect(_)), "{error:?}");
    assert_eq!(error.sent(), SentBytes::Nothing);
}
