//! What a tenant is asked without the component: a session, the list of templates, a template, a logout.
//!
//! Each request is made with the session, and once more where Knosc did not take it.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::protocol::{
    ANSWER_BYTES_MAX, Answer, Request, Sent, classify, logout, templates,
};
use knosc_bulk_import::session::Session;

use super::Tenant;
use crate::egress::Denial;
use crate::error::Error;
use crate::net::{NetError, SentBytes};
use crate::session::SignInError;

impl Tenant {
    /// Signs in, unless there is a session already, and gives it for safe-keeping.
    ///
    /// # Errors
    /// [`SignInError`] if there is no session to be had.
    pub async fn sign_in(&self) -> Result<Session, SignInError> {
        self.0.sessions.session().await
    }

    /// Asks for the links of the blank upload files, as the JSON that Knosc gives.
    ///
    /// # Errors
    /// [`Error::SignIn`] without a session, [`Error::Fault`] for what Knosc refused or did not answer.
    pub async fn templates(&self) -> Result<String, Error> {
        let answer = self.ask(&templates::request()).await?;
        templates::read(&answer, self.0.sessions.clock().now_ms()).map_err(Error::Fault)
    }

    /// Asks for one blank upload file by a link of [`Tenant::templates`]: a path, or an address on the tenant's own origin.
    ///
    /// # Errors
    /// As [`Tenant::templates`]; [`Error::Egress`] for a link to anywhere else, which would get the session.
    pub async fn template(&self, link: &str) -> Result<Vec<u8>, Error> {
        let is_path = link.starts_with('/') && !link.starts_with("//");
        let address = if is_path { format!("{}{link}", self.origin()) } else { link.to_owned() };
        let uri: http::Uri = address.parse().map_err(|_| Denial::Link)?;
        self.0.egress.allows_link(&uri)?;
        let path = uri.path_and_query().ok_or(Denial::Link)?;
        let request = templates::file_request(path.as_str());
        let answer = self.ask_for(&request, templates::FILE_BYTES_MAX).await?;
        templates::read_file(&answer, self.0.sessions.clock().now_ms()).map_err(Error::Fault)
    }

    /// Asks for one page of a documented list, `/api/unit-master?page=1&page_size=100`, and gives its JSON as it came. A GET.
    ///
    /// # Errors
    /// As [`Tenant::templates`].
    pub async fn list(&self, path: &str) -> Result<Vec<u8>, Error> {
        let request = templates::file_request(path);
        let answer = self.ask_for(&request, templates::FILE_BYTES_MAX).await?;
        templates::read_file(&answer, self.0.sessions.clock().now_ms()).map_err(Error::Fault)
    }

    /// Ends the session in Knosc and forgets it here.
    ///
    /// # Errors
    /// As [`Tenant::templates`]. The session is forgotten all the same.
    pub async fn logout(&self) -> Result<(), Error> {
        let answer = self.ask(&logout::request()).await;
        self.0.sessions.forget().await;
        let answer = answer?;
        if (200..=299).contains(&answer.status) {
            return Ok(());
        }
        Err(Error::Fault(classify::read_refused(&answer, self.0.sessions.clock().now_ms())))
    }

    /// Asks with the session; renews it and asks once more where Knosc did not take it.
    async fn ask(&self, request: &Request) -> Result<Answer, Error> {
        self.ask_for(request, ANSWER_BYTES_MAX).await
    }

    async fn ask_for(&self, request: &Request, bytes_max: usize) -> Result<Answer, Error> {
        let (generation, answer) = self.ask_once(request, bytes_max).await?;
        if classify::wants_renewal(answer.status) && self.0.sessions.renew(generation).await {
            return Ok(self.ask_once(request, bytes_max).await?.1);
        }
        Ok(answer)
    }

    async fn ask_once(&self, request: &Request, bytes_max: usize) -> Result<(u64, Answer), Error> {
        let (generation, headers) = self.0.sessions.headers(request.method).await?;
        let answer = self.0.client.exchange(request, headers, bytes_max).await;
        let answer = answer.map_err(|error| Error::Fault(unanswered(&error)))?;
        self.0.sessions.answered(generation, answer.status);
        Ok((generation, answer))
    }
}

/// Small requests may be made again, whatever became of them; a denied one would be denied again.
fn unanswered(error: &NetError) -> Fault {
    match error {
        NetError::Denied(_)
        | NetError::Configuration { .. }
        | NetError::UntrustedCertificate(_) => Fault::PermanentDenied(error.to_string()),
        _ => {
            let sent = match error.sent() {
                SentBytes::Nothing => Sent::Nothing,
                SentBytes::Some => Sent::Part,
            };
            classify::unanswered(sent, error.to_string())
        }
    }
}
