//! Each tenant's connections and session: its own, kept as long as its entry in the operator's file does not change.
//!
//! Reads secrets from where the operator's file says, and gives them to the one client that adds them to requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;

use super::audit::Audit;
use super::limits::PipelineLimit;
use super::pipeline::{Grant, Pace};
use super::submission::SubmitError;
use super::tenants::{SecretSource, TenantSpec, UnreadableSecret};
use crate::credentials::{Credentials, CredentialsError, Secret};
use crate::error::Error;
use crate::net::{Client, ClientConfig, NetError, Timeouts};
use crate::tenant::{Tenant, TenantConfig};

/// What a host adds to how tenants sign in: that processes of it take turns, say, and remember what Knosc refused.
pub trait SignIns: Send + Sync {
    /// A tenant's credentials, over those that read the operator's file each time.
    fn of(&self, spec: &TenantSpec, from_file: Arc<dyn Credentials>) -> Arc<dyn Credentials>;
}

/// The connections of all tenants. No tenant shares one with another.
pub(super) struct Connections {
    client: ClientConfig,
    sign_ins: Option<Arc<dyn SignIns>>,
    audit: Arc<Audit>,
    known: Mutex<BTreeMap<String, Known>>,
}

/// A tenant's connections and session.
#[derive(Clone)]
struct Known {
    spec: TenantSpec,
    tenant: Tenant,
    grants: Arc<Vec<Grant>>,
}

impl Connections {
    pub(super) fn new(
        client: ClientConfig,
        sign_ins: Option<Arc<dyn SignIns>>,
        audit: Arc<Audit>,
    ) -> Self {
        Self { client, sign_ins, audit, known: Mutex::default() }
    }

    /// A tenant's connections: those of before, unless its entry changed.
    pub(super) fn of(&self, spec: &TenantSpec) -> Result<(Tenant, Arc<Vec<Grant>>), SubmitError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.get(&spec.name).filter(|known| known.spec == *spec);
        if let Some(Known { tenant, grants, .. }) = same {
            return Ok((tenant.clone(), Arc::clone(grants)));
        }
        let (tenant, grants) = self.connect(spec)?;
        let kept =
            Known { spec: spec.clone(), tenant: tenant.clone(), grants: Arc::clone(&grants) };
        known.insert(spec.name.clone(), kept);
        Ok((tenant, grants))
    }

    fn connect(&self, spec: &TenantSpec) -> Result<(Tenant, Arc<Vec<Grant>>), SubmitError> {
        let client = |origin| ClientConfig {
            allow_private: spec.allow_private.contains(origin),
            // A tenant's own origins are told nothing of the host's traces.
            #[cfg(feature = "otlp")]
            traceparent: *origin == spec.origin && (self.client.traceparent || spec.traceparent),
            timeouts: Timeouts {
                // A tenant's own origins may give files of any size; its pipeline's clock ends what drips.
                answer_total: self.client.timeouts.answer_total.filter(|_| *origin == spec.origin),
                ..self.client.timeouts
            },
            ..self.client.clone()
        };
        let from_file = Arc::new(FromFile(spec.clone(), Arc::clone(&self.audit)));
        let credentials = match &self.sign_ins {
            Some(sign_ins) => sign_ins.of(spec, from_file),
            None => from_file,
        };
        let tenant = Tenant::new(TenantConfig {
            name: spec.name.clone(),
            origin: spec.origin.clone(),
            client: client(&spec.origin),
            credentials,
        })?;
        let pace = Arc::new(Pace::new(spec.limits.get(PipelineLimit::RequestRate)));
        let mut grants = Vec::with_capacity(spec.egress.len());
        for rule in &spec.egress {
            let unfit = |error: NetError| Error::Net(error);
            let connected = Client::new(&rule.origin, &client(&rule.origin)).map_err(unfit)?;
            let mut headers = Vec::with_capacity(rule.headers.len());
            for (name, source) in &rule.headers {
                let mut value = HeaderValue::try_from(source.read()?)
                    .map_err(|_| UnreadableSecret(source.clone()))?;
                value.set_sensitive(true);
                headers.push((name.clone(), value));
            }
            let pace = Arc::clone(&pace);
            grants.push(Grant { rule: rule.clone(), client: connected, headers, pace });
        }
        Ok((tenant, Arc::new(grants)))
    }
}

/// A tenant's secret, read from where the operator's file says each time that a session is needed.
struct FromFile(TenantSpec, Arc<Audit>);

impl Credentials for FromFile {
    fn get(&self) -> crate::BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(async {
            let missing = |error: UnreadableSecret| CredentialsError::Missing(error.to_string());
            let sign_in = &self.0.sign_in;
            self.1.note(&self.0.name, "-", "signing-in", &self.0.origin);
            let one_time = sign_in.one_time.as_ref().map(SecretSource::read).transpose();
            Ok(Secret::SignIn {
                username: sign_in.username.read().map_err(missing)?,
                password: sign_in.password.read().map_err(missing)?,
                one_time: one_time.map_err(missing)?,
            })
        })
    }
}
