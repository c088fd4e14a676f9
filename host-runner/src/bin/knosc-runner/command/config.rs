//! `config show`: what flags are where nobody types them, and who says so.
//!
//! Asks nobody. Of secrets only the place is told.

use clap::CommandFactory as _;

use crate::args::{Cli, ConfigShow};
use crate::credentials;
use crate::document::{Body, Setting};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::profile::{self, Flag, Profile};
use crate::render::Reporter;

pub fn show(args: &ConfigShow, reporter: &mut Reporter) -> Result<Exit, Problem> {
    let typed: Vec<_> = std::env::args_os().collect();
    let profile = match profile::named(&typed).or_else(|| profile::named_by_manifest(&typed)) {
        Some(name) => Some(
            Profile::read(&name)?
                .ok_or_else(|| Problem::NoProfile { name, path: profile::path() })?,
        ),
        None => None,
    };
    let words: Vec<String> = typed.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let flags = profile::flags(&mut Cli::command());
    let mut settings: Vec<Setting> =
        flags.iter().filter_map(|flag| setting(flag, &words, profile.as_ref(), args.all)).collect();
    for variable in
        credentials::VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_some())
    {
        let (name, value) = (variable.to_owned(), "(not shown)".to_owned());
        settings.push(Setting { name, value, origin: "environment".to_owned() });
    }
    let width = settings.iter().map(|setting| setting.name.len()).max().unwrap_or(0);
    let line = |Setting { name, value, origin }: &Setting| {
        let origin = if args.origin { format!("  ({origin})") } else { String::new() };
        format!("{name:width$}  {value}{origin}")
    };
    let lines: Vec<String> = settings.iter().map(line).collect();
    let text = if lines.is_empty() { "nothing is set".to_owned() } else { lines.join("\n") };
    let file = profile::path().display().to_string();
    reporter.say(&text, Body::Config { file, settings });
    Ok(Exit::Done)
}

/// As clap takes them: what is typed, else the variable, else the profile, else the default.
fn setting(flag: &Flag, words: &[String], profile: Option<&Profile>, all: bool) -> Option<Setting> {
    let long = format!("--{}", flag.long);
    let given = |(word, next): (&String, Option<&String>)| match word.strip_prefix(&long)? {
        "" => Some(
            next.filter(|next| !next.starts_with('-')).map_or("true", String::as_str).to_owned(),
        ),
        rest => rest.strip_prefix('=').map(str::to_owned),
    };
    let pairs = words.iter().zip(words.iter().skip(1).map(Some).chain([None]));
    let of_show = matches!(flag.long.as_str(), "origin" | "all");
    let setting =
        |value: String, origin: String| Some(Setting { name: flag.long.clone(), value, origin });
    if let (Some(value), false) = (pairs.filter_map(given).last(), of_show) {
        return setting(value, "typed".to_owned());
    }
    if let Some(value) = std::env::var_os(&flag.variable) {
        let value = value.to_string_lossy().into_owned();
        return setting(value, format!("environment, {}", flag.variable));
    }
    if let Some((profile, values)) =
        profile.and_then(|profile| Some((profile, profile.values.get(&flag.long)?)))
    {
        let origin = format!("profile {} of {}", profile.name, profile.path.display());
        return setting(values.join(","), origin);
    }
    let default = flag.default.clone().filter(|_| all && !of_show)?;
    setting(default, "default".to_owned())
}
