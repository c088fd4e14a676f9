//! A Knosc, a tenant in it, and credentials that remember what they were told.

use std::sync::{Arc, Mutex};

use knosc_bulk_import::session::Session;
use knosc_runner::BoxFuture;
use knosc_runner::clock::SystemClock;
use knosc_runner::credentials::{Credentials, CredentialsError, Secret};
use knosc_runner::net::{Client, ClientConfig};
use knosc_runner::session::{SessionKeeper, SignInError};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Running, SessionRefusals};

/// Gives one secret, and remembers what became of it.
pub(crate) struct Recorded {
    secret: Mutex<Secret>,
    pub(crate) kept: Mutex<Vec<Session>>,
    pub(crate) failed: Mutex<Vec<SignInError>>,
}

impl Recorded {
    pub(crate) fn new(secret: Secret) -> Arc<Self> {
        let (kept, failed) = (Mutex::default(), Mutex::default());
        Arc::new(Self { secret: Mutex::new(secret), kept, failed })
    }

    pub(crate) fn replace(&self, secret: Secret) {
        *self.secret.lock().unwrap() = secret;
    }
}

impl Credentials for Recorded {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(std::future::ready(Ok(self.secret.lock().unwrap().clone())))
    }

    fn keep(&self, session: &Session) -> BoxFuture<'_, ()> {
        self.kept.lock().unwrap().push(session.clone());
        Box::pin(std::future::ready(()))
    }

    fn failed(&self, error: &SignInError) -> BoxFuture<'_, ()> {
        self.failed.lock().unwrap().push(error.clone());
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn user(username: &str, password: &str, one_time: Option<&str>) -> Secret {
    let one_time = one_time.map(str::to_owned);
    Secret::SignIn { username: username.into(), password: password.into(), one_time }
}

pub(crate) fn demo() -> Secret {
    user(DEFAULT_USER, DEFAULT_PASSWORD, None)
}

pub(crate) fn knosc() -> Running {
    local_knosc::spawn(Config::default()).unwrap()
}

/// One for each way in which sessions may be refused.
pub(crate) fn both() -> [Running; 2] {
    [SessionRefusals::Envelope, SessionRefusals::Msg].map(|refusals| {
        let knosc = knosc();
        knosc.model().knobs_mut().assumed_session_refusals = refusals;
        knosc
    })
}

/// How often a refresh was asked for, and how often a sign-in.
pub(crate) fn counts(knosc: &Running) -> (u64, u64) {
    let model = knosc.model();
    (model.refreshes(), model.sign_in_attempts())
}

pub(crate) fn keeper(knosc: &Running, credentials: Arc<dyn Credentials>) -> Arc<SessionKeeper> {
    let client = Client::new(&knosc.url().parse().unwrap(), &ClientConfig::default()).unwrap();
    Arc::new(SessionKeeper::new(client, credentials, Arc::new(SystemClock)))
}

pub(crate) fn tenant(url: &str, credentials: Arc<dyn Credentials>) -> Tenant {
    let origin = url.parse().unwrap();
    let config =
        TenantConfig { name: "acme".into(), origin, client: ClientConfig::default(), credentials };
    Tenant::new(config).unwrap()
}
