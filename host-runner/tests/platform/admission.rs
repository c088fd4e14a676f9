//! Which components are taken, and what is said of the others.

use std::path::Path;

use knosc_runner::platform::admission::{Form, ImportReason, Refused, admit};
use knosc_runner::platform::limits::PipelineLimit;
use knosc_runner::platform::tenants::{TenantSpec, Tenants};

use crate::guest;

const TENANT: &str = r#"
[[tenant]]
name = "acme"
origin = "https://acme.knosc.com"
username = { env = "U" }
password = { env = "P" }
"#;

const EGRESS: &str = r#"
[[tenant.egress]]
origin = "https://erp.acme.example"
methods = ["GET"]
paths = ["/"]
"#;

fn tenant(more: &str) -> TenantSpec {
    let tenants = Tenants::parse(Path::new("tenants.toml"), &format!("{TENANT}{more}")).unwrap();
    tenants.get("acme").unwrap().clone()
}

fn refused(bytes: &[u8]) -> Refused {
    admit(&tenant(""), bytes).unwrap_err()
}

/// A component with one more import, an instance without anything.
fn asking_for(name: &str) -> Vec<u8> {
    guest::importing(&format!(r#"(import "{name}" (instance))"#), "", "", guest::OK)
}

#[test]
fn a_pipeline_is_taken() {
    let admitted = admit(&tenant(""), &guest::running(guest::OK)).unwrap();
    assert_eq!(admitted.imports, ["knosc:bulk-import/blobs@0.1.0"]);
    assert_eq!((admitted.instances, admitted.memory_bytes), (2, 65_536));
}

#[test]
fn what_is_no_component_is_named() {
    let precompiled = wasmtime::Engine::default().precompile_module(b"\0asm\x01\0\0\0").unwrap();
    for (bytes, form) in [
        (&b"(component)"[..], Form::Text),
        (b"  ;; a comment\n(component)", Form::Text),
        (b"\0asm\x01\0\0\0", Form::CoreModule),
        (&precompiled, Form::Precompiled),
        (b"", Form::Other),
        (b"PK\x03\x04", Form::Other),
        (b"\0asm\x0d\0\x07\0", Form::Other),
    ] {
        assert_eq!(refused(bytes), Refused::Form(form));
    }
}

#[test]
fn each_import_outside_of_the_world_is_named() {
    for (name, reason) in [
        ("wasi:sockets/tcp@0.2.12", ImportReason::Socket),
        ("wasi:sockets/instance-network@0.2.0", ImportReason::Socket),
        ("wasi:http/outgoing-handler@0.2.12", ImportReason::NeedsEgress),
        ("knosc:bulk-import/journal@0.1.0", ImportReason::HostOnly),
        ("knosc:bulk-import/tenancy@0.1.0", ImportReason::HostOnly),
        ("wasi:keyvalue/store@0.2.0-draft", ImportReason::Unknown),
        ("wasi:cli/command@0.2.12", ImportReason::Unknown),
        ("acme:own/thing@1.0.0", ImportReason::Unknown),
    ] {
        let error = refused(&asking_for(name));
        assert_eq!(error, Refused::Import { name: name.to_owned(), reason });
        assert!(error.to_string().contains(name), "{error}");
        assert!(!error.hint().is_empty());
    }
    let with_http = asking_for("wasi:http/outgoing-handler@0.2.12");
    assert!(admit(&tenant(EGRESS), &with_http).is_ok(), "an operator grants it");
    assert!(admit(&tenant(""), &asking_for("wasi:filesystem/preopens@0.2.12")).is_ok());
}

#[test]
fn nothing_to_run_is_refused() {
    assert_eq!(refused(&guest::binary("(component)")), Refused::NoPipeline);
}

#[test]
fn each_declared_figure_is_compared_and_its_line_is_named() {
    let long = format!("(data (i32.const 0) \"{}\")", "x".repeat(1_024));
    for (fields, limits, limit, hint) in [
        ("(memory 2000)", "", PipelineLimit::Memory, "memory = \"128064 KiB\""),
        (
            "(memory 0) (memory 0) (memory 0) (memory 0)",
            "",
            PipelineLimit::Memories,
            "memories = 5",
        ),
        (
            "(table 99999 funcref) (table 2 funcref)",
            "",
            PipelineLimit::TableElements,
            "table-elements = 100001",
        ),
        ("(table 0 funcref) (table 0 funcref)", "tables = 1", PipelineLimit::Tables, "tables = 2"),
        ("", "instances = 1\nmemories = 1", PipelineLimit::Instances, "instances = 2"),
        (&long, "component = \"1 KiB\"", PipelineLimit::ComponentBytes, "component = "),
    ] {
        let narrow = tenant(&format!("[tenant.limits]\n{limits}\nmemory = \"64 MiB\"\n"));
        let error = admit(&narrow, &guest::with_fields(fields, guest::OK)).unwrap_err();
        assert!(
            matches!(&error, Refused::Figure { limit: met, .. } if *met == limit),
            "{fields}: {error}"
        );
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
}

#[test]
fn proposals_that_this_host_leaves_off_are_refused() {
    for fields in [
        "(memory 1 1 shared)",
        "(memory i64 1)",
        "(type (struct))",
        "(tag)",
        "(func (return_call 0))",
        "(func (param (ref func)))",
        "(table 0 externref)",
    ] {
        let error = refused(&guest::with_fields(fields, guest::OK));
        assert!(matches!(error, Refused::Invalid { .. }), "{fields}: {error}");
    }
}

#[test]
fn a_component_cut_anywhere_or_with_a_byte_changed_never_panics() {
    let whole = guest::running(guest::OK);
    for cut in 0..whole.len() {
        // Behind the last export there are only names for debuggers; a cut there, or a byte changed in a name, may do no harm.
        let _ = admit(&tenant(""), &whole[..cut]);
        let mut changed = whole.clone();
        changed[cut] ^= 0x55;
        let _ = admit(&tenant(""), &changed);
    }
    for cut in 0..whole.len() / 2 {
        assert!(admit(&tenant(""), &whole[..cut]).is_err(), "cut at {cut}");
    }
}
