//! What a component says of itself on its outside, and the sums of its inside; as a text between a child and the host too.
//!
//! [`Outline::read`] validates, without a bound on memory or time: only in a process that is limited, or for code that the operator
//! knows. [`Outline::decode`] trusts nothing that it reads.

use std::fmt::Write as _;

use wasmparser::{BinaryReaderError, Encoding, Parser, Payload, Validator};

use super::figures::Figures;
use super::{Refused, features, names, shown};

/// Imports of a component itself. The world has thirty.
const IMPORTS_MAX: usize = 1_000;

/// The first line of the text.
const HEAD: &str = "outline 1";

/// The outline of a component, which holds for every tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::platform) struct Outline {
    pub(super) imports: Vec<String>,
    pub(super) exports_pipeline: bool,
    pub(super) figures: Figures,
}

impl Outline {
    /// Validates a component and reads its outline.
    ///
    /// # Errors
    /// [`Refused::Invalid`].
    pub(in crate::platform) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        Validator::new_with_features(features())
            .validate_all(bytes)
            .map_err(|error| invalid(&error))?;
        Self::of_valid(bytes).map_err(|error| invalid(&error))
    }

    fn of_valid(bytes: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => {
                    depth += 1;
                }
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

    /// The text of what [`Self::read`] gave, a line each.
    pub(in crate::platform) fn encode(read: &Result<Self, Refused>) -> String {
        let mut text = format!("{HEAD}\n");
        // Writing to a string does not fail.
        match read {
            Ok(outline) if outline.imports.len() <= IMPORTS_MAX => {
                let _ = writeln!(text, "pipeline {}", u8::from(outline.exports_pipeline));
                for (name, value) in outline.figures.named() {
                    let _ = writeln!(text, "{name} {value}");
                }
                for import in &outline.imports {
                    let _ = writeln!(text, "import {}", shown(import));
                }
            }
            Ok(_) => {
                let _ = writeln!(text, "invalid 0 more than {IMPORTS_MAX} imports");
            }
            Err(Refused::Invalid { offset, message }) => {
                let _ = writeln!(text, "invalid {offset} {}", shown(message));
            }
            Err(other) => {
                let _ = writeln!(text, "invalid 0 {}", shown(&other.to_string()));
            }
        }
        text
    }

    /// Reads such a text; none if it is anything else.
    pub(in crate::platform) fn decode(text: &str) -> Option<Result<Self, Refused>> {
        let text = text.strip_suffix('\n')?;
        let mut lines = text.split('\n');
        if lines.next() != Some(HEAD) {
            return None;
        }
        let mut outline = Self::default();
        for line in lines {
            let (what, value) = line.split_once(' ')?;
            match what {
                "invalid" => {
                    let (offset, message) = value.split_once(' ')?;
                    let (offset, message) = (offset.parse().ok()?, shown(message));
                    return Some(Err(Refused::Invalid { offset, message }));
                }
                "pipeline" => outline.exports_pipeline = value == "1",
                "import" if outline.imports.len() < IMPORTS_MAX => {
                    outline.imports.push(shown(value));
                }
                name => *outline.figures.by_name(name)? = value.parse().ok()?,
            }
        }
        Some(Ok(outline))
    }
}

fn invalid(error: &BinaryReaderError) -> Refused {
    Refused::Invalid { offset: error.offset(), message: shown(error.message()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let wasm = wat::parse_str(
            r#"(component (import "wasi:io/poll@0.2.6" (instance)) (core module (memory 3)))"#,
        );
        let read = Outline::read(&wasm.unwrap());
        assert_eq!(read.as_ref().unwrap().figures.memory_bytes, 3 * 65_536);
        assert_eq!(Outline::decode(&Outline::encode(&read)), Some(read));
        let broken = Outline::read(b"\0asm\x0d\0\x01\0\x01");
        assert!(matches!(broken, Err(Refused::Invalid { .. })));
        assert_eq!(Outline::decode(&Outline::encode(&broken)), Some(broken));
    }

    #[test]
    fn a_text_of_another_kind_is_no_outline() {
        for text in
            ["", "\n", "outline 1", "outline 2\n", "outline 1\nimport", "outline 1\nnonsense 1\n"]
        {
            assert_eq!(Outline::decode(text), None, "{text:?}");
        }
        for text in ["outline 1\nmemory -1\n", "outline 1\nmemory 99999999999999999999999\n"] {
            assert_eq!(Outline::decode(text), None, "{text:?}");
        }
        let many = format!("outline 1\n{}", "import a\n".repeat(IMPORTS_MAX + 1));
        assert_eq!(Outline::decode(&many), None);
    }
}
