//! Which runs are under way, and whether one more may begin: so many a tenant, and so many in all.
//!
//! Counts places; what happens in a run is `pipeline`'s.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::RUNS_MAX;
use super::submission::SubmitError;
use crate::CancellationToken;

/// The runs under way.
#[derive(Default)]
pub(super) struct Running(Mutex<Live>);

#[derive(Default)]
struct Live {
    last: u64,
    runs: BTreeMap<u64, (String, CancellationToken)>,
}

/// A place in the list, given back when it is dropped: also by a run that panics.
pub(super) struct Place {
    running: Arc<Running>,
    number: u64,
}

impl Running {
    /// Takes a place for a run of this tenant, which may have so many at one time.
    pub(super) fn begin(
        self: &Arc<Self>,
        tenant: &str,
        runs_max: u64,
        cancel: &CancellationToken,
    ) -> Result<Place, SubmitError> {
        let mut live = self.live();
        let own = live.runs.values().filter(|(of, _)| of == tenant).count() as u64;
        if own >= runs_max {
            return Err(SubmitError::TenantBusy(own));
        }
        if live.runs.len() as u64 >= RUNS_MAX {
            return Err(SubmitError::HostBusy);
        }
        live.last += 1;
        let number = live.last;
        live.runs.insert(number, (tenant.to_owned(), cancel.clone()));
        Ok(Place { running: Arc::clone(self), number })
    }

    /// Each run's number and tenant.
    pub(super) fn list(&self) -> Vec<(u64, String)> {
        let live = self.live();
        live.runs.iter().map(|(number, (tenant, _))| (*number, tenant.clone())).collect()
    }

    /// Asks every run of a tenant to end.
    pub(super) fn stop(&self, tenant: &str) {
        for (of, cancel) in self.live().runs.values() {
            if of == tenant {
                cancel.cancel();
            }
        }
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The run's number.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.live().runs.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_takes_its_own_places_and_no_more() {
        let running = Arc::new(Running::default());
        let cancel = CancellationToken::new();
        let begin = |tenant: &str, max| running.begin(tenant, max, &cancel);
        let first = begin("acme", 2).unwrap();
        let _second = begin("acme", 2).unwrap();
        assert!(matches!(begin("acme", 2), Err(SubmitError::TenantBusy(2))));
        let _other = begin("birch", 1).unwrap();
        drop(first);
        let _third = begin("acme", 2).unwrap();
        let _rest: Vec<_> = (3..RUNS_MAX).map(|_| begin("cedar", RUNS_MAX).unwrap()).collect();
        assert!(matches!(begin("dogwood", 1), Err(SubmitError::HostBusy)));
    }
}
