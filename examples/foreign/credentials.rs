//! Credentials in a store of the embedder's: it keeps the session for the next process, and gives no refused password twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use knosc_bulk_import::session::Session;
use knosc_runner::BoxFuture;
use knosc_runner::credentials::{Credentials, CredentialsError, Secret};
use knosc_runner::session::SignInError;

/// A tenant's entry in a store of secrets.
#[derive(Clone)]
pub(crate) struct Vault {
    entry: Arc<Mutex<Entry>>,
}

struct Entry {
    username: String,
    password: String,
    session: Option<Session>,
    is_refused: bool,
}

impl Vault {
    /// An entry with a password and no session yet.
    pub(crate) fn new(username: &str, password: &str) -> Self {
        let (username, password) = (username.to_owned(), password.to_owned());
        let entry = Entry { username, password, session: None, is_refused: false };
        Self { entry: Arc::new(Mutex::new(entry)) }
    }

    /// The entry as one process uses it.
    pub(crate) fn open(&self) -> VaultCredentials {
        VaultCredentials { vault: self.clone(), is_session_given: AtomicBool::new(false) }
    }

    fn entry(&self) -> MutexGuard<'_, Entry> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One process's credentials.
pub(crate) struct VaultCredentials {
    vault: Vault,
    /// Who asks again has a session that is over.
    is_session_given: AtomicBool,
}

impl Credentials for VaultCredentials {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(async {
            let entry = self.vault.entry();
            if let Some(session) = &entry.session
                && !self.is_session_given.swap(true, Ordering::AcqRel)
            {
                return Ok(Secret::Session(session.clone()));
            }
            if entry.is_refused {
                let why = "Knosc refused this password; store another one";
                return Err(CredentialsError::Missing(why.to_owned()));
            }
            let (username, password) = (entry.username.clone(), entry.password.clone());
            Ok(Secret::SignIn { username, password, one_time: None })
        })
    }

    fn keep(&self, session: &Session) -> BoxFuture<'_, ()> {
        let session = session.clone();
        Box::pin(async {
            self.is_session_given.store(true, Ordering::Release);
            self.vault.entry().session = Some(session);
        })
    }

    fn failed(&self, error: &SignInError) -> BoxFuture<'_, ()> {
        let is_final = error.is_final();
        Box::pin(async move { self.vault.entry().is_refused |= is_final })
    }
}
