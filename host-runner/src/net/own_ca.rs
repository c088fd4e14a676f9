//! Authorities of a company's own, from PEM files.

use std::path::PathBuf;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::error::NetError;

/// Adds those in these files, each of which must hold one.
pub(super) fn added(
    mut roots: RootCertStore,
    ca_files: &[PathBuf],
) -> Result<RootCertStore, NetError> {
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
    Ok(roots)
}
