//! What is told of components as files: ours with what the build wrote into them, and anything else with what it is instead.

use knosc_runner::engine::{HOSTED_COMPONENT, PORTABLE_COMPONENT};
use knosc_runner::platform::admission::Form;
use knosc_runner::platform::inspect::{InspectError, inspect};

#[test]
fn both_components_say_which_they_are() {
    for (world, bytes, export) in [
        ("portable", PORTABLE_COMPONENT, "knosc:bulk-import/importer@0.1.0"),
        ("hosted", HOSTED_COMPONENT, "knosc:bulk-import/jobs@0.1.0"),
    ] {
        let found = inspect(bytes).unwrap();
        assert_eq!(found.world, Some(format!("knosc:bulk-import/{world}@0.1.0")));
        assert!(found.exports.iter().any(|name| name == export), "{:?}", found.exports);
        assert!(found.imports.iter().any(|name| name.starts_with("wasi:http/outgoing-handler@")));
        assert_eq!(found.size, bytes.len());
        assert_eq!(found.sha256.len(), 64);
        let metadata = found.metadata;
        assert_eq!(metadata.name, Some(format!("knosc-{world}")));
        assert_eq!(metadata.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(metadata.licenses.as_deref(), Some(env!("CARGO_PKG_LICENSE")));
        assert_eq!(metadata.source.as_deref(), Some(env!("CARGO_PKG_REPOSITORY")));
        assert!(metadata.description.unwrap().starts_with("Loads ERP exports into Knosc"));
    }
}

/// Where a section ends, what is left is a smaller component; everywhere else it is damaged, and nowhere a panic.
#[test]
fn a_component_that_was_cut_is_damaged_or_without_its_end() {
    let bytes = HOSTED_COMPONENT;
    let mut damaged = 0;
    for end in (8..bytes.len()).step_by(97) {
        match inspect(&bytes[..end]) {
            Err(InspectError::Damaged { offset, .. }) => {
                assert!(offset <= end);
                damaged += 1;
            }
            Ok(found) => assert!(found.exports.is_empty() || found.metadata.description.is_none()),
            Err(error) => panic!("{end}: {error}"),
        }
    }
    assert!(damaged > 1_000, "{damaged}");
}

#[test]
fn a_byte_that_was_changed_is_told_by_the_digest_or_as_damage() {
    let whole = inspect(HOSTED_COMPONENT).unwrap();
    for at in (8..HOSTED_COMPONENT.len()).step_by(4_001) {
        let mut bytes = HOSTED_COMPONENT.to_vec();
        bytes[at] ^= 0x55;
        match inspect(&bytes) {
            Ok(found) => assert_ne!(found.sha256, whole.sha256),
            Err(error) => assert!(matches!(error, InspectError::Damaged { .. }), "{at}: {error}"),
        }
    }
}

#[test]
fn what_is_no_component_is_named() {
    let check = |bytes: &[u8], form| assert_eq!(inspect(bytes), Err(InspectError::Form(form)));
    check(b"\0asm\x01\0\0\0", Form::CoreModule);
    check(b"(component)", Form::Text);
    check(b"  ;; a comment\n(component)", Form::Text);
    check(b"", Form::Other);
    check(b"\0asm", Form::Other);
    check(b"PK\x03\x04", Form::Other);
    let compiled = wasmtime::Engine::default().precompile_component(HOSTED_COMPONENT).unwrap();
    check(&compiled, Form::Precompiled);
}
