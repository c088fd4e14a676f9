//! Sign-ins that Knosc refused, as salted hashes: what they were is not kept, and the same one is known again.
//!
//! Values and files of the state folder; asks nobody.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};

use knosc_bulk_import::origin::Origin;
use sha2::{Digest as _, Sha256};

use super::sources::SignIn;
use crate::state::{State, StoredRefusal};

/// So many are remembered of one tenant: a user or two, and the passwords that they mistyped. The oldest go first.
const REFUSALS_MAX: usize = 20;

/// What Knosc said when it refused just this user name, password and one-time secret.
pub(super) fn find(state: &State, origin: &Origin, sign_in: &SignIn) -> Option<String> {
    let stored = state.refusals(origin);
    let found = stored.into_iter().rev().find(|one| one.digest == sign_in.digest(&one.salt));
    found.map(|one| one.message)
}

pub(super) fn add(state: &State, origin: &Origin, sign_in: &SignIn, message: String) {
    let mut stored = state.refusals(origin);
    let salt = salt();
    stored.push(StoredRefusal {
        digest: sign_in.digest(&salt),
        user: sign_in.user_digest(&salt),
        salt,
        message,
    });
    let surplus = stored.len().saturating_sub(REFUSALS_MAX);
    stored.drain(..surplus);
    keep(state, origin, &stored);
}

/// Forgets the refusals of a user who is signed in now: what was refused may be right by now. Other users' stay.
pub(super) fn forget_user(state: &State, origin: &Origin, sign_in: &SignIn) {
    let mut stored = state.refusals(origin);
    let before = stored.len();
    stored.retain(|one| one.user != sign_in.user_digest(&one.salt));
    if stored.len() < before {
        keep(state, origin, &stored);
    }
}

fn keep(state: &State, origin: &Origin, stored: &[StoredRefusal]) {
    if let Err(error) = state.keep_refusals(origin, stored) {
        tracing::warn!("the refused sign-in could not be remembered: {error}");
    }
}

impl SignIn {
    /// Of all that Knosc judged: whoever changes one of them may try again.
    fn digest(&self, salt: &str) -> String {
        let one_time = self.one_time.as_deref().unwrap_or_default();
        digest(&[salt, &self.username, &self.password, one_time])
    }

    fn user_digest(&self, salt: &str) -> String {
        digest(&[salt, &self.username])
    }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// From the randomly keyed hasher of the standard library: a salt has to differ, not to be secret.
fn salt() -> String {
    let draw = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", draw(), draw())
}
