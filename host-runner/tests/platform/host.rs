//! A platform with one tenant, `acme`, and its Knosc on this machine; or with more of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use knosc_runner::blobs::BlobSource;
use knosc_runner::engine::RuntimeConfig;
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::tenants::Tenants;
use knosc_runner::platform::{Journals, PipelineReport, Platform, PlatformConfig, Submission};

use crate::in_memory::InMemory;

pub(crate) struct Host {
    pub(crate) platform: Platform,
    pub(crate) knosc: local_knosc::Running,
    folder: tempfile::TempDir,
}

impl Host {
    /// A platform whose tenant has these limits, and these lines more.
    pub(crate) fn start(limits: &str, more: &str) -> Self {
        Self::keeping(limits, more, Arc::new(InMemory))
    }

    /// The same, with journals that the test reads.
    pub(crate) fn keeping(limits: &str, more: &str, journals: Arc<dyn Journals>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
        let secret = |name: &str, value: &str| {
            std::fs::write(folder.path().join(name), value).unwrap();
        };
        secret("username", local_knosc::DEFAULT_USER);
        secret("password", local_knosc::DEFAULT_PASSWORD);
        secret("token", TOKEN);
        let tenants = tenants(folder.path(), &knosc.url(), &["acme"], limits, more);
        let scratch_dir = folder.path().join("scratch");
        std::fs::create_dir(&scratch_dir).unwrap();
        let platform = Platform::new(PlatformConfig {
            importer: RuntimeConfig::default(),
            tenants,
            compiler: Compiler::InProcess,
            cache_dir: folder.path().join("cache"),
            scratch_dir,
            journals,
            client: ClientConfig::default(),
            sign_ins: None,
            threads: 1,
            audit_file: Some(folder.path().join("audit")),
        });
        Self { platform: platform.unwrap(), knosc, folder }
    }

    /// Another operator's file: these tenants, with these limits, and these lines more at the last one.
    pub(crate) fn reload(&self, names: &[&str], limits: &str, more: &str) {
        let url = self.knosc.url();
        self.platform.reload(tenants(self.folder.path(), &url, names, limits, more));
    }

    /// The audit record.
    pub(crate) fn audit(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("audit")).unwrap()
    }

    /// Runs a pipeline of `acme` to its end.
    pub(crate) async fn run(&self, component: Vec<u8>) -> PipelineReport {
        self.run_with(component, Vec::new()).await
    }

    pub(crate) async fn run_with(
        &self,
        component: Vec<u8>,
        inputs: Vec<Arc<dyn BlobSource>>,
    ) -> PipelineReport {
        let submission = Submission { component, inputs, settings: Vec::new(), limits: None };
        self.platform.submit("acme", submission).await.unwrap().report().await
    }

    /// Files that runs left behind.
    pub(crate) fn scratch_files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("scratch")).unwrap().count()
    }
}

/// A grant, for components that import `wasi:http` and ask nobody.
pub(crate) const EGRESS: &str = "[[tenant.egress]]\norigin = \"https://erp.acme.example\"\nmethods = [\"GET\"]\npaths = [\"/\"]\n";

/// What the operator's file adds to requests; a pipeline never sees it.
pub(crate) const TOKEN: &str = "canary-of-the-erp";

fn tenants(folder: &Path, knosc: &str, names: &[&str], limits: &str, more: &str) -> Tenants {
    let source = |name: &str| -> String {
        let path: PathBuf = folder.join(name);
        format!("{{ file = '{}' }}", path.display())
    };
    let (username, password) = (source("username"), source("password"));
    let mut text = format!("[limits]\n{limits}\n");
    for name in names {
        writeln!(
            text,
            "[[tenant]]\nname = \"{name}\"\norigin = \"{knosc}\"\nusername = {username}\npassword = {password}\npolicy = {{ poll-interval-min = \"10ms\", poll-interval-max = \"50ms\" }}"
        )
        .unwrap();
    }
    text += &more.replace("TOKEN", &source("token"));
    Tenants::parse(&folder.join("tenants.toml"), &text).unwrap()
}
