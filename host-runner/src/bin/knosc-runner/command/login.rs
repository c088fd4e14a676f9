//! `login`: signs in and keeps the session for the other verbs.
//!
//! Prints where the session is kept, never the session.

use crate::args::Global;
use crate::connect;
use crate::credentials::Need;
use crate::document::Body;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::state::State;
use crate::target::{self, Wanted};

pub async fn execute(global: &Global, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let Some(state) = State::new(global.state.clone()) else {
        return Err(Problem::Usage {
            message: "there is no folder to keep the session in".to_owned(),
            hint: "say --state DIR, or set HOME",
        });
    };
    let tenant = connect::tenant(global, &origin, Need::SignIn)?;
    tenant.sign_in().await.map_err(knosc_runner::error::Error::from)?;
    let path = state.session_path(&origin).display().to_string();
    let sentence = format!(
        "signed in to {} ({}); the session is kept in {path}",
        origin.tenant(),
        origin.environment().word()
    );
    let base_url = origin.to_string();
    reporter.say(&sentence, Body::Login { signed_in: true, base_url, session_file: path });
    Ok(Exit::Done)
}
