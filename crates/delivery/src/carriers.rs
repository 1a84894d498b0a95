//! The carriers in operation: one lane each, with its own permits and its pause, so that one that
//! hangs or complains holds up nobody else.

mod gauges;
mod load;
mod replace;
mod views;
mod words;

pub(crate) use gauges::Gauges;
pub(crate) use replace::Replaced;
pub(crate) use words::code;

use crate::deliver::Caller;
use crate::metrics::Metrics;
use crate::retry::{DEFAULT_PAUSE, LEAST_ATTEMPT, LEAST_VALIDITY};
use crate::routing::{Asked, Candidate, Pause, PauseCause, Route, route_for};
use crate::store::{Held, Open};
use aldis_carrier_host::{CallbackRequest, CallbackVerdict, Events, Instance, InstanceMetrics, Submission};
use aldis_daemon::clock;
use aldis_message::{CarrierName, OutcomeClass};
use futures_util::future::join_all;
use load::{Origin, Shop};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long a message waits for a free place at a carrier before it looks elsewhere.
const PLACE_WITHIN: Duration = Duration::from_secs(1);

/// All configured carriers and the routes to them, which may be replaced while messages are under way.
pub(crate) struct Carriers {
    present: RwLock<Arc<LineUp>>,
    /// What further ones are made with.
    shop: Mutex<Shop>,
    metrics: Metrics,
}

/// What the settings say at one time. Whoever has a message in hand keeps the one it was given.
#[derive(Default)]
struct LineUp {
    lanes: BTreeMap<CarrierName, Arc<Lane>>,
    routes: Vec<Arc<Route>>,
}

struct Lane {
    origin: Origin,
    line: Line,
    places: Semaphore,
    timeout: Duration,
    /// Where its call-backs arrive from outside, without a message's name.
    callbacks: Option<String>,
    pause: Mutex<Option<(Instant, PauseCause)>>,
}

/// What is at the other end of a lane.
enum Line {
    /// A loaded library.
    Library(Box<Instance>),
    /// A test's script.
    #[cfg(test)]
    Script(tests::Script),
}

/// One message, one attempt.
pub(crate) struct Handover<'a> {
    pub(crate) held: &'a Held,
    pub(crate) open: &'a Open,
    pub(crate) caller: &'a Caller,
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
    /// A route's carriers in order, as they stand now.
    pub(crate) fn candidates(&self, route: &Route) -> Vec<Candidate> {
        let present = self.present();
        let candidate = |carrier: &CarrierName| {
            let pause = present.lanes.get(carrier).and_then(|lane| lane.pause());
            Candidate {
                carrier: carrier.clone(),
                pause,
            }
        };
        route.carriers.iter().map(candidate).collect()
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

    /// One attempt, from waiting for a place to the carrier's word.
    pub(crate) async fn submit(&self, handover: Handover<'_>) -> Outcome {
        let carrier = &handover.open.carrier;
        let Some(lane) = self.lane(carrier) else {
            return Outcome::unsent(OutcomeClass::Unsupported, "no_such_carrier");
        };
        let outcome = lane.submit(&handover).await;
        self.metrics.attempt(carrier, outcome.class);
        if let Some((pause, cause)) = outcome.pause {
            lane.pause_for(pause, cause);
            self.metrics.paused(carrier, clock::now(), pause);
            tracing::warn!(%carrier, seconds = pause.as_secs_f64(), ?cause, "carrier paused");
        }
        outcome
    }

    /// What a carrier's plugin makes of a call-back; `None`: no carrier has that name.
    pub(crate) async fn callback(
        &self,
        carrier: &CarrierName,
        request: &CallbackRequest,
    ) -> Option<CallbackVerdict> {
        let lane = self.lane(carrier)?;
        Some(lane.instance()?.webhook(request).await)
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
            lane.start(events);
        }
    }

    /// Takes leave of them, all at once.
    pub(crate) async fn drain(&self, limit: Duration) {
        let present = self.present();
        join_all(present.lanes.values().map(|lane| lane.leave(limit))).await;
    }

    fn present(&self) -> Arc<LineUp> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lane(&self, carrier: &CarrierName) -> Option<Arc<Lane>> {
        self.present().lanes.get(carrier).cloned()
    }
}

impl Lane {
    async fn submit(&self, handover: &Handover<'_>) -> Outcome {
        let patience = handover
            .caller
            .patience()
            .map_or(PLACE_WITHIN, |left| left.saturating_sub(LEAST_ATTEMPT));
        let place = tokio::time::timeout(PLACE_WITHIN.min(patience), self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Outcome::unsent(OutcomeClass::RateLimited, "no_free_place");
        };
        // Waiting took time: the last look before the wire.
        let now = clock::now();
        let deadline_left = handover.held.message.deadline.remaining(now);
        if deadline_left < LEAST_VALIDITY {
            return Outcome::unsent(OutcomeClass::Expired, "deadline");
        }
        if handover.caller.is_gone() {
            return Outcome::unsent(OutcomeClass::Temporary, "caller_gone");
        }
        let patience = handover.caller.patience().unwrap_or(self.timeout);
        let submission = Submission {
            message: words::message(handover, deadline_left, self.callbacks.as_deref()),
            time_limit: self.timeout.min(patience).min(deadline_left),
            now_unix_ms: now.as_millis(),
        };
        let report = match &self.line {
            Line::Library(instance) => instance.submit(submission).await,
            #[cfg(test)]
            Line::Script(script) => script(submission).await,
        };
        words::outcome(report)
    }

    #[cfg_attr(not(test), allow(clippy::unnecessary_wraps, reason = "a script has none"))]
    fn instance(&self) -> Option<&Instance> {
        match &self.line {
            Line::Library(instance) => Some(instance),
            #[cfg(test)]
            Line::Script(_) => None,
        }
    }

    fn start(&self, events: &Arc<dyn Events>) {
        if let Some(instance) = self.instance() {
            instance.start(events);
        }
    }

    async fn leave(&self, limit: Duration) {
        if let Some(instance) = self.instance() {
            instance.drain(limit).await;
        }
    }

    /// Waits until no attempt is under way, and takes leave.
    async fn retire(&self, limit: Duration) {
        let all = u32::try_from(self.origin.places()).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(self.timeout + PLACE_WITHIN, self.places.acquire_many(all)).await;
        self.leave(limit).await;
    }

    fn pause(&self) -> Option<Pause> {
        let pause = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, cause) = pause?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(Pause { left, cause })
    }

    /// The longest pause asked for counts.
    fn pause_for(&self, pause: Duration, cause: PauseCause) {
        let until = Instant::now() + pause;
        let mut current = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_none_or(|(other, _)| other < until) {
            *current = Some((until, cause));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
