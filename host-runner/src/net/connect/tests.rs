//! Names that change their meaning between one look and the next: only what was checked is connected to.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::BoxFuture;
use crate::net::Resolve;

const PUBLIC: [&str; 4] = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"];
const PRIVATE: [&str; 4] = ["10.0.0.7", "172.20.1.1", "192.168.1.4", "fd12:3456::1"];
const NEVER: [&str; 8] = [
    "0.0.0.0",
    "169.254.169.254",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "100.100.100.200",
];
const LOOPBACK: [&str; 3] = ["127.0.0.1", "127.8.9.1", "::1"];

/// Small and the same on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

/// Says what it is told to say next, and counts who asks.
#[derive(Clone, Default)]
struct Scripted(Arc<(Mutex<Vec<SocketAddr>>, AtomicUsize)>);

impl Resolve for Scripted {
    fn addresses<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.0.1.fetch_add(1, Ordering::SeqCst);
        let says = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async { Ok(says) })
    }
}

/// One to five addresses, mostly of one kind, so that many are allowed as a whole.
fn answer(chance: &mut Chance, port: u16) -> Vec<SocketAddr> {
    let kinds: [&[&str]; 4] = [&PUBLIC, &PRIVATE, &NEVER, &LOOPBACK];
    let kind = chance.below(4);
    (0..=chance.below(5))
        .map(|_| {
            let kind = kinds[if chance.below(8) == 0 { chance.below(4) } else { kind }];
            SocketAddr::new(kind[chance.below(kind.len())].parse().unwrap(), port)
        })
        .collect()
}

fn is_of(kind: &[&str], address: IpAddr) -> bool {
    kind.iter().any(|text| text.parse() == Ok(address))
}

#[tokio::test]
async fn ten_thousand_names_that_change_their_meaning() {
    let resolver = Scripted::default();
    let mut chance = Chance(0x6b6e_6f73);
    let (mut sequences, mut allowed, mut denied) = (0, 0, 0);
    while sequences < 10_000 {
        let allow_private = chance.below(2) == 0;
        #[cfg(feature = "proxy")]
        let through_proxy = chance.below(3) == 0;
        #[cfg(not(feature = "proxy"))]
        let through_proxy = false;
        let config = ClientConfig {
            allow_private,
            resolver: Resolver::new(resolver.clone()),
            #[cfg(feature = "proxy")]
            proxy: crate::net::ProxyConfig::new(
                if through_proxy { "http://proxy.example:3128" } else { "" },
                "",
            ),
            ..ClientConfig::default()
        };
        // Without TLS, so that no certificates are read ten thousand times; which addresses are taken does not depend on it.
        let connector = Connector {
            origin: "https://rebinding.example".parse().unwrap(),
            tls: None,
            #[cfg(feature = "proxy")]
            proxy: config.proxy.for_origin(&"https://rebinding.example".parse().unwrap()).unwrap(),
            allow_private,
            resolver: config.resolver,
            timeouts: config.timeouts,
        };
        // The same client connects again and again, and each time the name means something else.
        for _ in 0..=chance.below(4) {
            let says = answer(&mut chance, if through_proxy { 3128 } else { 443 });
            (*resolver.0.0.lock().unwrap()).clone_from(&says);
            let asked = resolver.0.1.load(Ordering::SeqCst);
            let targets = connector.targets().await;
            assert_eq!(resolver.0.1.load(Ordering::SeqCst), asked + 1, "asked once");
            let fits = |address: &SocketAddr| {
                let address = address.ip();
                is_of(&PUBLIC, address)
                    || (is_of(&PRIVATE, address) && (allow_private || through_proxy))
                    || (is_of(&LOOPBACK, address) && through_proxy)
            };
            match targets {
                Ok(targets) => {
                    assert_eq!(targets, says, "connects to what was checked");
                    assert!(says.iter().all(fits), "{says:?}");
                    allowed += 1;
                }
                Err(NetError::Denied(_)) => {
                    assert!(!says.iter().all(fits), "{says:?}");
                    denied += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        sequences += 1;
    }
    assert!(allowed > 5_000 && denied > 5_000, "{allowed} {denied}");
}
