//! `template list`: what Knosc says of its upload templates, unchanged. `template get`: one of them, saved, and kept for the checks.
//! `template diff`: whether it is still as it was.
//!
//! A link on another origin is followed only where that was named, and then without the session.

use std::io::Cursor;
use std::path::PathBuf;

use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::trigger::{Trigger, UnknownTrigger};
use knosc_checks::Limits;
use knosc_runner::tenant::Tenant;
use serde_json::Value;

use super::blank_file::fetch;
use super::links;
use crate::args::{Global, TemplateDiff, TemplateGet};
use crate::connect;
use crate::credentials::Need;
use crate::document::{Body, Template};
use crate::exit::Exit;
use crate::judge;
use crate::problem::Problem;
use crate::render::{self, Reporter, text};
use crate::save;
use crate::state::State;
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
    let trigger = args.what.parse::<Trigger>();
    let link = if args.what.contains('/') {
        args.what.clone()
    } else {
        link_of(*trigger.as_ref().map_err(unknown)?, &tenant).await?
    };
    let path = args.to.clone().map_or_else(|| file_name(&link), Ok)?;
    let bytes = fetch(global, &tenant, &link, &args.elsewhere.allow_origin).await?;
    if let Ok(trigger) = trigger {
        keep(global, &origin, trigger, &link, &bytes, reporter);
    }
    save::write_new(&path, &bytes)?;
    let file = path.display().to_string();
    let sentence = format!("saved {file} ({})", render::bytes(bytes.len() as u64));
    reporter.say(&sentence, Body::Template(Template::Saved { file, bytes: bytes.len() }));
    Ok(Exit::Done)
}

/// How a tenant's template differs from the one that was kept, or from the header of a file.
pub async fn diff(
    global: &Global,
    args: &TemplateDiff,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let kept = State::new(global.state.clone());
    let kept = kept.and_then(|state| state.template(&origin, args.trigger));
    let path = args.file.clone().or(kept).ok_or_else(|| Problem::Usage {
        message: format!("no template of {} was kept", args.trigger),
        hint: "name a file to compare with, or keep one first: knosc-runner template get TRIGGER",
    })?;
    let limits = Limits::default();
    let before = judge::header(&path, &limits)?;
    let tenant = connect::tenant(global, &origin, Need::Any)?;
    let link = link_of(args.trigger, &tenant).await?;
    let bytes = fetch(global, &tenant, &link, &args.elsewhere.allow_origin).await?;
    let kind = kind(&link).ok_or_else(|| no_table(&link))?;
    let now = knosc_checks::header(kind, &mut Cursor::new(bytes), &limits);
    let now = now.map_err(|_| no_table(&link))?;
    let only_in = |one: &[String], other: &[String]| {
        one.iter().filter(|name| !other.contains(name)).cloned().collect::<Vec<_>>()
    };
    let (gone, new) = (only_in(&before, &now), only_in(&now, &before));
    let reordered = gone.is_empty() && new.is_empty() && before != now;
    let mut lines: Vec<String> =
        gone.iter().map(|name| format!("- {}", text::clean(name))).collect();
    lines.extend(new.iter().map(|name| format!("+ {}", text::clean(name))));
    lines.extend(reordered.then(|| "the same columns stand in another order".to_owned()));
    let is_same = before == now;
    if is_same {
        lines.push(format!("{} has the columns of the template", path.display()));
    }
    let compared = Template::Compared {
        trigger: args.trigger.into(),
        file: path.display().to_string(),
        same: is_same,
        only_in_file: gone,
        only_in_template: new,
        reordered,
    };
    reporter.say(&lines.join("\n"), Body::Template(compared));
    Ok(if is_same { Exit::Done } else { Exit::CheckFailed })
}

fn unknown(error: &UnknownTrigger) -> Problem {
    Problem::Usage {
        message: error.to_string(),
        hint: "name a trigger, or a link as knosc-runner template list prints it",
    }
}

async fn link_of(trigger: Trigger, tenant: &Tenant) -> Result<String, Problem> {
    only_link(trigger, &tenant.templates().await?)
}

/// The last word of the link's path.
fn last_word(link: &str) -> &str {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The kind that the link's name says.
fn kind(link: &str) -> Option<FileKind> {
    FileKind::of_name(last_word(link)).ok()
}

fn no_table(link: &str) -> Problem {
    Problem::Io {
        what: link.to_owned(),
        message: "what came is no table that could be compared".to_owned(),
    }
}

/// Keeps it for the checks, if it is a table; they do without it otherwise.
fn keep(
    global: &Global,
    origin: &Origin,
    trigger: Trigger,
    link: &str,
    bytes: &[u8],
    reporter: &mut Reporter,
) {
    let (Some(state), Some(kind)) = (State::new(global.state.clone()), kind(link)) else { return };
    let extension = match kind {
        FileKind::Csv => "csv",
        FileKind::Xlsx => "xlsx",
    };
    if !knosc_checks::header(kind, &mut Cursor::new(bytes), &Limits::default())
        .is_ok_and(|header| !header.is_empty())
    {
        return;
    }
    match state.keep_template(origin, trigger, extension, bytes) {
        Ok(()) => reporter.note(&format!("kept for check, plan and run of {origin}")),
        Err(error) => reporter.note(&format!("not kept for the checks: {error}")),
    }
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

/// Never a folder, whatever Knosc names its files.
fn file_name(link: &str) -> Result<PathBuf, Problem> {
    let name = last_word(link);
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(Problem::Usage {
            message: format!("'{name}' is no name for a file"),
            hint: "say --to FILE",
        });
    }
    Ok(PathBuf::from(name))
}
