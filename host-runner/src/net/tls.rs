//! Whom a client trusts, and what a failed handshake means.
//!
//! There is no switch that turns the check off: a company's own authority is a file in `ca_files`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::error::NetError;

/// Trusts the system's authorities and those in these files.
pub(super) fn trusting(ca_files: &[PathBuf]) -> Result<ClientConfig, NetError> {
    let mut roots = RootCertStore::empty();
    // Single unreadable files of the system's store are common, and harmless while another one works.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for file in ca_files {
        let hint = "name a readable PEM file of certificates";
        let unreadable =
            |reason: String| NetError::configuration(format!("{}: {reason}", file.display()), hint);
        let before = roots.len();
        for certificate in
            CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))?
        {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(unreadable("no certificate in it".to_owned()));
        }
    }
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
            NetError::UntrustedCertificate { message: reason.to_string() }
        }
        _ => NetError::Tls { message: error.to_string() },
    }
}
