//! Whether a tenant's component is taken, before any of its code runs or is compiled.
//!
//! Reads bytes and compares figures; each refusal names the import or the figure, and what in `tenants.toml` would allow it.

mod figures;
mod names;

use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use self::figures::Figures;
use self::names::Standing;
use super::limits::PipelineLimit;
use super::tenants::TenantSpec;

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

/// Looks at a component as this tenant's.
///
/// # Errors
/// [`Refused`] with the first thing that stands against it.
pub fn admit(tenant: &TenantSpec, bytes: &[u8]) -> Result<Admitted, Refused> {
    within(tenant, PipelineLimit::ComponentBytes, bytes.len() as u64)?;
    form(bytes).map_err(Refused::Form)?;
    Validator::new_with_features(features())
        .validate_all(bytes)
        .map_err(|error| invalid(&error))?;
    let Outline { imports, exports_pipeline, figures } =
        outline(bytes).map_err(|error| invalid(&error))?;
    for name in &imports {
        import(tenant, name)?;
    }
    if !exports_pipeline {
        return Err(Refused::NoPipeline);
    }
    for (limit, wanted) in figures.wanted() {
        within(tenant, limit, wanted)?;
    }
    Ok(Admitted {
        sha256: Sha256::digest(bytes).into(),
        bytes: bytes.len(),
        imports,
        instances: figures.instances,
        memory_bytes: figures.memory_bytes,
    })
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
fn shown(name: &str) -> String {
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

/// What a component says of itself on its outside, and the sums of its inside.
struct Outline {
    imports: Vec<String>,
    exports_pipeline: bool,
    figures: Figures,
}

fn outline(bytes: &[u8]) -> Result<Outline, wasmparser::BinaryReaderError> {
    let mut outline =
        Outline { imports: Vec::new(), exports_pipeline: false, figures: Figures::default() };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.clone() {
                    outline.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section.clone() {
                    outline.exports_pipeline |= names::is_pipeline(export?.name.name);
                }
            }
            _ => {}
        }
        outline.figures.add(&payload)?;
    }
    Ok(outline)
}

fn invalid(error: &wasmparser::BinaryReaderError) -> Refused {
    Refused::Invalid { offset: error.offset(), message: shown(error.message()) }
}
