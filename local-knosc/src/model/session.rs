//! Tokens, the four cookies that carry them, and who may do what with them.
//! Issues and checks; how somebody comes to a session is `auth`.

use std::collections::BTreeMap;

use serde_json::json;

use super::draw::Draw;
use crate::{Knobs, Request, Response, SessionRefusals, config::UserConfig};

/// The documented path of both refresh cookies.
pub(crate) const REFRESH_PATH: &str = "/api/token-refresh";
/// The documented CSRF header.
pub(crate) const CSRF_HEADER: &str = "X-XSRF-TOKEN";

/// A user and what has happened to it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) user: UserConfig,
    /// Consecutive failed sign-ins.
    pub(crate) failures: u32,
    pub(crate) locked_until: u64,
    /// Tokens from before this change of the record are dead.
    pub(crate) changes: u64,
    /// Until when the password step is good for verify-2fa.
    pub(crate) pending_until: u64,
    /// The last TOTP step that was taken.
    pub(crate) last_step: Option<u64>,
    /// A second factor that was generated and not yet activated.
    pub(crate) new_secret: Option<String>,
    /// The token of a first sign-in.
    pub(crate) first_token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

#[derive(Debug, Clone)]
struct Token {
    kind: TokenKind,
    account: usize,
    changes: u64,
    csrf: String,
    expires: Option<u64>,
    requests: u64,
}

/// A tenant's users and tokens.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    pub(crate) accounts: Vec<Account>,
    tokens: BTreeMap<String, Token>,
    pub(crate) draw: Draw,
}

impl Sessions {
    pub(crate) fn new(users: Vec<UserConfig>, draw: Draw) -> Self {
        let account = |user| Account {
            user,
            failures: 0,
            locked_until: 0,
            changes: 0,
            pending_until: 0,
            last_step: None,
            new_secret: None,
            first_token: None,
        };
        Self { accounts: users.into_iter().map(account).collect(), tokens: BTreeMap::new(), draw }
    }

    /// Issues a token and adds its two cookies, with the documented names, paths and attributes.
    pub(crate) fn issue(
        &mut self,
        kind: TokenKind,
        account: usize,
        knobs: &Knobs,
        now: u64,
        answer: Response,
    ) -> Response {
        let changes = self.accounts.get(account).map_or(0, |a| a.changes);
        let (name, path, life) = match kind {
            TokenKind::Access => ("access", "/", knobs.assumed_access_token_ms),
            TokenKind::Refresh => ("refresh", REFRESH_PATH, knobs.assumed_refresh_token_ms),
        };
        let text = self.draw.jwt(name, changes);
        let csrf = self.draw.hex();
        let extra = &knobs.assumed_cookie_attributes;
        let answer = answer
            .with_header(
                "Set-Cookie",
                &format!("{name}_token_cookie={text}; HttpOnly; Path={path}; SameSite=Lax{extra}"),
            )
            .with_header(
                "Set-Cookie",
                &format!("csrf_{name}_token={csrf}; Path={path}; SameSite=Lax{extra}"),
            );
        let expires = life.map(|life| now.saturating_add(life));
        self.tokens.insert(text, Token { kind, account, changes, csrf, expires, requests: 0 });
        answer
    }

    /// Finds who sent a request, or answers 401 or 422; state-changing methods need the CSRF header.
    pub(crate) fn check(
        &mut self,
        kind: TokenKind,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<usize, Response> {
        let codes = &knobs.assumed_codes;
        let unauthorized = || refused(401, "Missing or invalid token.", &codes.unauthorized, knobs);
        let cookie = match kind {
            TokenKind::Access => "access_token_cookie",
            TokenKind::Refresh => "refresh_token_cookie",
        };
        let token = request
            .cookie(cookie)
            .and_then(|text| self.tokens.get_mut(text))
            .ok_or_else(unauthorized)?;
        let account = self.accounts.get(token.account).ok_or_else(unauthorized)?;
        let expired = token.expires.is_some_and(|at| now >= at)
            || (kind == TokenKind::Access
                && knobs.assumed_expire_after_requests.is_some_and(|max| token.requests >= max));
        if token.kind != kind || token.changes != account.changes || expired {
            return Err(unauthorized());
        }
        token.requests += 1;
        if request.method != "GET" {
            let status = match request.header(CSRF_HEADER) {
                Some(value) if value == token.csrf => return Ok(token.account),
                Some(_) => knobs.assumed_wrong_csrf_status,
                None => 422,
            };
            return Err(refused(status, "Missing or invalid CSRF token.", &codes.csrf, knobs));
        }
        Ok(token.account)
    }

    /// The values that sessions have now: of each token, and of its CSRF token.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().flat_map(|(text, token)| [text.as_str(), token.csrf.as_str()])
    }

    /// Says whether an account holds a privilege, or answers as documented.
    pub(crate) fn demand(&self, account: usize, privilege: &str) -> Result<(), Response> {
        if self.accounts.get(account).is_some_and(|a| a.user.may(privilege)) {
            return Ok(());
        }
        Err(not_privileged())
    }

    /// Ends the access tokens, and the refresh tokens too if asked.
    pub(crate) fn expire(&mut self, refresh_too: bool) {
        self.tokens.retain(|_, token| !refresh_too && token.kind == TokenKind::Refresh);
    }

    /// Ends one token.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Changes a user's record, which ends its tokens; says whether there is such a user.
    pub(crate) fn touch(&mut self, name: &str) -> bool {
        let found = self.accounts.iter_mut().find(|account| account.user.is_named(name));
        found.map(|account| account.changes += 1).is_some()
    }
}

/// Refuses a session: the library that the cookie names point to answers otherwise than the documentation says of all errors.
fn refused(status: u16, text: &str, code: &str, knobs: &Knobs) -> Response {
    match knobs.assumed_session_refusals {
        SessionRefusals::Envelope => Response::error(status, text, code),
        SessionRefusals::Msg => Response::json(status, &json!({"msg": text})),
    }
}

/// Answers 403 as documented.
pub(crate) fn not_privileged() -> Response {
    Response::error(403, "Not Privileged for this action", "User.NotPrivileged")
}
