//! Whether a tenant's component is taken, before any of its code runs or is compiled.
//!
//! In the host's process only `scan` reads a tenant's bytes; validating is a limited child's work. Each refusal names the import or the
//! limit, and what in `tenants.toml` would allow it.

mod figures;
mod names;
mod outline;
mod scan;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use wasmparser::WasmFeatures;

use self::names::Standing;
pub(super) use self::outline::Outline;
use super::compile::{Children, CompileLimit, CompileLimits, Compiler};
use super::host_limits::HostLimit;
use super::limits::PipelineLimit;
use super::submission::SubmitError;
use super::tenants::{TenantSpec, Tenants};

/// A component that may be compiled for this tenant.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Of its bytes.
    pub sha256: [u8; 32],
    /// Its size.
    pub bytes: usize,
    /// What it imports, in its own order.
    pub imports: Vec<String>,
    /// Core modules that it instantiates, as far as its text says.
    pub instances: u64,
    /// Linear memory that it begins with, in bytes.
    pub memory_bytes: u64,
}

/// Why a component is not taken. No code of it was compiled, and none ran.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not a component in binary form.
    #[error("this is no component, but {0}")]
    Form(Form),
    /// It does not hold what the format demands, or uses a proposal that this host leaves off.
    #[error("this component is not valid at byte {offset}: {message}")]
    Invalid {
        /// Where.
        offset: usize,
        /// What the validator says.
        message: String,
    },
    /// An import that this tenant is not given.
    #[error("it imports {name}, {}", match reason {
        ImportReason::NeedsEgress => "and this tenant was granted no origin",
        ImportReason::Socket => "and pipelines get no sockets",
        ImportReason::HostOnly => "which is the host's own",
        ImportReason::Unknown => "which this host does not have",
    })]
    Import {
        /// Its name.
        name: String,
        /// Why it is not given.
        reason: ImportReason,
    },
    /// Nothing to run.
    #[error("it does not export knosc:bulk-import/pipeline@0.1.0")]
    NoPipeline,
    /// It declares more than the tenant may use.
    #[error("it needs {limit} = {}, and the tenant may use {}", limit.row().unit.show(*wanted), limit.row().unit.show(*allowed))]
    Figure {
        /// Which figure.
        limit: PipelineLimit,
        /// What it declares.
        wanted: u64,
        /// What it may.
        allowed: u64,
    },
    /// It declares more than may be given to the validator.
    #[error("it declares {limit} = {}, and at most {} are read", limit.row().unit.show(*wanted), limit.row().unit.show(*allowed))]
    Shape {
        /// Which limit.
        limit: CompileLimit,
        /// What it declares, as far as it was read.
        wanted: u64,
        /// What it may.
        allowed: u64,
    },
}

/// What bytes are, if no component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Form {
    /// The text format.
    #[error("text: build the binary form")]
    Text,
    /// A module without the component's types.
    #[error(
        "a core module: make a component of it (wasm32-wasip2, componentize-py, jco componentize)"
    )]
    CoreModule,
    /// Machine code, which would run as it is.
    #[error("precompiled code, which is never taken from a tenant")]
    Precompiled,
    /// Anything else.
    #[error("some other file")]
    Other,
}

/// Why an import is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportReason {
    /// Only with an origin that the operator grants.
    NeedsEgress,
    /// Never.
    Socket,
    /// Only the importer has it.
    HostOnly,
    /// This host does not know it.
    Unknown,
}

impl Refused {
    /// What the operator would write to allow it, or what else to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Form(_) | Self::NoPipeline => {
                "build the component for the world knosc:bulk-import/tenant".to_owned()
            }
            Self::Invalid { .. } => {
                "build it without threads, garbage collection, exceptions and 64-bit memories".to_owned()
            }
            Self::Import { reason: ImportReason::NeedsEgress, .. } => {
                "the operator allows an origin in tenants.toml: [[tenant.egress]] origin = \"https://…\", methods = [\"GET\"], paths = [\"/\"]".to_owned()
            }
            Self::Import { reason: ImportReason::Socket, .. } => {
                "nothing in tenants.toml allows sockets; use wasi:http with an origin that the operator grants".to_owned()
            }
            Self::Import { .. } => {
                "nothing in tenants.toml allows it; the world knosc:bulk-import/tenant lists what there is".to_owned()
            }
            Self::Shape { limit, wanted, .. } => {
                let row = limit.row();
                let wanted = match row.unit {
                    super::limits::Unit::Count => wanted.to_string(),
                    unit => format!("\"{}\"", unit.show(*wanted)),
                };
                format!("build a smaller component; the operator allows more in tenants.toml: [compile] {} = {wanted}", row.key)
            }
            Self::Figure { limit, wanted, .. } => {
                let row = limit.row();
                let wanted = row.unit.show(*wanted);
                match row.unit {
                    super::limits::Unit::Count => {
                        format!("the operator allows it in tenants.toml: [tenant.limits] {} = {wanted}", row.key)
                    }
                    _ => format!("the operator allows it in tenants.toml: [tenant.limits] {} = \"{wanted}\"", row.key),
                }
            }
        }
    }
}

/// Validates a component in this process, and decides whether this tenant may run it.
///
/// Validating has no bound on memory or time: call it for a component that the operator knows, or in a process that is limited.
/// [`Platform::check`](super::Platform::check) asks a child.
///
/// # Errors
/// [`Refused`] with the first reason against it.
pub fn admit(tenant: &TenantSpec, bytes: &[u8]) -> Result<Admitted, Refused> {
    scanned(tenant, &CompileLimits::default(), bytes)?;
    judge(tenant, Outline::read(bytes)?, (Sha256::digest(bytes).into(), bytes.len()))
}

/// The same in a limited child, for one component and without a cache.
///
/// # Errors
/// [`SubmitError::Refused`], or why no child could say.
pub async fn admit_apart(
    compiler: &Compiler,
    tenants: &Tenants,
    tenant: &TenantSpec,
    component: Bytes,
) -> Result<Admitted, SubmitError> {
    let limits = tenants.compile();
    scanned(tenant, &limits, &component)?;
    let outline = match compiler {
        Compiler::InProcess => Outline::read(&component),
        Compiler::Child { program } => {
            let nice = tenants.host().get(HostLimit::Nice);
            Children { program, limits, nice }.admit(&component).await?
        }
    };
    Ok(judge(tenant, outline?, (Sha256::digest(&component).into(), component.len()))?)
}

/// Checks what can be checked of a tenant's bytes without validating them, in time and memory that do not depend on what they say.
pub(super) fn scanned(
    tenant: &TenantSpec,
    limits: &CompileLimits,
    bytes: &[u8],
) -> Result<(), Refused> {
    within(tenant, PipelineLimit::ComponentBytes, bytes.len() as u64)?;
    form(bytes).map_err(Refused::Form)?;
    scan::scan(bytes, limits)
}

/// Decides by its outline whether this tenant may run a component of this digest and size.
pub(super) fn judge(
    tenant: &TenantSpec,
    outline: Outline,
    (sha256, bytes): ([u8; 32], usize),
) -> Result<Admitted, Refused> {
    let Outline { imports, exports_pipeline, figures } = outline;
    for name in &imports {
        import(tenant, name)?;
    }
    if !exports_pipeline {
        return Err(Refused::NoPipeline);
    }
    for (limit, wanted) in figures.wanted() {
        within(tenant, limit, wanted)?;
    }
    let (instances, memory_bytes) = (figures.instances, figures.memory_bytes);
    Ok(Admitted { sha256, bytes, imports, instances, memory_bytes })
}

/// What a pipeline may be built with: what every compiler emits today, and nothing that this host would have to trust in vain.
pub(crate) fn features() -> WasmFeatures {
    let features = WasmFeatures::WASM2
        | WasmFeatures::COMPONENT_MODEL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::MULTI_MEMORY;
    // wasmtime is built without its garbage collector, which references from outside would need.
    features.difference(WasmFeatures::GC_TYPES)
}

fn within(tenant: &TenantSpec, limit: PipelineLimit, wanted: u64) -> Result<(), Refused> {
    let allowed = tenant.limits.get(limit);
    if wanted > allowed { Err(Refused::Figure { limit, wanted, allowed }) } else { Ok(()) }
}

fn import(tenant: &TenantSpec, name: &str) -> Result<(), Refused> {
    let reason = match names::standing(name) {
        Standing::Given => return Ok(()),
        Standing::Http if !tenant.egress.is_empty() => return Ok(()),
        Standing::Http => ImportReason::NeedsEgress,
        Standing::HostOnly => ImportReason::HostOnly,
        Standing::Socket => ImportReason::Socket,
        Standing::Unknown => ImportReason::Unknown,
    };
    Err(Refused::Import { name: shown(name), reason })
}

/// A tenant's own words, short enough for a line of a log and without control characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

pub(super) fn form(bytes: &[u8]) -> Result<(), Form> {
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(Form::Precompiled);
    }
    let Some(after) = bytes.strip_prefix(b"\0asm") else {
        let text = bytes.trim_ascii_start();
        let is_text = text.starts_with(b"(") || text.starts_with(b";;");
        return Err(if is_text { Form::Text } else { Form::Other });
    };
    // Version 1, layer 0 is a core module; layer 1 a component.
    match after.get(..4) {
        Some([_, 0, 1, 0]) => Ok(()),
        Some([_, 0, 0, 0]) => Err(Form::CoreModule),
        _ => Err(Form::Other),
    }
}
