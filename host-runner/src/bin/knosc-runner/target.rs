//! Which tenant: from a flag, a variable, a manifest or a profile. There is no default.
//!
//! Reads the configuration file; connects to nothing.

use std::path::PathBuf;

use knosc_bulk_import::origin::Origin;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::args::Global;
use crate::problem::Problem;
use crate::state::user_folder;

/// What a manifest says of the tenant.
#[derive(Default)]
pub struct Wanted {
    pub base_url: Option<String>,
    pub profile: Option<String>,
}

/// Finds the origin; what was typed goes before what the manifest says.
pub fn origin(global: &Global, manifest: &Wanted) -> Result<Origin, Problem> {
    let typed = global.base_url.is_some() || global.profile.is_some();
    let (base_url, profile) = if typed {
        (&global.base_url, &global.profile)
    } else {
        (&manifest.base_url, &manifest.profile)
    };
    let url = match (base_url, profile) {
        (Some(url), _) => url.clone(),
        (None, Some(name)) => profile_url(name)?,
        (None, None) => return Err(Problem::NoTarget),
    };
    url.parse().map_err(|source| Problem::Origin { url, source })
}

/// `[profile.NAME] base-url` of the user's configuration file.
fn profile_url(name: &str) -> Result<String, Problem> {
    let path = user_folder("XDG_CONFIG_HOME", ".config")
        .map_or_else(|| PathBuf::from("config.toml"), |folder| folder.join("config.toml"));
    let missing = || Problem::NoProfile { name: name.to_owned(), path: path.clone() };
    let text = std::fs::read_to_string(&path).map_err(|_| missing())?;
    let config = DeTable::parse(&text).map_err(|error| Problem::Io {
        what: path.display().to_string(),
        message: error.message().to_owned(),
    })?;
    let profiles = config.get_ref().get("profile").map(Spanned::get_ref);
    let Some(DeValue::Table(profiles)) = profiles else { return Err(missing()) };
    let Some(DeValue::Table(profile)) = profiles.get(name).map(Spanned::get_ref) else {
        return Err(missing());
    };
    match profile.get("base-url").map(Spanned::get_ref) {
        Some(DeValue::String(url)) => Ok(url.to_string()),
        _ => Err(missing()),
    }
}
