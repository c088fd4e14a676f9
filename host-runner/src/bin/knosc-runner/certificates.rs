//! What a certificate says of itself, for people.
//!
//! Reads bytes that a server sent; decides nothing about trust, which the library does.

use knosc_runner::net::chain::Chain;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::when;

/// One certificate of a chain.
#[derive(Clone, Debug)]
pub struct Shown {
    pub subject: String,
    pub issuer: String,
    /// Unix time in milliseconds; none where it cannot be read.
    pub valid: Option<(u64, u64)>,
    pub issuer_is_trusted: bool,
    now_ms: u64,
}

/// Reads each one, also where others cannot be read.
pub fn read(chain: &Chain, now_ms: u64) -> Vec<Shown> {
    chain.certificates.iter().map(|der| one(chain, der, now_ms)).collect()
}

fn one(chain: &Chain, der: &[u8], now_ms: u64) -> Shown {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        let unread = || "(cannot be read)".to_owned();
        let (subject, issuer) = (unread(), unread());
        return Shown { subject, issuer, valid: None, issuer_is_trusted: false, now_ms };
    };
    let ms = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
    let validity = certificate.validity();
    Shown {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        valid: Some((ms(validity.not_before.timestamp()), ms(validity.not_after.timestamp()))),
        issuer_is_trusted: chain.is_authority(certificate.issuer().as_raw()),
        now_ms,
    }
}

impl Shown {
    pub fn is_current(&self) -> bool {
        self.valid.is_some_and(|(from, to)| (from..=to).contains(&self.now_ms))
    }

    /// One line.
    pub fn text(&self) -> String {
        let Self { subject, issuer, now_ms, .. } = self;
        let trusted = if self.issuer_is_trusted { ", who is trusted here" } else { "" };
        let day = |ms| when::rfc3339(ms).chars().take(10).collect::<String>();
        let times = self.valid.map_or_else(String::new, |(from, to)| {
            let state = match (*now_ms < from, *now_ms > to) {
                (true, _) => ": not valid yet",
                (_, true) => ": expired",
                _ => "",
            };
            format!("; valid {} to {}{state}", day(from), day(to))
        });
        format!("{subject}, issued by {issuer}{trusted}{times}")
    }
}
