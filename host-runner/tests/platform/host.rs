//! A platform with one tenant, `acme`, and its Knosc on this machine.

use std::path::PathBuf;
use std::sync::Arc;

use knosc_runner::blobs::BlobSource;
use knosc_runner::engine::RuntimeConfig;
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::tenants::Tenants;
use knosc_runner::platform::{PipelineReport, Platform, PlatformConfig, Submission};

use crate::in_memory::InMemory;

pub(crate) struct Host {
    pub(crate) platform: Platform,
    _knosc: local_knosc::Running,
    folder: tempfile::TempDir,
}

impl Host {
    /// A platform whose tenant has these limits, and these lines more.
    pub(crate) fn start(limits: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
        let secret = |name: &str, value: &str| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, value).unwrap();
            path
        };
        let username = secret("username", local_knosc::DEFAULT_USER);
        let password = secret("password", local_knosc::DEFAULT_PASSWORD);
        let text = format!(
            "[limits]\n{limits}\n[[tenant]]\nname = \"acme\"\norigin = \"{}\"\nusername = {{ file = '{}' }}\npassword = {{ file = '{}' }}\npolicy = {{ poll-interval-min = \"10ms\", poll-interval-max = \"50ms\" }}\n{more}",
            knosc.url(),
            username.display(),
            password.display(),
        );
        let scratch_dir = folder.path().join("scratch");
        std::fs::create_dir(&scratch_dir).unwrap();
        let platform = Platform::new(PlatformConfig {
            importer: RuntimeConfig::default(),
            tenants: Tenants::parse(&folder.path().join("tenants.toml"), &text).unwrap(),
            compiler: Compiler::InProcess,
            cache_dir: folder.path().join("cache"),
            scratch_dir,
            journals: Arc::new(InMemory),
            client: ClientConfig::default(),
            threads: 1,
            audit_file: None,
        });
        Self { platform: platform.unwrap(), _knosc: knosc, folder }
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
