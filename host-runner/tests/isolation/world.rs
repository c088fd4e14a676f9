//! A platform with a hostile tenant, `acme`, and a well-behaved one, `birch`; a Knosc and an origin of their own on this machine.

use std::sync::Arc;

use knosc_runner::engine::RuntimeConfig;
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::limits::PipelineLimits;
use knosc_runner::platform::tenants::Tenants;
use knosc_runner::platform::{PipelineReport, Platform, PlatformConfig, Submission};

use crate::in_memory::InMemory;
use crate::peer::Peer;

pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) granted: Peer,
    pub(crate) denied: Peer,
    _knosc: local_knosc::Running,
    folder: tempfile::TempDir,
}

/// A file of another tenant, and what stands in it.
pub(crate) const SECRET: &str = "canary-of-birch";

impl World {
    /// The hostile tenant has these limits; the other one has the defaults.
    pub(crate) fn start(limits: &str, threads: usize) -> Self {
        Self::compiling(limits, threads, Compiler::InProcess)
    }

    /// The same, with components that are validated and compiled in this way.
    pub(crate) fn compiling(limits: &str, threads: usize, compiler: Compiler) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
        let (granted, denied) = (Peer::start(), Peer::start());
        let write = |name: &str, value: &str| {
            std::fs::write(folder.path().join(name), value).unwrap();
        };
        write("username", local_knosc::DEFAULT_USER);
        write("password", local_knosc::DEFAULT_PASSWORD);
        write("token", "canary-of-erp");
        let scratch_dir = folder.path().join("scratch");
        std::fs::create_dir(&scratch_dir).unwrap();
        write("scratch/secret", SECRET);
        let text = tenants(&folder, &knosc.url(), granted.authority(), limits);
        let platform = Platform::new(PlatformConfig {
            importer: RuntimeConfig::default(),
            tenants: Tenants::parse(&folder.path().join("tenants.toml"), &text).unwrap(),
            compiler,
            cache_dir: folder.path().join("cache"),
            scratch_dir,
            journals: Arc::new(InMemory),
            client: ClientConfig::default(),
            sign_ins: None,
            threads,
            audit_file: None,
        });
        Self { platform: platform.unwrap(), granted, denied, _knosc: knosc, folder }
    }

    /// Runs a pipeline to its end.
    pub(crate) async fn run(&self, tenant: &str, component: Vec<u8>) -> PipelineReport {
        self.run_with(tenant, component, PipelineLimits::default()).await
    }

    /// The same, with limits of the tenant's own.
    pub(crate) async fn run_with(
        &self,
        tenant: &str,
        component: Vec<u8>,
        limits: PipelineLimits,
    ) -> PipelineReport {
        let (inputs, limits) = (Vec::new(), Some(limits));
        let submission = Submission { component, inputs, settings: Vec::new(), limits };
        self.platform.submit(tenant, submission).await.unwrap().report().await
    }

    /// Files of the cache that are half written.
    pub(crate) fn half_written(&self) -> usize {
        let Ok(files) = std::fs::read_dir(self.folder.path().join("cache/acme")) else { return 0 };
        files
            .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|is| is == "part"))
            .count()
    }

    /// Files that runs left behind, beside the one that was there.
    pub(crate) fn left_behind(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("scratch")).unwrap().count() - 1
    }
}

fn tenants(folder: &tempfile::TempDir, knosc: &str, granted: &str, limits: &str) -> String {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let source = |name: &str| format!("{{ file = '{}' }}", path(name));
    let tenant = |name: &str, limits: &str| {
        let (username, password, token) = (source("username"), source("password"), source("token"));
        format!(
            r#"
[[tenant]]
name = "{name}"
origin = "{knosc}"
username = {username}
password = {password}
policy = {{ poll-interval-min = "10ms", poll-interval-max = "50ms" }}
[tenant.limits]
{limits}
[[tenant.egress]]
origin = "http://{granted}"
methods = ["GET", "POST"]
paths = ["/"]
header.x-erp-token = {token}
"#
        )
    };
    format!("{}{}", tenant("acme", limits), tenant("birch", ""))
}
