//! Profiles: what flags are where nobody types them and no variable says otherwise, by a name in the user's configuration file, which is
//! typed or stands in the manifest that is typed.
//!
//! A key is a flag without its dashes, `base-url` or `allow-drop`; every flag that has a variable may stand there. No secret is a flag.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _};
use knosc_runner::manifest::Authored;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::args::Cli;
use crate::problem::Problem;
use crate::state::user_folder;

/// What a profile says, each value as it would be typed.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub name: String,
    pub path: PathBuf,
    pub values: BTreeMap<String, Vec<String>>,
}

/// What was typed is wrong, or the profile.
pub enum Refused {
    Typed(clap::Error),
    Profile(Box<Problem>),
}

/// Parses what was typed, over what the profile says.
pub fn parse() -> Result<Cli, Refused> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let mut command = Cli::command();
    let profile = match named(&typed).or_else(|| named_by_manifest(&typed)) {
        Some(name) => Profile::read(&name).map_err(wrong)?,
        None => None,
    };
    if let Some(profile) = &profile {
        profile.has_flags_alone(&mut command.clone()).map_err(wrong)?;
        command = profile.under(command);
    }
    let matches = command.try_get_matches_from_mut(typed).map_err(Refused::Typed)?;
    let cli = Cli::from_arg_matches(&matches);
    let mut cli = cli.map_err(|error| Refused::Typed(error.format(&mut command)))?;
    if let Some(profile) = &profile {
        cli.global.of_profile = profile.used(&matches);
    }
    Ok(cli)
}

fn wrong(problem: Problem) -> Refused {
    Refused::Profile(Box::new(problem))
}

/// The profile that is typed, or that the variable names. Looked for before the flags are parsed, since they depend on it.
pub fn named(typed: &[OsString]) -> Option<String> {
    let mut words = typed.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        match word.as_ref() {
            "--" => break,
            "--profile" => return words.next().map(std::borrow::Cow::into_owned),
            word => {
                if let Some(name) = word.strip_prefix("--profile=") {
                    return Some(name.to_owned());
                }
            }
        }
    }
    std::env::var("KNOSC_PROFILE").ok().filter(|name| !name.is_empty())
}

/// The profile of the manifest that is typed. What is wrong with what was typed, or with the manifest, is told by whoever needs it.
pub fn named_by_manifest(typed: &[OsString]) -> Option<String> {
    let matches = Cli::command().try_get_matches_from(typed).ok()?;
    let path = manifest(&matches)?;
    // Of a pipe nothing would be left for the verb.
    if !path.is_file() {
        return None;
    }
    let text = std::fs::read_to_string(&path).ok()?;
    Authored::parse(&path, &text).ok()?.profile
}

/// The one file that a verb takes as a manifest.
fn manifest(matches: &ArgMatches) -> Option<PathBuf> {
    let (verb, matches) = matches.subcommand()?;
    let mut paths = match verb {
        "run" | "plan" => matches.get_many::<PathBuf>("source")?,
        "check" => matches.get_many("sources")?,
        "config" => matches.subcommand()?.1.get_many("manifest")?,
        _ => return None,
    };
    match (paths.next(), paths.next()) {
        (Some(path), None) if path.extension().is_none_or(|ending| ending == "toml") => {
            Some(path.clone())
        }
        _ => None,
    }
}

/// The user's configuration file.
pub fn path() -> PathBuf {
    user_folder("XDG_CONFIG_HOME", ".config")
        .map_or_else(|| PathBuf::from("config.toml"), |folder| folder.join("config.toml"))
}

impl Profile {
    /// None where there is no such profile: whoever needs a tenant says so.
    pub fn read(name: &str) -> Result<Option<Self>, Problem> {
        let path = path();
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
        let wrong = |message: String| Problem::Io { what: path.display().to_string(), message };
        let config = DeTable::parse(&text).map_err(|error| wrong(error.message().to_owned()))?;
        let profiles = config.get_ref().get("profile").map(Spanned::get_ref);
        let Some(DeValue::Table(profiles)) = profiles else { return Ok(None) };
        let Some(profile) = profiles.get(name).map(Spanned::get_ref) else { return Ok(None) };
        let DeValue::Table(profile) = profile else {
            return Err(wrong(format!("profile.{name} is no table")));
        };
        let mut values = BTreeMap::new();
        for (key, value) in profile {
            let key = key.get_ref().to_string();
            let texts = texts(value.get_ref()).ok_or_else(|| {
                wrong(format!(
                    "profile.{name}.{key} is no text, number, yes or no, and no list of them"
                ))
            })?;
            values.insert(key, texts);
        }
        Ok(Some(Self { name: name.to_owned(), path, values }))
    }

    /// Every key has to be a flag that has a variable.
    fn has_flags_alone(&self, command: &mut Command) -> Result<(), Problem> {
        let flags: Vec<String> = flags(command).into_iter().map(|flag| flag.long).collect();
        let unknown = self.values.keys().find(|key| !flags.contains(key) || *key == "profile");
        unknown.map_or(Ok(()), |key| {
            Err(Problem::Usage {
                message: format!("{}: profile.{} has the key '{key}', which is no flag", self.path.display(), self.name),
                hint: "a key is a flag without its dashes, such as base-url; a secret never stands there",
            })
        })
    }

    /// The flags that are as the profile says, since neither a word nor a variable says otherwise.
    fn used(&self, mut matches: &ArgMatches) -> Vec<String> {
        let mut used = Vec::new();
        loop {
            for id in matches.ids() {
                let flag = id.as_str().replace('_', "-");
                if self.values.contains_key(&flag)
                    && matches.value_source(id.as_str()) == Some(ValueSource::DefaultValue)
                {
                    used.push(flag);
                }
            }
            match matches.subcommand() {
                Some((_, below)) => matches = below,
                None => return used,
            }
        }
    }

    /// The same command, whose flags are as the profile says where nobody says otherwise.
    fn under(&self, command: Command) -> Command {
        let names: Vec<String> =
            command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        let command = command.mut_args(|arg| {
            let values = arg.get_long().and_then(|long| self.values.get(long));
            match (values, arg.get_env()) {
                (Some(values), Some(_)) => {
                    // Kept as long as the process lives: clap asks for such texts, and there are a few of them.
                    let kept =
                        values.iter().map(|value| &*Box::leak(value.clone().into_boxed_str()));
                    arg.default_values(kept.collect::<Vec<&'static str>>())
                }
                _ => arg,
            }
        });
        names
            .into_iter()
            .fold(command, |command, name| command.mut_subcommand(name, |verb| self.under(verb)))
    }
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(text) => Some(vec![text.to_string()]),
        DeValue::Integer(number) => Some(vec![number.to_string()]),
        DeValue::Boolean(yes) => Some(vec![yes.to_string()]),
        DeValue::Array(entries) => {
            let each = entries.iter().map(|entry| texts(entry.get_ref()));
            Some(each.collect::<Option<Vec<_>>>()?.concat())
        }
        _ => None,
    }
}

/// A flag that has a variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flag {
    pub long: String,
    pub variable: String,
    /// What it is where nobody says anything.
    pub default: Option<String>,
}

/// Every flag of every verb that has a variable, each once, by its name.
pub fn flags(command: &mut Command) -> Vec<Flag> {
    command.build();
    let mut found = BTreeMap::new();
    let mut verbs: Vec<&Command> = vec![command];
    while let Some(verb) = verbs.pop() {
        verbs.extend(verb.get_subcommands());
        for arg in verb.get_arguments() {
            let (Some(long), Some(variable)) = (arg.get_long(), arg.get_env()) else { continue };
            let defaults = arg.get_default_values();
            let default: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
            let flag = Flag {
                long: long.to_owned(),
                variable: variable.to_string_lossy().into_owned(),
                default: (!default.is_empty()).then(|| default.join(",")),
            };
            found.entry(flag.long.clone()).or_insert(flag);
        }
    }
    found.into_values().collect()
}
