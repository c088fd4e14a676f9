//! What a component says of itself: its world, what it imports and exports, how large it is, which one it is, and its metadata.
//!
//! Reads bytes of any origin; compiles and runs nothing, and judges nothing: whether a tenant may bring it is `admission`'s.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use wasmparser::{
    BinaryReaderError, ComponentName, ComponentNameSectionReader, CustomSectionReader, Encoding,
    KnownCustom, Parser, Payload, Validator, WasmFeatures,
};

use super::admission::{Form, form};

/// The worlds of the contract, known by all of their exports.
const WORLDS: [(&str, &[&str]); 3] = [
    ("portable", &["importer", "planner", "sessions"]),
    ("hosted", &["jobs"]),
    ("tenant", &["pipeline"]),
];

/// The contract's package.
const PACKAGE: &str = "knosc:bulk-import";

/// What stands in a component.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// `knosc:bulk-import/portable@0.1.0`; none where it exports no world of the contract.
    pub world: Option<String>,
    /// Names, in the component's own order.
    pub imports: Vec<String>,
    /// Names, in the component's own order.
    pub exports: Vec<String>,
    /// Of its bytes.
    pub size: usize,
    /// Of its bytes, in lower-case hex.
    pub sha256: String,
    /// What its maker wrote into it.
    pub metadata: Metadata,
}

/// What a component's maker wrote into it, where `wasm-tools metadata` and registries look. Nobody vouches for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// A licence expression of SPDX.
    pub licenses: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// Why nothing can be told of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// Not a component in binary form.
    #[error("this is no component, but {}", match .0 {
        Form::Precompiled => "machine code that wasmtime made of one".to_owned(),
        form => form.to_string(),
    })]
    Form(Form),
    /// It begins as a component and does not hold what the format demands.
    #[error("this component is damaged at byte {offset}: {message}")]
    Damaged {
        /// Where.
        offset: usize,
        /// What the validator says.
        message: String,
    },
}

impl InspectError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Form(Form::Precompiled) => "name the .wasm file that it was compiled from",
            Self::Form(_) => "name a component: cargo xtask build leaves two in target/components/",
            Self::Damaged { .. } => {
                "copy or build the file anew, and compare its SHA-256 with the published one"
            }
        }
    }
}

impl From<BinaryReaderError> for InspectError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Damaged { offset: error.offset(), message: error.message().to_owned() }
    }
}

/// Reads a component.
///
/// # Errors
/// [`InspectError`] for anything else.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, InspectError> {
    form(bytes).map_err(InspectError::Form)?;
    // Whatever a component may be made of: other engines run what this host leaves off.
    Validator::new_with_features(WasmFeatures::all()).validate_all(bytes)?;
    let mut inspected = Inspected {
        world: None,
        imports: Vec::new(),
        exports: Vec::new(),
        size: bytes.len(),
        sha256: HEXLOWER.encode(&Sha256::digest(bytes)),
        metadata: Metadata::default(),
    };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    inspected.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    inspected.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if depth == 1 => inspected.metadata.add(&section),
            _ => {}
        }
    }
    inspected.world = world(&inspected.exports);
    Ok(inspected)
}

/// The world whose exports are all there, with the version of the contract.
fn world(exports: &[String]) -> Option<String> {
    let ours: Vec<(&str, &str)> = exports
        .iter()
        .filter_map(|name| name.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@'))
        .collect();
    WORLDS.into_iter().find_map(|(world, wanted)| {
        let (first, version) = ours.iter().find(|(name, _)| wanted.contains(name))?;
        let is_there = |name: &&str| *name == *first || ours.contains(&(*name, *version));
        wanted.iter().all(is_there).then(|| format!("{PACKAGE}/{world}@{version}"))
    })
}

impl Metadata {
    fn add(&mut self, section: &CustomSectionReader<'_>) {
        if let KnownCustom::ComponentName(names) = section.as_known() {
            self.name = name(names).or(self.name.take());
            return;
        }
        let field = match section.name() {
            "version" => &mut self.version,
            "licenses" => &mut self.licenses,
            "source" => &mut self.source,
            "description" => &mut self.description,
            _ => return,
        };
        *field = Some(String::from_utf8_lossy(section.data()).into_owned());
    }
}

/// The component's own name among those of its parts. What cannot be read is no name: the section binds nobody.
fn name(names: ComponentNameSectionReader<'_>) -> Option<String> {
    names.into_iter().find_map(|part| match part.ok()? {
        ComponentName::Component { name, .. } => Some(name.to_owned()),
        _ => None,
    })
}
