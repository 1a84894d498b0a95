//! The carriers in operation: one lane each, with its own permits and its pause, so that one that
//! hangs or complains holds up nobody else.

mod former;
mod gauges;
mod lane;
mod load;
mod replace;
mod views;
mod words;

pub(crate) use gauges::Gauges;
pub(crate) use lane::Pinned;
pub(crate) use replace::Replaced;
pub(crate) use words::code;

use crate::deliver::Caller;
use crate::metrics::Metrics;
use crate::receipts::CallbackUrls;
use crate::retry::DEFAULT_PAUSE;
use crate::routing::{Asked, Candidate, Pause, PauseCause, Policy, Route, route_for};
use crate::store::{Held, Open};
use aldis_carrier_host::{CallbackRequest, CallbackVerdict, Events, InstanceMetrics};
use aldis_daemon::clock::{self, SteadyClock};
use aldis_message::{CarrierName, OutcomeClass};
use former::Former;
use futures_util::future::join_all;
use lane::Lane;
use load::Shop;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// All configured carriers and the routes to them, which may be replaced while messages are under way.
pub(crate) struct Carriers {
    present: RwLock<Arc<LineUp>>,
    /// What further ones are made with.
    shop: Mutex<Shop>,
    metrics: Metrics,
    /// Those that take leave.
    retiring: TaskTracker,
    /// And those of them that may still have links.
    linked: TaskTracker,
    /// Who is asked about call-backs besides those that are present.
    former: Arc<Mutex<Former<Arc<Lane>>>>,
    /// The service ends: nothing is waited for any more but farewells.
    stopping: CancellationToken,
}

/// What the settings say at one time.
#[derive(Default)]
struct LineUp {
    lanes: BTreeMap<CarrierName, Arc<Lane>>,
    /// Those that could not be made as the settings say, and are not required.
    faulty: BTreeMap<CarrierName, Faulty>,
    routes: Vec<Arc<Route>>,
}

/// A carrier that could not be made.
struct Faulty {
    plugin: String,
    /// In the words of a fault of the settings.
    why: String,
}

/// How long to look elsewhere while a carrier is not there: a reload may bring it back.
const NOT_THERE: Pause = Pause {
    left: Duration::from_secs(5),
    cause: PauseCause::LeftAlone,
};

/// One message, one attempt.
pub(crate) struct Handover<'a> {
    pub(crate) held: &'a Held,
    pub(crate) open: &'a Open,
    pub(crate) caller: &'a Caller,
    pub(crate) callback_urls: &'a CallbackUrls,
    pub(crate) clock: &'a SteadyClock,
}

/// What came of an attempt.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) class: OutcomeClass,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) code: Option<String>,
    pub(crate) carrier_ids: Vec<String>,
    /// What it means for the messages after this one.
    pause: Option<(Duration, PauseCause)>,
}

impl Outcome {
    /// Decided on this side: nothing went out.
    fn unsent(class: OutcomeClass, code: &str) -> Self {
        Self {
            class,
            retry_after: None,
            code: Some(code.to_owned()),
            carrier_ids: Vec::new(),
            pause: None,
        }
    }
}

impl Carriers {
    /// Where a message may go now: the policy and the carriers of its route, in order. Without a route, nowhere.
    pub(crate) fn way(&self, asked: &Asked<'_>) -> (Policy, Vec<Candidate>) {
        let present = self.present();
        let Some(route) = route_for(&present.routes, asked) else {
            return (Policy::default(), Vec::new());
        };
        let candidate = |carrier: &CarrierName| Candidate {
            carrier: carrier.clone(),
            pause: match present.lanes.get(carrier) {
                Some(lane) => lane.pause(),
                None => Some(NOT_THERE),
            },
        };
        (route.policy, route.carriers.iter().map(candidate).collect())
    }

    /// How long until one of the paused carriers is back; the default if none is paused.
    pub(crate) fn soonest_resume(&self) -> Duration {
        let present = self.present();
        let lanes = present.lanes.values();
        lanes
            .filter_map(|lane| lane.pause())
            .map(|pause| pause.left)
            .min()
            .unwrap_or(DEFAULT_PAUSE)
    }

    /// Holds a carrier for one attempt, so that a reload takes no leave of it before; `None`: it is not there any more.
    pub(crate) fn pin(&self, carrier: &CarrierName) -> Option<Pinned> {
        // While this is held nobody replaces it, so whoever retires the lane finds the hand on it.
        let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
        present
            .lanes
            .get(carrier)
            .map(|lane| Pinned::of(Arc::clone(lane)))
    }

    /// One attempt, from waiting for a place to the carrier's word.
    pub(crate) async fn submit(&self, pinned: Pinned, handover: Handover<'_>) -> Outcome {
        let carrier = &handover.open.carrier;
        let outcome = pinned.lane().submit(&handover).await;
        self.metrics.attempt(carrier, outcome.class);
        if let Some((pause, cause)) = outcome.pause {
            pinned.lane().pause_for(pause, cause);
            self.metrics.paused(carrier, clock::now(), pause);
            tracing::warn!(%carrier, seconds = pause.as_secs_f64(), ?cause, "carrier paused");
        }
        outcome
    }

    /// What a carrier's plugin makes of a call-back; `None`: no carrier has that name. If the present one does not
    /// believe it, those that had the name before may: they know the secrets of their time.
    pub(crate) async fn callback(
        &self,
        carrier: &CarrierName,
        request: &CallbackRequest,
    ) -> Option<CallbackVerdict> {
        let former = self.former().of(carrier);
        let mut said = None;
        for lane in self.lane(carrier).into_iter().chain(former) {
            let Some(instance) = lane.instance() else { continue };
            match (instance.webhook(request).await, &said) {
                (verified @ CallbackVerdict::Verified { .. }, _) => return Some(verified),
                // One that could not read it might have believed it: the carrier is to try again.
                (CallbackVerdict::Fault, _) => said = Some(CallbackVerdict::Fault),
                (verdict, None) => said = Some(verdict),
                _ => {}
            }
        }
        said
    }

    /// Each carrier's counters.
    pub(crate) fn instances(&self) -> Vec<(String, InstanceMetrics)> {
        let present = self.present();
        let lanes = present.lanes.iter();
        lanes
            .filter_map(|(name, lane)| Some((name.to_string(), lane.instance()?.metrics())))
            .collect()
    }

    /// The route of a message.
    pub(crate) fn route_for(&self, asked: &Asked<'_>) -> Option<Arc<Route>> {
        route_for(&self.present().routes, asked).cloned()
    }

    /// Connects the carriers that keep connections; what they tell goes to `events`.
    pub(crate) fn start(&self, events: &Arc<dyn Events>) {
        for lane in self.present().lanes.values() {
            lane.start(events, &self.linked);
        }
    }

    /// Takes leave of them all at once, also of those that were replaced and are not gone yet.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.stopping.cancel();
        self.retiring.close();
        let present = self.present();
        let leaving = join_all(present.lanes.values().map(|lane| lane.leave(limit)));
        tokio::join!(leaving, self.retiring.wait());
    }

    fn present(&self) -> Arc<LineUp> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn former(&self) -> MutexGuard<'_, Former<Arc<Lane>>> {
        self.former.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lane(&self, carrier: &CarrierName) -> Option<Arc<Lane>> {
        self.present().lanes.get(carrier).cloned()
    }
}

#[cfg(test)]
pub(crate) mod tests;
