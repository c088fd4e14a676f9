//! The certificates that a server shows, and whether they are trusted: for a person who has to find out why not.
//!
//! Makes a handshake and sends no request. What is not trusted is looked at and never talked to: the check is the one of every client.

use std::sync::{Arc, Mutex, PoisonError};

use knosc_bulk_import::origin::Origin;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::config::ClientConfig;
use super::connect::Connector;
use super::error::NetError;
#[cfg(feature = "own-ca")]
use super::own_ca;
use super::tls;

/// What a server showed of itself.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Each certificate as DER, the server's own first, in the server's order.
    pub certificates: Vec<Vec<u8>>,
    /// Why the chain is not trusted.
    pub refused: Option<String>,
    /// The names of the authorities that are trusted, as DER without their outermost tag.
    authorities: Vec<Vec<u8>>,
}

impl Chain {
    /// Whether a name, as DER, is one of an authority that is trusted here.
    pub fn is_authority(&self, name: &[u8]) -> bool {
        /// A tag and at most three bytes of length: a name is shorter than 64 KiB.
        const HEAD_BYTES_MAX: usize = 4;
        self.authorities.iter().any(|known| {
            name.strip_suffix(known.as_slice())
                .is_some_and(|head| (2..=HEAD_BYTES_MAX).contains(&head.len()))
        })
    }
}

/// Shakes hands with an https origin, the way every request to it goes; `None` for one without TLS.
///
/// # Errors
/// Every [`NetError`] of a connection before a certificate was shown.
pub async fn chain(origin: &Origin, config: &ClientConfig) -> Result<Option<Chain>, NetError> {
    let connector = Connector::new(origin, config)?;
    let Some(name) = connector.server_name() else { return Ok(None) };
    let roots = tls::system();
    #[cfg(feature = "own-ca")]
    let roots = own_ca::added(roots, &config.ca_files)?;
    let authorities = roots.roots.iter().map(|anchor| anchor.subject.to_vec()).collect();
    let (shown, tls) = watching(roots)?;
    let tcp = connector.tcp().await?;
    let shaken = timeout(config.timeouts.tls, tls.connect(name.clone(), tcp)).await;
    let seen = shown.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (seen, shaken) {
        (Some((certificates, refused)), _) => {
            Ok(Some(Chain { certificates, refused, authorities }))
        }
        (None, Err(_)) => Err(NetError::TlsTimeout),
        (None, Ok(Err(error))) => Err(tls::explain(&error)),
        // A server without a certificate is none that rustls finishes with.
        (None, Ok(Ok(_))) => Err(NetError::Tls("no certificate was shown".to_owned())),
    }
}

type Seen = (Vec<Vec<u8>>, Option<String>);

/// What was shown, once it was.
#[derive(Debug, Default)]
struct Shown(Mutex<Option<Seen>>);

fn watching(roots: RootCertStore) -> Result<(Arc<Shown>, TlsConnector), NetError> {
    let mut config = tls::trusting(roots.clone())?;
    let provider = Arc::clone(config.crypto_provider());
    let check = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let check = check.map_err(|error| NetError::Tls(error.to_string()))?;
    let shown = Arc::new(Shown::default());
    let watcher = Watcher { check, shown: Arc::clone(&shown) };
    config.dangerous().set_certificate_verifier(Arc::new(watcher));
    Ok((shown, TlsConnector::from(Arc::new(config))))
}

/// The usual check, which is heard and never answered for.
#[derive(Debug)]
struct Watcher {
    check: Arc<WebPkiServerVerifier>,
    shown: Arc<Shown>,
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.check.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let all = [end_entity].into_iter().chain(intermediates);
        let certificates = all.map(|certificate| certificate.to_vec()).collect();
        let refused = verdict.as_ref().err().map(|error| match error {
            rustls::Error::InvalidCertificate(reason) => reason.to_string(),
            error => error.to_string(),
        });
        *self.shown.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((certificates, refused));
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.check.supported_verify_schemes()
    }
}
