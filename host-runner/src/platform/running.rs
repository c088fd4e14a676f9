//! Which runs are under way, and whether one more may begin: so many a tenant, and so many in all.
//!
//! Counts places; what happens in a run is `pipeline`'s.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::submission::SubmitError;
use crate::CancellationToken;

/// A run that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunningPipeline {
    /// Its name in logs and in the audit record; no other run of any process has it.
    pub run: String,
    /// Whose it is.
    pub tenant: String,
}

/// The runs under way.
pub(super) struct Running {
    /// Of this process: audit records of several are read together, and each would count from 1.
    process: String,
    live: Mutex<Live>,
}

#[derive(Default)]
struct Live {
    last: u64,
    runs: BTreeMap<u64, (RunningPipeline, CancellationToken)>,
}

/// A place in the list, given back when it is dropped: also by a run that panics.
pub(super) struct Place {
    running: Arc<Running>,
    number: u64,
    run: String,
}

impl Default for Running {
    fn default() -> Self {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        // Two processes may begin in one millisecond; the standard library seeds its hashers from the system.
        let random = RandomState::new().build_hasher().finish() & 0xffff;
        Self { process: format!("{at:x}{random:04x}"), live: Mutex::default() }
    }
}

impl Running {
    /// Takes a place for a run of this tenant: so many of it at one time, and so many in all.
    pub(super) fn begin(
        self: &Arc<Self>,
        tenant: &str,
        (runs_max, host_max): (u64, u64),
        cancel: &CancellationToken,
    ) -> Result<Place, SubmitError> {
        let mut live = self.live();
        let own = live.runs.values().filter(|(of, _)| of.tenant == tenant).count() as u64;
        if own >= runs_max {
            return Err(SubmitError::TenantBusy(own));
        }
        if live.runs.len() as u64 >= host_max {
            return Err(SubmitError::HostBusy(host_max));
        }
        live.last += 1;
        let number = live.last;
        let run = format!("{tenant}-{}-{number}", self.process);
        let listed = RunningPipeline { run: run.clone(), tenant: tenant.to_owned() };
        live.runs.insert(number, (listed, cancel.clone()));
        Ok(Place { running: Arc::clone(self), number, run })
    }

    /// Each run, the oldest first.
    pub(super) fn list(&self) -> Vec<RunningPipeline> {
        self.live().runs.values().map(|(listed, _)| listed.clone()).collect()
    }

    /// Asks every run of a tenant to end.
    pub(super) fn stop(&self, tenant: &str) {
        for (of, cancel) in self.live().runs.values() {
            if of.tenant == tenant {
                cancel.cancel();
            }
        }
    }

    /// Asks every run to end.
    pub(super) fn stop_all(&self) {
        for (_, cancel) in self.live().runs.values() {
            cancel.cancel();
        }
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The run's name.
    pub(super) fn run(&self) -> &str {
        &self.run
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.live().runs.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_processes_give_one_name() {
        let cancel = CancellationToken::new();
        let first =
            || Arc::new(Running::default()).begin("acme", (1, 32), &cancel).unwrap().run.clone();
        let names: BTreeSet<String> = std::iter::repeat_with(first).take(20).collect();
        assert_eq!(names.len(), 20, "{names:?}");
    }

    #[test]
    fn a_tenant_takes_its_own_places_and_no_more() {
        let running = Arc::new(Running::default());
        let cancel = CancellationToken::new();
        let begin = |tenant: &str, max| running.begin(tenant, (max, 32), &cancel);
        let first = begin("acme", 2).unwrap();
        let _second = begin("acme", 2).unwrap();
        assert!(matches!(begin("acme", 2), Err(SubmitError::TenantBusy(2))));
        let _other = begin("birch", 1).unwrap();
        drop(first);
        let _third = begin("acme", 2).unwrap();
        let _rest: Vec<_> = (3..32).map(|_| begin("cedar", 32).unwrap()).collect();
        assert!(matches!(begin("dogwood", 1), Err(SubmitError::HostBusy(32))));
    }
}
