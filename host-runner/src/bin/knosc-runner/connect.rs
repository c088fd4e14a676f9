//! From what was typed to a tenant and a runner.
//!
//! Connects to nothing yet: the library signs in when it has to.

use std::sync::Arc;

use knosc_bulk_import::origin::Origin;
use knosc_runner::engine::{ComponentSource, Runtime, RuntimeConfig};
use knosc_runner::net::{ClientConfig, ProxyConfig};
use knosc_runner::platform::SignIns as _;
use knosc_runner::platform::tenants::TenantSpec;
use knosc_runner::runner::Runner;
use knosc_runner::tenant::{Tenant, TenantConfig};

use crate::args::Global;
use crate::credentials::{CliCredentials, Need, TenantCredentials, TenantSignIns};
use crate::problem::Problem;
use crate::state::{State, folder, user_folder};

/// The tenant, with its secrets found.
pub fn tenant(global: &Global, origin: &Origin, need: Need) -> Result<Tenant, Problem> {
    let state = State::new(global.state.clone());
    let credentials = CliCredentials::find(origin, state, &global.auth, need)?;
    let config = TenantConfig {
        name: origin.tenant(),
        origin: origin.clone(),
        client: client(global),
        credentials: Arc::new(credentials),
    };
    Ok(Tenant::new(config)?)
}

/// How connections are made, whoever is asked.
pub fn client(global: &Global) -> ClientConfig {
    ClientConfig {
        ca_files: global.ca_file.clone(),
        proxy: ProxyConfig::from_env(),
        #[cfg(feature = "otlp")]
        traceparent: global.otlp.traceparent,
        ..ClientConfig::default()
    }
}

/// The component and the tenant.
pub fn runner(global: &Global, origin: &Origin) -> Result<Runner, Problem> {
    over(tenant(global, origin, Need::Any)?)
}

/// The same for a tenant of the operator's file, whose secrets are where that says.
pub fn runner_of(global: &Global, spec: &TenantSpec) -> Result<Runner, Problem> {
    let from_file = Arc::new(TenantCredentials(spec.clone()));
    over(Tenant::new(TenantConfig {
        name: spec.name.clone(),
        origin: spec.origin.clone(),
        client: ClientConfig {
            allow_private: spec.allow_private.contains(&spec.origin),
            ..client(global)
        },
        credentials: TenantSignIns(folder(global)?).of(spec, from_file),
    })?)
}

fn over(tenant: Tenant) -> Result<Runner, Problem> {
    let config = RuntimeConfig {
        component: ComponentSource::Bundled,
        cache_dir: user_folder("XDG_CACHE_HOME", ".cache"),
    };
    Ok(Runner::new(Runtime::new(config)?, tenant))
}
