//! What is said of each mistake in `tenants.toml`.

use super::compile::COMPILE_KEYS;
use super::host::HOST_KEYS;
use super::*;
use crate::platform::compile::CompileLimit;
use crate::platform::host_limits::HostLimit;

const WHOLE: &str = r#"
[limits]
cpu = "30s"

[[tenant]]
name = "acme"
origin = "https://acme.knosc.com"
username = { env = "ACME_USER" }
password = { file = "acme.password" }
allow-private = ["https://erp.acme.example"]
limits = { memory = "64 MiB", requests = 10 }
policy = { queued-max = "1h" }

[[tenant.egress]]
origin = "https://erp.acme.example"
methods = ["GET"]
paths = ["/export/"]
header.authorization = { env = "ACME_ERP" }

[compile]
cpu = "20s"
"#;

#[test]
fn a_whole_file() {
    let Authored { compile, common, tenants, .. } =
        parse(Path::new("tenants.toml"), WHOLE).unwrap();
    assert_eq!((compile.cpu_seconds, compile.kept_bytes), (20, 2 << 30));
    assert_eq!(common.get(PipelineLimit::Cpu), 30_000);
    let acme = tenants.first().unwrap();
    assert_eq!((acme.name.as_str(), acme.line), ("acme", 5));
    assert_eq!(acme.limits.get(PipelineLimit::Cpu), 30_000);
    assert_eq!(acme.limits.get(PipelineLimit::Memory), 64 * 1024 * 1024);
    assert_eq!(acme.policy.queued_max_ms, 3_600_000);
    assert_eq!(acme.egress[0].headers[0].1, SecretSource::Env("ACME_ERP".into()));
}

/// What is replaced in the whole file, and what is said of it.
#[test]
fn each_mistake_is_named_with_its_line() {
    for (right, wrong, line, said) in [
        ("cpu = \"30s\"", "cpus = \"30s\"", 3, "unknown key 'cpus'"),
        ("cpu = \"30s\"", "cpu = 30", 3, "'cpu' must be text in quotes"),
        ("cpu = \"30s\"", "cpu = \"1h\"", 2, "cpu = 3600s can never be used up: wall = 900s"),
        ("cpu = \"20s\"", "cpus = \"20s\"", 21, "unknown key 'cpus'"),
        ("cpu = \"20s\"", "cpu = \"1500ms\"", 21, "cpu = 1500ms is no number of whole seconds"),
        ("cpu = \"20s\"", "memory = \"1 MiB\"", 21, "memory = 1 MiB is outside of 128 MiB to"),
        ("cpu = \"20s\"", "wall = \"9h\"", 21, "wall = 32400s is outside of 100ms to 14400s"),
        ("requests = 10 }", "requests = 10 }\ntraceparent = 1", 12, "must be true or false"),
        ("\"64 MiB\"", "\"64 MB\"", 11, "is no size"),
        ("\"64 MiB\"", "\"1 B\"", 11, "outside of 1 MiB to 4096 MiB"),
        ("requests = 10", "stack = \"64 KiB\"", 11, "stack is one figure for all tenants"),
        ("requests = 10", "requests = -1", 11, "'requests' must be a number from 0 on"),
        ("\"acme\"", "\"Acme Corp\"", 6, "is no tenant's name"),
        ("https://acme.knosc.com", "https://u@acme.knosc.com", 7, "origin: "),
        ("https://acme.knosc.com", "https://acme.knosc.com/api/x", 7, "origin: "),
        ("{ env = \"ACME_USER\" }", "\"loader\"", 8, "secrets are never written here"),
        ("{ file = \"acme.password\" }", "{}", 9, "one of env and file"),
        ("[\"GET\"]", "[\"CONNECT\"]", 16, "'CONNECT' is none of GET"),
        ("\"/export/\"", "\"/export/../\"", 17, "is no plain path"),
        ("header.authorization", "header.host", 18, "'host' is no header that can be added"),
        (
            "origin = \"https://erp.acme.example\"",
            "origin = \"https://acme.knosc.com\"",
            5,
            "through jobs alone",
        ),
    ] {
        assert_eq!(WHOLE.matches(right).count(), 1, "{right}");
        let text = WHOLE.replace(right, wrong);
        let error = parse(Path::new("tenants.toml"), &text).unwrap_err();
        let problem = &error.problems[0];
        assert_eq!(problem.line, Some(line), "{wrong}: {error}");
        assert!(problem.kind.to_string().contains(said), "{wrong}: {error}");
    }
}

#[test]
fn twins_are_refused() {
    let (whole, _) = WHOLE.split_once("[compile]").unwrap();
    let tenant = whole.split_once("[[tenant]]").unwrap().1;
    let twins = format!("{whole}[[tenant]]{tenant}");
    let error = parse(Path::new("tenants.toml"), &twins).unwrap_err();
    assert!(error.to_string().contains("there are two tenants 'acme'"), "{error}");
    let grant = whole.split_once("[[tenant.egress]]").unwrap().1;
    let error = parse(Path::new("t"), &format!("{whole}[[tenant.egress]]{grant}")).unwrap_err();
    assert!(error.to_string().contains("is granted twice"), "{error}");
}

#[test]
fn every_limit_is_named_to_whoever_misspells_one() {
    let keys: Vec<_> = PipelineLimit::ALL.map(|limit| limit.row().key).to_vec();
    assert_eq!(LIMIT_KEYS, keys.join(", "));
    let keys: Vec<_> = CompileLimit::ALL.map(|limit| limit.row().key).to_vec();
    assert_eq!(COMPILE_KEYS, keys.join(", "));
    let keys: Vec<_> = HostLimit::ALL.map(|limit| limit.row().key).to_vec();
    assert_eq!(HOST_KEYS, keys.join(", "));
}

/// Each figure of the table, in the order of its values.
#[test]
fn the_compilers_table_is_in_order_and_each_default_is_in_its_range() {
    let mut limits = CompileLimits::default();
    for (index, limit) in CompileLimit::ALL.into_iter().enumerate() {
        let row = limit.row();
        assert_eq!(limit as usize, index);
        assert!(row.min <= row.default && row.default <= row.max, "{limit}");
        limits.set(limit, row.default).unwrap();
        assert_eq!(limits.get(limit), row.default, "{limit}");
        assert!(limits.set(limit, row.max + 1).is_err());
    }
    assert_eq!(limits, CompileLimits::default());
}

#[test]
fn a_trace_is_told_only_by_a_build_that_has_one() {
    let text = WHOLE.replace("requests = 10 }", "requests = 10 }\ntraceparent = true");
    match parse(Path::new("tenants.toml"), &text) {
        Ok(read) => assert!(cfg!(feature = "otlp") && read.tenants[0].traceparent),
        Err(error) => {
            assert!(
                !cfg!(feature = "otlp") && error.to_string().contains("feature otlp"),
                "{error}"
            );
        }
    }
}

/// The example shows every key, and each common limit with its default.
#[test]
fn the_example_is_whole_and_shows_the_defaults() {
    let text = include_str!("../../../../../examples/tenants.toml");
    let Authored { compile, host, common, tenants } =
        parse(Path::new("tenants.toml"), text).unwrap();
    assert_eq!((common, compile), (PipelineLimits::default(), CompileLimits::default()));
    assert_eq!(host, HostLimits::default());
    assert_eq!(tenants.len(), 2);
    let keys = PipelineLimit::ALL.map(|limit| limit.row().key);
    let written = [TENANT_KEYS, EGRESS_KEYS, COMPILE_KEYS, HOST_KEYS].join(", ");
    for key in keys.into_iter().chain(written.split(", ").filter(|key| *key != "egress")) {
        let has = |line: &str| {
            line.starts_with(&format!("{key} = ")) || line.starts_with(&format!("{key}."))
        };
        assert!(text.lines().any(has), "{key}");
    }
}
