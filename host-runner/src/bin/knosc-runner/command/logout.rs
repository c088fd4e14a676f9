//! `logout`: ends the session in Knosc and forgets it here, with the refusal of an earlier sign-in.
//!
//! Forgets even where Knosc does not answer.

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
    let state = State::new(global.state.clone());
    let Some(state) = state else { return Ok(Exit::Done) };
    let mut told = Ok(());
    let had_session = state.session(&origin).is_some();
    if had_session {
        let tenant = connect::tenant(global, &origin, Need::Any)?;
        told = tenant.logout().await;
    }
    state.forget_session(&origin);
    let forgot_refusal = state.forget_refusals(&origin);
    told?;
    let sentence = match (had_session, forgot_refusal) {
        (true, _) => format!("signed out of {}", origin.tenant()),
        (false, true) => "forgot the refused sign-in".to_owned(),
        (false, false) => format!("there was no session for {}", origin.tenant()),
    };
    let base_url = origin.to_string();
    reporter.say(&sentence, Body::Logout { signed_out: had_session, base_url });
    Ok(Exit::Done)
}
