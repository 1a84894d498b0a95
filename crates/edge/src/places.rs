//! Places for requests whose caller has not authenticated, so that they never use up those of logins.
//!
//! A login shows its token in its head, before anything is waited for. Everything else that takes time (a carrier's call,
//! a request to a tenant that asks for no token, the rest of a body that was refused) has places of its own, and one address
//! has only some of them.

use aldis_daemon::listener::Group;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The part of all connections that carriers' calls may be at, likewise requests to tenants that ask for no token, and
/// likewise slow unproven requests.
pub(crate) const PART: usize = 4;

/// The places.
pub(crate) struct Places {
    callbacks: Arc<Semaphore>,
    open: Arc<Semaphore>,
    most_of_one: usize,
    unproven: Mutex<HashMap<Group, usize>>,
}

/// A request of an address, until it is dropped.
pub(crate) struct Unproven {
    places: Arc<Places>,
    of: Option<Group>,
}

impl Places {
    pub(crate) fn new(connections: usize, most_of_one: usize) -> Arc<Self> {
        let part = || Arc::new(Semaphore::new((connections / PART).max(1)));
        Arc::new(Self {
            callbacks: part(),
            open: part(),
            most_of_one,
            unproven: Mutex::default(),
        })
    }

    /// A place for an unproven request of this address, if it has not too many. `None` is a proxy of ours that did not
    /// say for whom it calls, and is not counted.
    pub(crate) fn unproven(self: &Arc<Self>, of: Option<IpAddr>) -> Option<Unproven> {
        let of = of.map(Group::of);
        if let Some(group) = of {
            let mut counts = self.counts();
            let count = counts.entry(group).or_default();
            if *count >= self.most_of_one {
                return None;
            }
            *count += 1;
        }
        Some(Unproven {
            places: Arc::clone(self),
            of,
        })
    }

    /// A place to hand a carrier's call on.
    pub(crate) fn callback(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.callbacks).try_acquire_owned().ok()
    }

    /// A place to hand on a message of a tenant that asks for no token: anybody may ask for one.
    pub(crate) fn open(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.open).try_acquire_owned().ok()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Group, usize>> {
        self.unproven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Unproven {
    fn drop(&mut self) {
        let Some(group) = self.of else { return };
        let mut counts = self.places.counts();
        if let Some(count) = counts.get_mut(&group) {
            *count -= 1;
            // Addresses are the caller's to choose, so none is remembered.
            if *count == 0 {
                counts.remove(&group);
            }
        }
    }
}

#[cfg(test)]
mod tests;
