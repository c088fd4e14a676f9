//! Sign-in, second factor, refresh and logout, and the lockout between them.
//! Answers only; what a session may do is decided elsewhere.

use serde_json::{Value, json};

use super::{
    session::{REFRESH_PATH, Sessions, TokenKind},
    time::totp_step,
};
use crate::{Knobs, Request, Response};

/// How many consecutive failures lock an account (documented).
const FAILURES_TO_LOCK: u32 = 3;
/// Doubling stops here: the lock is then longer than any test, and cannot overflow.
const DOUBLINGS_MAX: u32 = 20;

impl Sessions {
    /// Answers an authentication route, or `None` if the request is for another one.
    pub(crate) fn route(&mut self, request: &Request, knobs: &Knobs, now: u64) -> Option<Response> {
        let answer = match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/api/authenticate") => self.authenticate(request, knobs, now),
            ("POST", "/api/verify-2fa") => self.verify(request, knobs, now),
            ("POST", REFRESH_PATH) => self.refresh(request, knobs, now),
            ("POST", "/api/logout") => self.logout(request, knobs, now),
            ("POST", "/api/first-signin") => self.first_signin(request, knobs, now),
            ("POST", "/api/setup-2fa/generate") => self.generate(request, knobs, now),
            ("POST", "/api/setup-2fa/activate") => self.activate(request, knobs, now),
            ("POST", path) => {
                let id =
                    path.strip_prefix("/api/user/")?.strip_suffix("/reset-2fa")?.parse().ok()?;
                self.reset(id, request, knobs, now)
            }
            _ => return None,
        };
        Some(answer.unwrap_or_else(|refusal| refusal))
    }

    fn authenticate(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let body = object(request)?;
        let (name, password) = (text(&body, "username")?, text(&body, "password")?);
        let at = self.named(name).ok_or_else(bad_credentials)?;
        let account = self.accounts.get_mut(at).ok_or_else(bad_credentials)?;
        if account.user.password != password {
            return Err(self.failure(at, knobs, now, bad_credentials()));
        }
        if now < account.locked_until {
            return Err(locked(account.locked_until, knobs, now));
        }
        if account.user.totp_secret.is_some() {
            account.pending_until = now.saturating_add(knobs.assumed_two_factor_pending_ms);
            return Ok(Response::json(200, &json!({"requires_2fa": true})));
        }
        account.failures = 0;
        if account.user.first_signin {
            let token = self.draw.hex();
            account.first_token = Some(token.clone());
            return Ok(Response::json(200, &json!({"first_signin": true, "session_token": token})));
        }
        Ok(self.sign_in(at, true, knobs, now))
    }

    fn verify(&mut self, request: &Request, knobs: &Knobs, now: u64) -> Result<Response, Response> {
        let refused = || Response::error(401, "Invalid or expired TOTP code.", "2FA.InvalidCode");
        let body = object(request)?;
        let (name, code) = (text(&body, "username")?, text(&body, "totp_code")?);
        let at = self.named(name).ok_or_else(refused)?;
        let account = self.accounts.get_mut(at).ok_or_else(refused)?;
        if now < account.locked_until {
            return Err(locked(account.locked_until, knobs, now));
        }
        let secret = account.user.totp_secret.as_deref().unwrap_or_default();
        let step = totp_step(secret, code, now, knobs.assumed_totp_skew_steps);
        let used = knobs.assumed_totp_single_use && step.is_some() && step <= account.last_step;
        if now >= account.pending_until || step.is_none() || used {
            let answer = refused();
            let counts = knobs.assumed_two_factor_failures_lock;
            return Err(if counts { self.failure(at, knobs, now, answer) } else { answer });
        }
        account.last_step = step;
        account.pending_until = 0;
        account.failures = 0;
        Ok(self.sign_in(at, knobs.assumed_two_factor_sets_refresh, knobs, now))
    }

    fn refresh(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let at = self.check(TokenKind::Refresh, request, knobs, now)?;
        let answer = Response::undocumented(200, &knobs.assumed_refresh_body);
        Ok(self.issue(TokenKind::Access, at, knobs, now, answer))
    }

    fn logout(&mut self, request: &Request, knobs: &Knobs, now: u64) -> Result<Response, Response> {
        self.check(TokenKind::Access, request, knobs, now)?;
        if knobs.assumed_logout_revokes {
            self.revoke(request.cookie("access_token_cookie").unwrap_or_default());
        }
        let mut answer = Response::undocumented(200, &knobs.assumed_logout_body);
        for (name, path) in [("access_token_cookie", "/"), ("refresh_token_cookie", REFRESH_PATH)] {
            let gone = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
            answer = answer.with_header(
                "Set-Cookie",
                &format!("{name}=; {gone}; HttpOnly; Path={path}; SameSite=Lax"),
            );
        }
        Ok(answer)
    }

    /// Takes a first password; request and answer are assumed, only the path is documented.
    fn first_signin(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let body = object(request)?;
        let (token, password) = (text(&body, "session_token")?, text(&body, "password")?);
        let found = self.accounts.iter_mut().position(|a| a.first_token.as_deref() == Some(token));
        let at = found.ok_or_else(bad_credentials)?;
        if let Some(account) = self.accounts.get_mut(at) {
            account.first_token = None;
            account.user.first_signin = false;
            password.clone_into(&mut account.user.password);
            account.changes += 1;
        }
        Ok(self.sign_in(at, true, knobs, now))
    }

    fn generate(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let at = self.check(TokenKind::Access, request, knobs, now)?;
        let secret = self.draw.totp_secret();
        let email =
            self.accounts.get(at).map(|account| account.user.email.clone()).unwrap_or_default();
        let qr_code = format!("otpauth://totp/local-knosc:{email}?secret={secret}");
        if let Some(account) = self.accounts.get_mut(at) {
            account.new_secret = Some(secret.clone());
        }
        Ok(Response::json(200, &json!({"secret": secret, "qr_code": qr_code})))
    }

    fn activate(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let refused = || Response::error(400, "Invalid TOTP code.", "2FA.InvalidCode");
        let at = self.check(TokenKind::Access, request, knobs, now)?;
        let body = object(request)?;
        let account = self.accounts.get_mut(at).ok_or_else(refused)?;
        let secret = account.new_secret.clone().ok_or_else(refused)?;
        totp_step(&secret, text(&body, "totp_code")?, now, knobs.assumed_totp_skew_steps)
            .ok_or_else(refused)?;
        account.new_secret = None;
        account.user.totp_secret = Some(secret);
        Ok(Response::json(200, &json!({"message": "Two-factor authentication enabled."})))
    }

    /// Takes a second factor away; the id is the user's place in the configuration, from 1.
    fn reset(
        &mut self,
        id: usize,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let at = self.check(TokenKind::Access, request, knobs, now)?;
        if !self.accounts.get(at).is_some_and(|account| account.user.administrator) {
            return Err(super::session::not_privileged());
        }
        let missing = || Response::error(404, "User not found", &knobs.assumed_codes.unknown_route);
        let account = self.accounts.get_mut(id.wrapping_sub(1)).ok_or_else(missing)?;
        account.user.totp_secret = None;
        account.changes += 1;
        Ok(Response::undocumented(200, ""))
    }

    fn sign_in(&mut self, at: usize, refresh_too: bool, knobs: &Knobs, now: u64) -> Response {
        let answer = Response::json(200, &json!({"login": true}));
        let answer = self.issue(TokenKind::Access, at, knobs, now, answer);
        if refresh_too { self.issue(TokenKind::Refresh, at, knobs, now, answer) } else { answer }
    }

    /// Counts a failure; from the third in a row on, the account is locked, each time for twice as long.
    fn failure(&mut self, at: usize, knobs: &Knobs, now: u64, answer: Response) -> Response {
        let Some(account) = self.accounts.get_mut(at) else { return answer };
        account.failures = account.failures.saturating_add(1);
        let Some(further) = account.failures.checked_sub(FAILURES_TO_LOCK) else { return answer };
        let length = knobs.assumed_lockout_base_ms.saturating_mul(1 << further.min(DOUBLINGS_MAX));
        account.locked_until = now.saturating_add(length);
        locked(account.locked_until, knobs, now)
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.user.is_named(name))
    }
}

fn bad_credentials() -> Response {
    Response::error(401, "Invalid username or password.", "User.InvalidCredentials")
}

fn locked(until: u64, knobs: &Knobs, now: u64) -> Response {
    let code = &knobs.assumed_codes.locked;
    let answer =
        Response::error(knobs.assumed_lockout_status, "Account is temporarily locked.", code);
    if knobs.assumed_lockout_retry_after {
        return answer
            .with_header("Retry-After", &until.saturating_sub(now).div_ceil(1_000).to_string());
    }
    answer
}

pub(crate) fn bad_json() -> Response {
    Response::error(400, "Bad Request Format", "JSON.Invalid")
}

fn object(request: &Request) -> Result<Value, Response> {
    let is_json = request.header("content-type").is_some_and(|t| t.starts_with("application/json"));
    let body = serde_json::from_slice(&request.body).ok().filter(Value::is_object);
    body.filter(|_| is_json).ok_or_else(bad_json)
}

fn text<'a>(body: &'a Value, key: &str) -> Result<&'a str, Response> {
    body.get(key).and_then(Value::as_str).ok_or_else(bad_json)
}
