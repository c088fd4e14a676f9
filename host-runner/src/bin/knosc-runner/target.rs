//! Which tenant: from a flag, a variable, a manifest or a profile. There is no default.
//!
//! Reads the configuration file; connects to nothing.

use knosc_bulk_import::origin::Origin;

use crate::args::Global;
use crate::problem::Problem;
use crate::profile::{self, Profile};

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
    let missing = || Problem::NoProfile { name: name.to_owned(), path: profile::path() };
    let profile = Profile::read(name)?.ok_or_else(missing)?;
    match profile.values.get("base-url").map(Vec::as_slice) {
        Some([url]) => Ok(url.clone()),
        _ => Err(missing()),
    }
}
