//! Whom a client trusts, and what a failed handshake means.
//!
//! There is no switch that turns the check off: a company's own authority is a file in `ca_files`.

use std::io;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::error::NetError;

/// The authorities that the system trusts.
pub(super) fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Single unreadable files of the system's store are common, and harmless while another one works.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Trusts these authorities, and nobody else.
pub(super) fn trusting(roots: RootCertStore) -> Result<ClientConfig, NetError> {
    if roots.is_empty() {
        return Err(NetError::configuration(
            "this machine trusts no certificate authority".to_owned(),
            "install the system's certificates, or name a PEM file",
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError::configuration(error.to_string(), "this build has no TLS"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Tells an untrusted certificate from every other failure: the one is for the operator, the others may pass.
pub(super) fn explain(error: &io::Error) -> NetError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            NetError::UntrustedCertificate(reason.to_string())
        }
        _ => NetError::Tls(error.to_string()),
    }
}
