//! The operator's file: which tenants there are, and what each may do. Never a tenant's own word.
//!
//! Values; read by `authored`, and kept by `Platform`. Holds where secrets are, and never a secret.

mod authored;

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderName, Method};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::policy::Policy;

use self::authored::Authored;
use super::compile::CompileLimits;
use super::host_limits::HostLimits;
use super::limits::PipelineLimits;
use crate::manifest::{ManifestError, Problem, ProblemKind};

/// A `tenants.toml` of more than this is no file of that kind: ten thousand tenants have some megabytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Every tenant of a platform.
#[derive(Clone, Debug, Default)]
pub struct Tenants {
    path: PathBuf,
    compile: CompileLimits,
    host: HostLimits,
    common: PipelineLimits,
    all: Vec<TenantSpec>,
}

/// What the operator says of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSpec {
    /// Its name, for commands, logs and reports: lower-case letters, digits and hyphens.
    pub name: String,
    /// Where it stands in the file.
    pub line: usize,
    /// Its Knosc.
    pub origin: Origin,
    /// How it signs in there.
    pub sign_in: SignIn,
    /// How its jobs are watched.
    pub policy: Policy,
    /// What its pipelines may use.
    pub limits: PipelineLimits,
    /// Origins that may be at private addresses; metadata addresses never are.
    pub allow_private: Vec<Origin>,
    /// Whether its Knosc is told the trace that a request belongs to; its own origins never are.
    pub traceparent: bool,
    /// Where its pipelines may go, beside Knosc.
    pub egress: Vec<EgressGrant>,
}

/// Where a tenant's user name and password are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The user name.
    pub username: SecretSource,
    /// The password.
    pub password: SecretSource,
    /// The secret of its second factor, if it has one.
    pub one_time: Option<SecretSource>,
}

/// Where a secret is; never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretSource {
    /// An environment variable of the host's process.
    Env(String),
    /// A file that the host may read; one newline at its end is left out.
    File(PathBuf),
}

/// One `[[tenant.egress]]`: an origin that the operator lets a tenant's pipelines ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressGrant {
    /// Scheme, host and port, exactly.
    pub origin: Origin,
    /// With which methods.
    pub methods: Vec<Method>,
    /// These paths and those below them: `/export` is `/export/a` too, and not `/exports`.
    pub paths: Vec<String>,
    /// What the host adds to each such request; the pipeline sees none of it and can set none of it.
    pub headers: Vec<(HeaderName, SecretSource)>,
}

impl Tenants {
    /// Reads the operator's file.
    ///
    /// # Errors
    /// [`ManifestError`] with everything that is wrong in it, each with its line.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let refused = |message: String| ManifestError {
            path: path.to_owned(),
            problems: vec![Problem { line: None, kind: ProblemKind::BadValue(message) }],
        };
        let length = fs::metadata(path).map_err(|error| refused(error.to_string()))?.len();
        if length > FILE_BYTES_MAX {
            return Err(refused(format!(
                "it has {length} bytes, at most {FILE_BYTES_MAX} are read"
            )));
        }
        let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        Self::parse(path, &text)
    }

    /// Reads the text of such a file; `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let Authored { compile, host, common, tenants } = authored::parse(path, text)?;
        Ok(Self { path: path.to_owned(), compile, host, common, all: tenants })
    }

    /// What compiling one of their components may use.
    pub const fn compile(&self) -> CompileLimits {
        self.compile
    }

    /// What all tenants together may use of this host.
    pub const fn host(&self) -> HostLimits {
        self.host
    }

    /// What every tenant may use where its own entry says nothing.
    pub const fn common(&self) -> &PipelineLimits {
        &self.common
    }

    /// The tenant of this name.
    pub fn get(&self, name: &str) -> Option<&TenantSpec> {
        self.all.iter().find(|tenant| tenant.name == name)
    }

    /// Each tenant, in the order of the file.
    pub fn all(&self) -> &[TenantSpec] {
        &self.all
    }

    /// Where they were read from.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl SecretSource {
    /// Reads the secret; whoever has it adds it to a request and lets it go.
    ///
    /// # Errors
    /// What is missing, by name and without a value.
    pub fn read(&self) -> Result<String, UnreadableSecret> {
        match self {
            Self::Env(name) => std::env::var(name).map_err(|_| UnreadableSecret(self.clone())),
            Self::File(path) => {
                let text = fs::read_to_string(path).map_err(|_| UnreadableSecret(self.clone()))?;
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
            }
        }
    }
}

/// A secret that is not where the operator's file says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match .0 {
    SecretSource::Env(name) => format!("the environment variable {name} is not set"),
    SecretSource::File(path) => format!("{} cannot be read", path.display()),
})]
pub struct UnreadableSecret(pub SecretSource);
