//! One company's Knosc: its origin, its connections and its session, apart from every other tenant's.
//!
//! Asks for what needs no component (sign-in, templates, logout); uploads and polls go through the runner.

use std::fmt;
use std::sync::Arc;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::protocol::{
    ANSWER_BYTES_MAX, Answer, Request, Sent, classify, logout, templates,
};
use knosc_bulk_import::session::Session;

use crate::clock::{Clock, SystemClock};
use crate::credentials::Credentials;
use crate::egress::{Denial, Egress};
use crate::error::Error;
use crate::net::{Client, ClientConfig, NetError, SentBytes};
use crate::session::{SessionKeeper, SignInError};

/// What makes a tenant.
pub struct TenantConfig {
    /// A name for logs and reports.
    pub name: String,
    /// The one place that its requests go to.
    pub origin: Origin,
    /// How to connect.
    pub client: ClientConfig,
    /// Where its secrets come from.
    pub credentials: Arc<dyn Credentials>,
}

/// One company's Knosc. Two tenants share no connection, no TLS ticket and no session. Clones are the same tenant.
#[derive(Clone)]
pub struct Tenant(Arc<Inner>);

struct Inner {
    name: String,
    origin: Origin,
    client: Client,
    sessions: Arc<SessionKeeper>,
    egress: Egress,
    clock: Arc<dyn Clock>,
}

impl Tenant {
    /// Makes a tenant; sends nothing.
    ///
    /// # Errors
    /// [`Error::Setup`] for a certificate file or a proxy address that cannot be used.
    pub fn new(config: TenantConfig) -> Result<Self, Error> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Makes a tenant with a clock of its own, which one-time codes and waits are counted by.
    ///
    /// # Errors
    /// As [`Tenant::new`].
    pub fn with_clock(config: TenantConfig, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let TenantConfig { name, origin, client, credentials } = config;
        let client = Client::new(&origin, client)
            .map_err(|error| Error::Setup { message: error.to_string(), hint: error.hint() })?;
        let keeper = SessionKeeper::new(client.clone(), credentials, Arc::clone(&clock));
        let egress = Egress::knosc(&origin);
        Ok(Self(Arc::new(Inner {
            name,
            origin,
            client,
            sessions: Arc::new(keeper),
            egress,
            clock,
        })))
    }

    /// The name for logs and reports.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The one place that its requests go to.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The client of that place.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Whoever keeps its session.
    pub fn sessions(&self) -> &Arc<SessionKeeper> {
        &self.0.sessions
    }

    /// What may be asked.
    pub fn egress(&self) -> &Egress {
        &self.0.egress
    }

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
        templates::read(&answer, self.0.clock.now_ms()).map_err(Error::Fault)
    }

    /// Asks for one blank upload file by a link of [`Tenant::templates`]: a path, or an address on the tenant's own origin.
    ///
    /// # Errors
    /// As [`Tenant::templates`]; [`Error::Egress`] for a link to anywhere else, which would get the session.
    pub async fn template(&self, link: &str) -> Result<Vec<u8>, Error> {
        let is_path = link.starts_with('/') && !link.starts_with("//");
        let address = if is_path { format!("{}{link}", self.0.origin) } else { link.to_owned() };
        let uri: http::Uri = address.parse().map_err(|_| Denial::Link)?;
        self.0.egress.allows_link(&uri)?;
        let path = uri.path_and_query().ok_or(Denial::Link)?;
        let request = templates::file_request(path.as_str());
        let answer = self.ask_for(&request, templates::FILE_BYTES_MAX).await?;
        templates::read_file(&answer, self.0.clock.now_ms()).map_err(Error::Fault)
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
        Err(Error::Fault(classify::read_refused(&answer, self.0.clock.now_ms())))
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
        Ok((generation, answer.map_err(|error| Error::Fault(unanswered(&error)))?))
    }
}

/// Small requests may be made again, whatever became of them; a denied one would be denied again.
fn unanswered(error: &NetError) -> Fault {
    match error {
        NetError::Denied { .. }
        | NetError::Configuration { .. }
        | NetError::UntrustedCertificate { .. } => Fault::PermanentDenied(error.to_string()),
        _ => {
            let sent = match error.sent() {
                SentBytes::Nothing => Sent::Nothing,
                SentBytes::Some => Sent::Part,
            };
            classify::unanswered(sent, error.to_string())
        }
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("name", &self.0.name)
            .field("origin", &self.0.origin.to_string())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TenantConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantConfig")
            .field("name", &self.name)
            .field("origin", &self.origin.to_string())
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
