//! Addresses that a name may resolve to, as data.

use std::net::IpAddr;

use knosc_bulk_import::protocol::templates;
use knosc_runner::egress::{Denial, address_allowed, is_private_network};
use knosc_runner::net::{Client, ClientConfig, NetError};

use crate::tls::Identity;

pub(crate) const PUBLIC: [&str; 12] = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.1.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
];

pub(crate) const DENIED: [&str; 55] = [
    // This host and its network.
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.255",
    "::",
    "::1",
    // Private, shared, link-local.
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.0.1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    // Metadata services.
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    // Documentation, benchmarking, protocol assignments, former relays.
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.0.1",
    "192.88.99.1",
    "2001:db8::1",
    "3fff::1",
    "2001:2::1",
    "2001:20::1",
    // Multicast, reserved, broadcast.
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "ff02::1",
    // IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, Teredo.
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2001:0:7f00:1::1",
];

#[test]
fn public_addresses_alone_are_connected_to() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    for text in PUBLIC {
        assert!(address_allowed(address(text), false), "{text}");
        assert!(!address_allowed(address(text), true), "{text}");
    }
    for text in DENIED {
        assert!(!address_allowed(address(text), false), "{text}");
        assert_eq!(address_allowed(address(text), true), address(text).is_loopback(), "{text}");
    }
}

#[test]
fn a_private_network_is_neither_this_host_nor_a_metadata_service() {
    let private: Vec<&str> =
        DENIED.into_iter().filter(|text| is_private_network(text.parse().unwrap())).collect();
    let expected = [
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
        "fc00::1",
        "fd12:3456::1",
    ];
    assert_eq!(private, expected);
}

/// Every denied address as an origin: refused before a socket is opened, whatever is configured.
#[tokio::test]
async fn an_origin_that_is_a_denied_address() {
    let identity = Identity::new("localhost", "addresses");
    for text in DENIED {
        let address: IpAddr = text.parse().unwrap();
        if address.is_loopback() {
            continue;
        }
        let origin = match address {
            IpAddr::V4(address) => format!("https://{address}"),
            IpAddr::V6(_) => format!("https://[{text}]"),
        };
        let ca_files = vec![identity.ca_file.clone()];
        let config = ClientConfig { ca_files, ..ClientConfig::default() };
        let client = Client::new(&origin.parse().unwrap(), &config).unwrap();
        let error = client.exchange(&templates::request(), Vec::new(), 10).await.err().unwrap();
        assert!(matches!(error, NetError::Denied(Denial::Address { .. })), "{text}: {error:?}");
    }
}
