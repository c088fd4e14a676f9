//! A signed-in user: cookie values and CSRF tokens, opaque.
//!
//! Never printed: `Debug` redacts. How they are got and renewed is in `protocol`.

use std::fmt;

/// Cookie values of a signed-in user (`access_token_cookie`, `csrf_access_token`).
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The JWT that every request carries.
    pub access_token: String,
    /// What `X-XSRF-TOKEN` of a state-changing request must say.
    pub csrf_token: String,
    /// What `token-refresh` needs; 2FA sign-ins are not documented to give it.
    pub refresh: Option<RefreshPair>,
}

/// The refresh cookie and its own CSRF token; sent to `/api/token-refresh` and nowhere else (their `Path`).
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshPair {
    /// `refresh_token_cookie`.
    pub token: String,
    /// `csrf_refresh_token`.
    pub csrf_token: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("refreshable", &self.refresh.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RefreshPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshPair").finish_non_exhaustive()
    }
}
