//! `auth status`: whether a session or credentials are at hand.
//!
//! Asks nobody: a session that is at hand may have ended in Knosc.

use crate::args::Global;
use crate::credentials::{CliCredentials, Need};
use crate::document::Body;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::state::State;
use crate::target::{self, Wanted};

pub fn execute(global: &Global, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let state = State::new(global.state.clone());
    let kept = state.as_ref().is_some_and(|state| state.session(&origin).is_some());
    CliCredentials::find(&origin, state, &global.auth, Need::Any)?;
    let session = kept || global.auth.cookies.is_some();
    let what = match (&global.auth.cookies, kept) {
        (Some(_), _) => "a session is in the cookie file",
        (None, true) => "a session is kept",
        (None, false) => "credentials are at hand",
    };
    let sentence = format!("{what} for {} ({})", origin.tenant(), origin.environment().word());
    reporter.say(&sentence, Body::AuthStatus { session, base_url: origin.to_string() });
    Ok(Exit::Done)
}
