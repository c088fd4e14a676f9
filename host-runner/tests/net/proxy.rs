//! The way through a company's proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use knosc_bulk_import::protocol::templates;
use knosc_runner::BoxFuture;
use knosc_runner::egress::Denial;
use knosc_runner::net::{
    Client, ClientConfig, NetError, ProxyConfig, Resolve, Resolver, SentBytes,
};
use tokio::io::AsyncWriteExt;

use crate::scripted::{OK, accept, listen, read_head};
use crate::tls::Identity;

fn through(proxy: &str, identity: &Identity, origin: &str) -> Client {
    let proxy = ProxyConfig::new(&proxy.replace("http://", "http://me:s%40fe@"), "");
    let ca_files = vec![identity.ca_file.clone()];
    let config = ClientConfig { ca_files, proxy, ..ClientConfig::default() };
    Client::new(&origin.parse().unwrap(), &config).unwrap()
}

#[tokio::test]
async fn the_tunnel_carries_tls_to_the_named_host() {
    let identity = Identity::new("acme.knosc.test", "proxied");
    let (listener, proxy) = listen().await;
    let client = through(&proxy, &identity, "https://acme.knosc.test");
    let peer = async {
        let mut stream = accept(&listener).await;
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("CONNECT acme.knosc.test:443 HTTP/1.1\r\n"), "{head}");
        // me:s@fe
        assert!(head.contains("Proxy-Authorization: Basic bWU6c0BmZQ==\r\n"), "{head}");
        stream.write_all(b"HTTP/1.1 200 Connection established\r\nvia: x\r\n\r\n").await.unwrap();
        let mut stream = identity.accept(stream).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.contains("host: acme.knosc.test\r\n") && !head.contains("Basic"), "{head}");
        stream.write_all(OK).await.unwrap();
        stream.flush().await.unwrap();
    };
    let request = templates::request();
    let (answer, ()) = tokio::join!(client.exchange(&request, Vec::new(), 10), peer);
    assert_eq!(answer.unwrap().body, b"ok");
}

#[tokio::test]
async fn a_proxy_that_refuses_has_sent_nothing_on() {
    let identity = Identity::new("acme.knosc.test", "refused-proxy");
    for (says, told) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"),
        ("SSH-2.0-nothing\r\n\r\n", "not HTTP"),
    ] {
        let (listener, proxy) = listen().await;
        let client = through(&proxy, &identity, "https://acme.knosc.test");
        let peer = async {
            let mut stream = accept(&listener).await;
            read_head(&mut stream).await;
            stream.write_all(says.as_bytes()).await.unwrap();
        };
        let request = templates::request();
        let (answer, ()) = tokio::join!(client.exchange(&request, Vec::new(), 10), peer);
        let error = answer.err().unwrap();
        assert!(matches!(&error, NetError::Proxy(message) if message.contains(told)), "{error:?}");
        assert_eq!(error.sent(), SentBytes::Nothing);
        assert!(!format!("{error} {error:?} {client:?}").contains("s@fe"), "{error:?}");
    }
}

#[tokio::test]
async fn a_denied_address_is_denied_through_a_proxy_too() {
    let identity = Identity::new("acme.knosc.test", "denied-proxy");
    let (_listener, proxy) = listen().await;
    for origin in ["https://169.254.169.254", "https://[::ffff:127.0.0.1]", "https://10.1.2.3"] {
        let client = through(&proxy, &identity, origin);
        let error = client.exchange(&templates::request(), Vec::new(), 10).await.err().unwrap();
        assert!(matches!(error, NetError::Denied(Denial::Address { .. })), "{origin}: {error:?}");
    }
}

/// Behind a proxy its address is the one that is checked, each time anew.
#[derive(Clone)]
struct Flips(Arc<Mutex<Vec<&'static str>>>);

impl Resolve for Flips {
    fn addresses<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
        assert_eq!(host, "proxy.example", "a proxy resolves the origin's name by itself");
        let says = self.0.lock().unwrap().remove(0);
        Box::pin(async move { Ok(vec![SocketAddr::new(says.parse().unwrap(), port)]) })
    }
}

#[tokio::test]
async fn the_proxys_own_address_is_checked_each_time() {
    let (listener, proxy) = listen().await;
    let port = proxy.rsplit_once(':').unwrap().1;
    let says = vec!["169.254.169.254", "127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1"];
    let resolver = Resolver::new(Flips(Arc::new(Mutex::new(says))));
    let proxy = ProxyConfig::new(&format!("http://proxy.example:{port}"), "");
    let config = ClientConfig { proxy, resolver, ..ClientConfig::default() };
    let client = Client::new(&"https://acme.knosc.test".parse().unwrap(), &config).unwrap();
    let request = templates::request();
    for allowed in [false, true, false, false] {
        let peer = async {
            if allowed {
                let mut stream = accept(&listener).await;
                assert!(read_head(&mut stream).await.starts_with("CONNECT acme.knosc.test:443 "));
                stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
            }
        };
        let (answer, ()) = tokio::join!(client.exchange(&request, Vec::new(), 10), peer);
        let error = answer.err().unwrap();
        assert_eq!(matches!(error, NetError::Proxy(_)), allowed, "{error:?}");
        assert_eq!(matches!(error, NetError::Denied(_)), !allowed, "{error:?}");
    }
    let again = tokio::time::timeout(std::time::Duration::from_millis(20), listener.accept()).await;
    assert!(again.is_err(), "somebody connected to a denied address");
}
