//! `template list`: what Knosc says of its upload templates, unchanged.
//!
//! The form of that answer is not documented, so that nothing of it is read here.

use crate::args::Global;
use crate::connect;
use crate::credentials::Need;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render;
use crate::target::{self, Wanted};

pub async fn list(global: &Global) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let tenant = connect::tenant(global, &origin, Need::Any)?;
    let text = tenant.templates().await?;
    render::print(&text);
    Ok(Exit::Done)
}
