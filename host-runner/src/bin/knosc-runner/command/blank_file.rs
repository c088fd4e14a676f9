//! Fetches one blank upload file: from the tenant with its session, from another origin only where that was named, and without any.
//!
//! A link of Knosc's list may lead anywhere; cookies and the CSRF token are the tenant's alone.

use http::Uri;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::protocol::templates::{FILE_BYTES_MAX, file_request, read_file};
use knosc_runner::egress::{Denial, Egress};
use knosc_runner::error::Error;
use knosc_runner::net::Client;
use knosc_runner::tenant::Tenant;

use crate::args::Global;
use crate::problem::Problem;
use crate::{connect, when};

/// The file behind a link. `allowed` are the origins that may be asked beside the tenant's.
pub async fn fetch(
    global: &Global,
    tenant: &Tenant,
    link: &str,
    allowed: &[Origin],
) -> Result<Vec<u8>, Problem> {
    match tenant.template(link).await {
        Ok(bytes) => Ok(bytes),
        Err(Error::Egress(denial @ Denial::Origin { .. })) => {
            let uri: Option<Uri> = link.parse().ok();
            let other = uri.and_then(|uri| {
                let is_of = |origin: &&Origin| Egress::knosc(origin).allows_link(&uri).is_ok();
                Some((allowed.iter().find(is_of)?.clone(), uri))
            });
            match other {
                Some((origin, uri)) => from_elsewhere(global, &origin, &uri).await,
                None => Err(Problem::TemplateElsewhere { link: link.to_owned(), denial }),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// A GET with nothing of the tenant's in it: no cookie, no token, no trace.
async fn from_elsewhere(global: &Global, origin: &Origin, uri: &Uri) -> Result<Vec<u8>, Problem> {
    let mut config = connect::client(global);
    #[cfg(feature = "otlp")]
    {
        config.traceparent = false;
    }
    config.allow_private = false;
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let client = Client::new(origin, &config).map_err(Error::Net)?;
    let answer = client.exchange(&file_request(path), Vec::new(), FILE_BYTES_MAX).await;
    let answer = answer.map_err(Error::Net)?;
    read_file(&answer, when::now_ms()).map_err(|fault| {
        // Another server's refusal is not Knosc's: signing in again would not help.
        let message = format!("status {} without a file: {}", answer.status, fault.message());
        Problem::Io { what: origin.to_string(), message }
    })
}
