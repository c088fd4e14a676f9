//! What stands in `tenants.toml`, checked as a whole: every problem at once, with its line.
//!
//! Opens no file and reads no secret.

mod compile;
mod host;

use std::path::Path;

use http::{HeaderName, Method};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::policy::Policy;
use toml::de::{DeTable, DeValue};

use super::{EgressGrant, SecretSource, SignIn, TenantSpec};
use crate::manifest::reader::{Reader, Value};
use crate::manifest::{ManifestError, ProblemKind};
use crate::platform::compile::CompileLimits;
use crate::platform::host_limits::HostLimits;
use crate::platform::limits::{PipelineLimit, PipelineLimits, Unit};

const TOP_KEYS: &str = "host, compile, limits, tenant";
const TENANT_KEYS: &str = "name, origin, username, password, one-time-secret, policy, limits, allow-private, traceparent, egress";
const EGRESS_KEYS: &str = "origin, methods, paths, header";
const SOURCE_KEYS: &str = "env, file";
const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Names that decide how a request is framed or where it goes: the host's alone, also from the operator's hand.
const FRAMING_HEADERS: [&str; 7] =
    ["connection", "content-length", "expect", "host", "te", "transfer-encoding", "upgrade"];

/// The whole file.
#[derive(Debug)]
pub(super) struct Authored {
    pub(super) compile: CompileLimits,
    pub(super) host: HostLimits,
    pub(super) common: PipelineLimits,
    pub(super) tenants: Vec<TenantSpec>,
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Authored, ManifestError> {
    let (read, problems) = Reader::read(text, file);
    match read {
        Some(read) if problems.is_empty() => Ok(read),
        _ => Err(ManifestError { path: path.to_owned(), problems }),
    }
}

fn file<'t>(reader: &mut Reader<'t>, table: &DeTable<'t>) -> Authored {
    let (mut common, mut compile) = (PipelineLimits::default(), CompileLimits::default());
    let mut host = HostLimits::default();
    if let Some(value) = table.get("limits") {
        limits(reader, value, &mut common);
    }
    let mut tenants: Vec<TenantSpec> = Vec::new();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "limits" => {}
            "compile" => compile = compile::compile(reader, value),
            "host" => host = host::host(reader, value),
            "tenant" => {
                for (at, entry) in reader.tables_of("tenant", "a list of tables, [[tenant]]", value)
                {
                    let Some(read) = tenant(reader, at, entry, &common) else { continue };
                    if tenants.iter().any(|before| before.name == read.name) {
                        reader.bad(at, format!("there are two tenants '{}'", read.name));
                    }
                    tenants.push(read);
                }
            }
            other => reader.unknown(key.span().start, other, TOP_KEYS),
        }
    }
    Authored { compile, host, common, tenants }
}

fn tenant<'t>(
    reader: &mut Reader<'t>,
    at: &Value<'t>,
    table: &DeTable<'t>,
    common: &PipelineLimits,
) -> Option<TenantSpec> {
    let (mut name, mut origin) = (None, None);
    let (mut username, mut password, mut one_time) = (None, None, None);
    let mut policy = Policy::default();
    let mut own = common.clone();
    let (mut allow_private, mut egress) = (Vec::new(), Vec::new());
    let mut traceparent = false;
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => name = name_of(reader, value),
            "origin" => origin = origin_of(reader, "origin", value),
            "username" => username = source_of(reader, "username", value),
            "password" => password = source_of(reader, "password", value),
            "one-time-secret" => one_time = source_of(reader, "one-time-secret", value),
            "policy" => policy = reader.policy(value),
            "limits" => own_limits(reader, value, common, &mut own),
            "allow-private" => {
                let values = list_of(reader, "allow-private", value);
                let origins =
                    values.iter().filter_map(|value| origin_of(reader, "allow-private", value));
                allow_private = origins.collect();
            }
            "traceparent" => traceparent = traceparent_of(reader, value),
            "egress" => egress = grants(reader, value),
            other => reader.unknown(key.span().start, other, TENANT_KEYS),
        }
    }
    for needed in ["name", "origin", "username", "password"] {
        if !table.contains_key(needed) {
            reader.problem(at.span().start, ProblemKind::Missing(needed));
        }
    }
    let (name, origin) = (name?, origin?);
    if let Err(error) = policy.check(origin.is_loopback()) {
        reader.bad(at, format!("policy of '{name}': {error}"));
    }
    if egress.iter().any(|grant| grant.origin == origin) {
        let message = format!(
            "'{name}' reaches {origin} through jobs alone, and needs no [[tenant.egress]] for it"
        );
        reader.bad(at, message);
    }
    let line = reader.line(at.span().start);
    let sign_in = SignIn { username: username?, password: password?, one_time };
    let limits = own;
    Some(TenantSpec {
        name,
        line,
        origin,
        sign_in,
        policy,
        limits,
        allow_private,
        traceparent,
        egress,
    })
}

fn traceparent_of(reader: &mut Reader<'_>, value: &Value<'_>) -> bool {
    let asked = reader.yes_of("traceparent", value);
    if asked && !cfg!(feature = "otlp") {
        reader.bad(
            value,
            "this build has no traces to tell of: it was made without the feature otlp".to_owned(),
        );
    }
    asked
}

fn own_limits<'t>(
    reader: &mut Reader<'t>,
    value: &Value<'t>,
    common: &PipelineLimits,
    own: &mut PipelineLimits,
) {
    limits(reader, value, own);
    if own.get(PipelineLimit::Stack) != common.get(PipelineLimit::Stack) {
        let message = "stack is one figure for all tenants: write it in [limits] at the top";
        reader.bad(value, message.to_owned());
    }
}

fn limits<'t>(reader: &mut Reader<'t>, value: &Value<'t>, limits: &mut PipelineLimits) {
    let Some(table) = reader.table_of("limits", value) else { return };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let Some(limit) = PipelineLimit::of_key(name) else {
            reader.unknown(key.span().start, name, LIMIT_KEYS);
            continue;
        };
        let Some(figure) = figure_of(reader, name, limit.row().unit, value) else { continue };
        if let Err(error) = limits.set(limit, figure) {
            reader.bad(value, error.to_string());
        }
    }
    for (less, more) in PAIRS {
        if limits.get(less) > limits.get(more) {
            let [small, large] = [less, more].map(|limit| limit.row().unit.show(limits.get(limit)));
            reader.bad(value, format!("{less} = {small} can never be used up: {more} = {large}"));
        }
    }
}

/// The first is part of the second.
const PAIRS: [(PipelineLimit, PipelineLimit); 4] = [
    (PipelineLimit::Cpu, PipelineLimit::Wall),
    (PipelineLimit::RequestsInFlight, PipelineLimit::Requests),
    (PipelineLimit::HeaderBytes, PipelineLimit::HostcallBytes),
    (PipelineLimit::Memories, PipelineLimit::Instances),
];

/// As a person looks for them; a test compares it with the table.
const LIMIT_KEYS: &str = "component, memory, memories, instances, tables, table-elements, stack, cpu, wall, hostcall, handles, resources, open-files, headers, answer, log, scratch, scratch-files, requests-in-flight, requests, requests-per-second, job-calls, runs, code, compiles, compiles-waiting";

fn figure_of(reader: &mut Reader<'_>, key: &str, unit: Unit, value: &Value<'_>) -> Option<u64> {
    match (unit, value.get_ref()) {
        (Unit::Time, _) => {
            let given = reader.duration_of(key, value)?;
            Some(u64::try_from(given.as_millis()).unwrap_or(u64::MAX))
        }
        (Unit::Count, DeValue::Integer(given)) => {
            let figure = u64::from_str_radix(given.as_str(), given.radix());
            if figure.is_err() {
                reader.wrong(value, key, "a number from 0 on");
            }
            figure.ok()
        }
        (Unit::Count, _) => {
            reader.wrong(value, key, "a number");
            None
        }
        (Unit::Bytes, _) => {
            let text = reader.text_of(key, value)?;
            let figure = unit.read(&text);
            if figure.is_none() {
                reader.bad(
                    value,
                    format!("{key}: '{text}' is no size; write 64 KiB, 128 MiB or 2 GiB"),
                );
            }
            figure
        }
    }
}

fn name_of(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<String> {
    let name = reader.text_of("name", value)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    // A name becomes part of folder names, log lines and metrics.
    if name.is_empty() || name.len() > 63 || !name.chars().all(plain) {
        reader.bad(
            value,
            format!(
                "'{name}' is no tenant's name: lower-case letters, digits and hyphens, 63 at most"
            ),
        );
        return None;
    }
    Some(name)
}

fn origin_of(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Option<Origin> {
    let text = reader.text_of(key, value)?;
    match text.parse::<Origin>() {
        Ok(origin) => Some(origin),
        Err(error) => {
            reader.bad(value, format!("{key}: {error}"));
            None
        }
    }
}

fn source_of<'t>(reader: &mut Reader<'t>, key: &str, value: &Value<'t>) -> Option<SecretSource> {
    let DeValue::Table(table) = value.get_ref() else {
        reader.wrong(
            value,
            key,
            "{ env = \"NAME\" } or { file = \"PATH\" }: secrets are never written here",
        );
        return None;
    };
    let mut sources = Vec::new();
    for (name, value) in table {
        let text = reader.text_of(name.get_ref(), value);
        match (name.get_ref().as_ref(), text) {
            ("env", Some(text)) => sources.push(SecretSource::Env(text)),
            ("file", Some(text)) => sources.push(SecretSource::File(text.into())),
            ("env" | "file", None) => {}
            (other, _) => reader.unknown(name.span().start, other, SOURCE_KEYS),
        }
    }
    if sources.len() != 1 {
        reader.wrong(value, key, "one of env and file");
    }
    sources.pop()
}

fn list_of<'v, 't>(reader: &mut Reader<'t>, key: &str, value: &'v Value<'t>) -> &'v [Value<'t>] {
    if let DeValue::Array(values) = value.get_ref() {
        return values;
    }
    reader.wrong(value, key, "a list");
    &[]
}

fn grants<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Vec<EgressGrant> {
    let mut grants: Vec<EgressGrant> = Vec::new();
    for (at, entry) in reader.tables_of("egress", "a list of tables, [[tenant.egress]]", value) {
        let Some(read) = grant(reader, at, entry) else { continue };
        if grants.iter().any(|before| before.origin == read.origin) {
            reader.bad(at, format!("{} is granted twice; write one entry for it", read.origin));
        }
        grants.push(read);
    }
    grants
}

fn grant<'t>(reader: &mut Reader<'t>, at: &Value<'t>, table: &DeTable<'t>) -> Option<EgressGrant> {
    let (mut origin, mut methods, mut paths, mut headers) =
        (None, Vec::new(), Vec::new(), Vec::new());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "origin" => origin = origin_of(reader, "origin", value),
            "methods" => {
                let values = list_of(reader, "methods", value);
                methods = values.iter().filter_map(|value| method_of(reader, value)).collect();
            }
            "paths" => {
                let values = list_of(reader, "paths", value);
                paths = values.iter().filter_map(|value| path_of(reader, value)).collect();
            }
            "header" => headers = headers_of(reader, value),
            other => reader.unknown(key.span().start, other, EGRESS_KEYS),
        }
    }
    for needed in ["origin", "methods", "paths"] {
        if !table.contains_key(needed) {
            reader.problem(at.span().start, ProblemKind::Missing(needed));
        }
    }
    Some(EgressGrant { origin: origin?, methods, paths, headers })
}

fn method_of(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Method> {
    let text = reader.text_of("methods", value)?;
    let known = METHODS.into_iter().find(|method| method.as_str() == text);
    if known.is_none() {
        reader.bad(value, format!("'{text}' is none of GET, HEAD, POST, PUT, PATCH and DELETE"));
    }
    known
}

fn path_of(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<String> {
    let text = reader.text_of("paths", value)?;
    if crate::egress::is_ambiguous(&text) || text.contains(['?', '#']) {
        reader.bad(value, format!("'{text}' is no plain path: it begins with / and has no dot segments, escapes or query"));
        return None;
    }
    Some(text)
}

fn headers_of<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Vec<(HeaderName, SecretSource)> {
    let Some(table) = reader.table_of("header", value) else { return Vec::new() };
    let mut headers = Vec::new();
    for (key, value) in table {
        let text = key.get_ref().as_ref();
        let name = HeaderName::from_bytes(text.as_bytes()).ok();
        let Some(name) = name.filter(|name| !FRAMING_HEADERS.contains(&name.as_str())) else {
            reader.bad(value, format!("'{text}' is no header that can be added"));
            continue;
        };
        if let Some(source) = source_of(reader, text, value) {
            headers.push((name, source));
        }
    }
    headers
}

#[cfg(test)]
mod tests;
