//! One company's Knosc: its origin, its connections and its session, apart from every other tenant's.
//!
//! Uploads and polls go through the runner, and other requests that need no component are in `account`.

#[cfg(feature = "account")]
mod account;

use std::fmt;
use std::sync::Arc;

use knosc_bulk_import::origin::Origin;

use crate::clock::{Clock, SystemClock};
use crate::credentials::Credentials;
use crate::egress::Egress;
use crate::error::Error;
use crate::net::{Client, ClientConfig};
use crate::session::SessionKeeper;

/// What makes a tenant.
#[derive(Debug)]
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
    client: Client,
    sessions: Arc<SessionKeeper>,
    egress: Egress,
}

impl Tenant {
    /// Makes a tenant; sends nothing.
    ///
    /// # Errors
    /// [`NetError::Configuration`](crate::net::NetError::Configuration) for a certificate file or a proxy address that cannot be used.
    pub fn new(config: TenantConfig) -> Result<Self, Error> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Makes a tenant with a clock of its own, which one-time codes and waits are counted by.
    ///
    /// # Errors
    /// As [`Tenant::new`].
    pub fn with_clock(config: TenantConfig, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let TenantConfig { name, origin, client, credentials } = config;
        let client = Client::new(&origin, &client)?;
        let keeper = SessionKeeper::new(client.clone(), credentials, clock);
        let egress = Egress::knosc(&origin);
        Ok(Self(Arc::new(Inner { name, client, sessions: Arc::new(keeper), egress })))
    }

    /// The name for logs and reports.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The one place that its requests go to.
    pub fn origin(&self) -> &Origin {
        self.0.client.origin()
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
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("name", &self.0.name)
            .field("origin", &self.origin().to_string())
            .finish_non_exhaustive()
    }
}
