//! What a test may see and turn, as methods; none of it is Knosc's.
//! The same things over HTTP are in `local`.

use serde_json::Value;

use super::{IntegrationLock, Model, RequestRecord, UploadRecord, polls};
use crate::{
    Faults, Knobs,
    data::{store::Store, tables::Table},
};

impl Model {
    /// Gives the tenant that answers when the host names none.
    pub fn default_tenant(&self) -> &str {
        &self.default_tenant
    }

    /// Names the tenants.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.keys().map(String::as_str)
    }

    /// Gives the uploads that became jobs, in the order accepted.
    pub fn uploads(&self) -> &[UploadRecord] {
        &self.log.uploads
    }

    /// Gives the last requests, the oldest first.
    pub fn requests(&self) -> impl Iterator<Item = &RequestRecord> {
        self.log.requests.iter()
    }

    /// Counts the POSTs to `/api/job/…`, refused and broken-off ones included.
    pub fn upload_posts(&self) -> u64 {
        self.log.upload_posts
    }

    /// Counts the POSTs to `/api/authenticate` and `/api/verify-2fa`.
    pub fn sign_in_attempts(&self) -> u64 {
        self.log.sign_in_attempts
    }

    /// Counts the POSTs to `/api/token-refresh`.
    pub fn refreshes(&self) -> u64 {
        self.log.refreshes
    }

    /// Gives the knobs.
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// Gives the knobs, to turn them.
    pub fn knobs_mut(&mut self) -> &mut Knobs {
        &mut self.knobs
    }

    /// Gives a tenant's faults, to arm them.
    pub fn faults_mut(&mut self, tenant: &str) -> Option<&mut Faults> {
        self.tenants.get_mut(tenant).map(|tenant| &mut tenant.faults)
    }

    /// Starts or ends an integration of a tenant.
    pub fn set_integration_lock(&mut self, tenant: &str, lock: IntegrationLock, now_ms: u64) {
        self.advance(tenant, now_ms);
        if let Some(tenant) = self.tenants.get_mut(tenant) {
            tenant.worker.set_lock(lock, now_ms);
        }
    }

    /// Ends a tenant's access tokens, and the refresh tokens too if asked.
    pub fn expire_sessions(&mut self, tenant: &str, refresh_too: bool) {
        if let Some(tenant) = self.tenants.get_mut(tenant) {
            tenant.sessions.expire(refresh_too);
        }
    }

    /// Gives the values of a tenant's tokens and CSRF tokens that did not end, for a test that looks where they must not be.
    pub fn session_values(&self, tenant: &str) -> Vec<String> {
        let tenant = self.tenants.get(tenant);
        tenant.into_iter().flat_map(|tenant| tenant.sessions.values()).map(str::to_owned).collect()
    }

    /// Changes a user's record, which ends its tokens of both kinds (documented); says whether there is such a user.
    pub fn touch_user(&mut self, tenant: &str, user: &str) -> bool {
        self.tenants.get_mut(tenant).is_some_and(|tenant| tenant.sessions.touch(user))
    }

    /// Gives a tenant's jobs as polls show them, in the order accepted and without any fault.
    pub fn jobs(&mut self, tenant: &str, now_ms: u64) -> Vec<Value> {
        self.advance(tenant, now_ms);
        let Self { knobs, tenants, .. } = self;
        let jobs = tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.worker.jobs);
        jobs.map(|job| polls::describe(job, &crate::faults::PollFaults::default(), knobs, now_ms))
            .collect()
    }

    /// Gives what a tenant has stored for a trigger: one list of values per row, in the order of the template's columns.
    pub fn rows(&mut self, tenant: &str, trigger: &str, now_ms: u64) -> Vec<Vec<String>> {
        self.advance(tenant, now_ms);
        let stores = self.tenants.get(tenant).map(|tenant| &tenant.stores);
        let store = stores.zip(Table::of(trigger)).and_then(|(stores, table)| stores.get(table));
        store.into_iter().flat_map(Store::rows).map(|row| row.values.clone()).collect()
    }

    pub(super) fn advance(&mut self, tenant: &str, now_ms: u64) {
        if let Some(tenant) = self.tenants.get_mut(tenant) {
            tenant.worker.advance(&mut tenant.stores, &self.knobs, now_ms);
        }
    }
}
