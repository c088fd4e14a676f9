//! How many children there may be at one time, in all and for each tenant; the others wait in the order in which they came.
//!
//! Counts places, and starts nothing. A caller that gives up leaves the queue, and gives back a place that it was just given.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::platform::submission::SubmitError;

/// The limits of one caller's operator's file.
#[derive(Clone, Copy, Debug)]
pub(in crate::platform) struct QueueLimits {
    /// Children of all tenants.
    pub(in crate::platform) host: u64,
    /// Callers that wait, of all tenants.
    pub(in crate::platform) host_waiting: u64,
    /// Children of this tenant.
    pub(in crate::platform) tenant: u64,
    /// Callers of this tenant that wait.
    pub(in crate::platform) tenant_waiting: u64,
}

/// The queue of one host.
#[derive(Default)]
pub(in crate::platform) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    total: u64,
    by_tenant: BTreeMap<String, u64>,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    tenant: String,
    limits: QueueLimits,
    place: oneshot::Sender<Place>,
}

/// A place for one child, given back when it is dropped.
pub(in crate::platform) struct Place {
    queue: Arc<Queue>,
    tenant: String,
}

impl Queue {
    /// Waits for a place.
    ///
    /// # Errors
    /// [`SubmitError::TenantCompiles`] or [`SubmitError::HostCompiles`] if too many wait already.
    pub(in crate::platform) async fn place(
        self: &Arc<Self>,
        tenant: &str,
        limits: QueueLimits,
    ) -> Result<Place, SubmitError> {
        let turn = {
            let mut state = self.state();
            // Those who gave up count no more.
            state.waiting.retain(|waiting| !waiting.place.is_closed());
            let own = state.waiting.iter().filter(|one| one.tenant == tenant).count() as u64;
            // A place is free only while all who wait are at their own tenant's limit: no caller is overtaken.
            if own == 0 && state.is_free(tenant, limits) {
                state.take(tenant);
                return Ok(Place { queue: Arc::clone(self), tenant: tenant.to_owned() });
            }
            if own >= limits.tenant_waiting {
                return Err(SubmitError::TenantCompiles(limits.tenant_waiting));
            }
            if state.waiting.len() as u64 >= limits.host_waiting {
                return Err(SubmitError::HostCompiles(limits.host_waiting));
            }
            let (place, turn) = oneshot::channel();
            state.waiting.push_back(Waiting { tenant: tenant.to_owned(), limits, place });
            turn
        };
        // The queue lives as long as its platform, which the caller holds.
        turn.await.map_err(|_| SubmitError::Draining)
    }

    /// Gives free places to those who wait, the first first; a tenant at its own limit holds up no other.
    fn give(self: &Arc<Self>) {
        loop {
            let (waiting, place) = {
                let mut state = self.state();
                let next =
                    state.waiting.iter().position(|one| state.is_free(&one.tenant, one.limits));
                let Some(waiting) = next.and_then(|next| state.waiting.remove(next)) else {
                    return;
                };
                state.take(&waiting.tenant);
                let tenant = waiting.tenant.clone();
                (waiting, Place { queue: Arc::clone(self), tenant })
            };
            // A caller that gave up does not take it: dropped here, it is given to the next one.
            drop(waiting.place.send(place));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_free(&self, tenant: &str, limits: QueueLimits) -> bool {
        let own = self.by_tenant.get(tenant).copied().unwrap_or(0);
        self.total < limits.host && own < limits.tenant
    }

    fn take(&mut self, tenant: &str) {
        self.total += 1;
        *self.by_tenant.entry(tenant.to_owned()).or_default() += 1;
    }

    fn free(&mut self, tenant: &str) {
        self.total = self.total.saturating_sub(1);
        if let Some(own) = self.by_tenant.get_mut(tenant) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                self.by_tenant.remove(tenant);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.state().free(&self.tenant);
        self.queue.give();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const LIMITS: QueueLimits =
        QueueLimits { host: 2, host_waiting: 3, tenant: 1, tenant_waiting: 2 };

    /// What a future gives at once.
    fn now<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[test]
    fn places_are_given_in_order_and_per_tenant() {
        let queue = Arc::new(Queue::default());
        let first = now(pin!(queue.place("acme", LIMITS))).unwrap().unwrap();
        let mut second = pin!(queue.place("acme", LIMITS));
        assert!(now(second.as_mut()).is_none(), "one of a tenant at one time");
        let birch = now(pin!(queue.place("birch", LIMITS))).unwrap().unwrap();
        let mut cedar = pin!(queue.place("cedar", LIMITS));
        assert!(now(cedar.as_mut()).is_none(), "two of the host at one time");
        drop(birch);
        let cedar = now(cedar.as_mut()).unwrap().unwrap();
        assert!(now(second.as_mut()).is_none(), "the tenant has one still");
        drop(first);
        let second = now(second.as_mut()).unwrap().unwrap();
        drop((second, cedar));
        assert_eq!(queue.state().total, 0);
        assert!(queue.state().by_tenant.is_empty());
    }

    #[test]
    fn the_queue_is_bounded_and_forgets_who_left() {
        let queue = Arc::new(Queue::default());
        let held = now(pin!(queue.place("acme", LIMITS))).unwrap().unwrap();
        let full = now(pin!(queue.place("birch", LIMITS))).unwrap().unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(queue.place("acme", LIMITS))).collect();
        assert!(waiting.iter_mut().all(|one| now(one.as_mut()).is_none()));
        let third = now(pin!(queue.place("acme", LIMITS))).unwrap();
        assert!(matches!(third, Err(SubmitError::TenantCompiles(2))));
        let mut cedar = Box::pin(queue.place("cedar", LIMITS));
        assert!(now(cedar.as_mut()).is_none());
        let more = now(pin!(queue.place("dogwood", LIMITS))).unwrap();
        assert!(matches!(more, Err(SubmitError::HostCompiles(3))));
        waiting.clear();
        drop((held, full));
        // The first two left before their turn came; nothing is lost with them.
        let cedar = now(cedar.as_mut()).unwrap().unwrap();
        drop(cedar);
        let state = queue.state();
        assert_eq!((state.total, state.waiting.len()), (0, 0));
    }

    #[test]
    fn a_place_whose_caller_left_is_free_again() {
        let queue = Arc::new(Queue::default());
        let held = now(pin!(queue.place("acme", LIMITS))).unwrap().unwrap();
        {
            let mut left = Box::pin(queue.place("acme", LIMITS));
            assert!(now(left.as_mut()).is_none());
            drop(held);
            // It has been given the place, and does not look at it.
            assert_eq!(queue.state().total, 1);
        }
        assert_eq!(queue.state().total, 0);
    }
}
