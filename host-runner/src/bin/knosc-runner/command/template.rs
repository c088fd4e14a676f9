//! `template list`: what Knosc says of its upload templates, unchanged. `template get`: one of them, saved.
//!
//! Only a link on the tenant's own origin is followed, since the session goes with it.

use std::path::PathBuf;

use knosc_bulk_import::trigger::Trigger;
use knosc_runner::egress::Denial;
use knosc_runner::error::Error;
use serde_json::{Value, json};

use super::links;
use crate::args::{Global, TemplateGet};
use crate::connect;
use crate::credentials::Need;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{self, Reporter};
use crate::save;
use crate::target::{self, Wanted};

pub async fn list(global: &Global) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let tenant = connect::tenant(global, &origin, Need::Any)?;
    let text = tenant.templates().await?;
    render::print(&text);
    Ok(Exit::Done)
}

pub async fn get(
    global: &Global,
    args: &TemplateGet,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let tenant = connect::tenant(global, &origin, Need::Any)?;
    let link = if args.what.contains('/') {
        args.what.clone()
    } else {
        let trigger = args.what.parse::<Trigger>().map_err(|error| Problem::Usage {
            message: error.to_string(),
            hint: "name a trigger, or a link as knosc-runner template list prints it",
        })?;
        only_link(trigger, &tenant.templates().await?)?
    };
    let path = args.to.clone().map_or_else(|| file_name(&link), Ok)?;
    let bytes = tenant.template(&link).await.map_err(|error| match error {
        Error::Egress(denial @ Denial::Origin { .. }) => {
            Problem::TemplateElsewhere { link: link.clone(), denial }
        }
        error => error.into(),
    })?;
    save::write_new(&path, &bytes)?;
    let file = path.display().to_string();
    let sentence = format!("saved {file} ({})", render::bytes(bytes.len() as u64));
    reporter.say(&sentence, &json!({ "file": file, "bytes": bytes.len() }));
    Ok(Exit::Done)
}

/// The one link in Knosc's list that is of this trigger.
fn only_link(trigger: Trigger, list: &str) -> Result<String, Problem> {
    // Knosc's answer was read as JSON before.
    let list: Value = serde_json::from_str(list).unwrap_or_default();
    let mut found = links::of(trigger, &list);
    match (found.pop(), found.is_empty()) {
        (Some(link), true) => Ok(link),
        (None, _) => Err(Problem::Usage {
            message: format!("no link in Knosc's list of templates is plainly of {trigger}"),
            hint: "look with knosc-runner template list, then name the link: knosc-runner template get LINK",
        }),
        (Some(another), false) => Err(Problem::Usage {
            message: format!(
                "Knosc's list has several templates of {trigger}: {}, {another}",
                found.join(", ")
            ),
            hint: "name one of the links: knosc-runner template get LINK",
        }),
    }
}

/// The last word of the link's path: never a folder, whatever Knosc names its files.
fn file_name(link: &str) -> Result<PathBuf, Problem> {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(Problem::Usage {
            message: format!("'{name}' is no name for a file"),
            hint: "say --to FILE",
        });
    }
    Ok(PathBuf::from(name))
}
