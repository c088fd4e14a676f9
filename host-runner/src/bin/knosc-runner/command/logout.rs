//! `logout`: ends the session in Knosc and forgets it here, with the refusal of an earlier sign-in.
//!
//! Forgets even where Knosc does not answer.

use serde_json::json;

use crate::args::Global;
use crate::connect;
use crate::credentials::Need;
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
    reporter.say(&sentence, &json!({ "signed_out": had_session, "base_url": origin.to_string() }));
    Ok(Exit::Done)
}
