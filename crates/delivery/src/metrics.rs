//! What is counted. Labels are closed sets (classes, states, carriers), never an id or a number.

mod store;

pub(crate) use store::StoreGauges;

use crate::store::Batch;
use aldis_message::{CarrierName, DeliveryStatus, MessageClass, OutcomeClass, Reason, UnixMillis};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MessageLabels {
    class: &'static str,
    state: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    carrier: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CarrierLabels {
    carrier: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToldLabels {
    carrier: String,
    what: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallbackLabels {
    carrier: String,
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    code: &'static str,
}

/// The counters of this process. Clones count into the same place.
#[derive(Clone)]
pub(crate) struct Metrics {
    messages: Family<MessageLabels, Counter>,
    attempts: Family<AttemptLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    told: Family<ToldLabels, Counter>,
    callbacks: Family<CallbackLabels, Counter>,
    accept_to_submit: Histogram,
    in_flight: Gauge,
    unknown: Gauge,
    paused_until: Family<CarrierLabels, Gauge>,
    commit_seconds: Histogram,
    batch_jobs: Histogram,
}

impl Metrics {
    /// New counters, shown by `registry`.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.0005, 2.0, 17));
        let metrics = Self {
            messages: Family::default(),
            attempts: Family::default(),
            refusals: Family::default(),
            told: Family::default(),
            callbacks: Family::default(),
            accept_to_submit: seconds(),
            in_flight: Gauge::default(),
            unknown: Gauge::default(),
            paused_until: Family::default(),
            commit_seconds: seconds(),
            batch_jobs: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
        };
        let m = metrics.clone();
        let r = registry;
        r.register(
            "aldis_messages",
            "Messages that came to this state, and why",
            m.messages,
        );
        r.register(
            "aldis_attempts",
            "Hand-overs to a carrier, and what came of them",
            m.attempts,
        );
        r.register(
            "aldis_refusals",
            "Requests that were answered with an error",
            m.refusals,
        );
        let help = "Receipts and inbound messages: changed a state, noted, repeated, early, let_go, inbound";
        r.register("aldis_told", help, m.told);
        let help = "Call-backs of carriers: verified, empty (it tells nothing), unverified, rejected, fault, not_kept";
        r.register("aldis_callbacks", help, m.callbacks);
        let help = "From the acceptance of a message to a carrier's yes";
        r.register("aldis_accept_to_submit_seconds", help, m.accept_to_submit);
        r.register("aldis_in_flight", "Messages in this process's hands", m.in_flight);
        r.register(
            "aldis_unknown_open",
            "Messages whose carrier's answer was lost",
            m.unknown,
        );
        let help = "Unix time until which a carrier gets nothing; past or absent if it is not paused";
        r.register("aldis_carrier_paused_until_seconds", help, m.paused_until);
        r.register(
            "aldis_store_commit_seconds",
            "Time of one commit, sync included",
            m.commit_seconds,
        );
        r.register(
            "aldis_store_batch_rows",
            "Calls that shared one commit",
            m.batch_jobs,
        );
        metrics
    }

    /// A message came to this state.
    pub(crate) fn message(
        &self,
        class: MessageClass,
        status: DeliveryStatus,
        reason: Option<Reason>,
        count: usize,
    ) {
        let reason = reason.map_or("", Reason::as_str);
        let labels = MessageLabels {
            class: class.as_str(),
            state: status.as_str(),
            reason,
        };
        self.messages.get_or_create(&labels).inc_by(count as u64);
        if status == DeliveryStatus::Unknown {
            self.unknown.inc_by(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// A carrier took a message that was accepted then.
    pub(crate) fn submitted(&self, accepted: UnixMillis, now: UnixMillis) {
        self.accept_to_submit.observe(now.since(accepted).as_secs_f64());
    }

    /// An attempt ended.
    pub(crate) fn attempt(&self, carrier: &CarrierName, outcome: OutcomeClass) {
        let labels = AttemptLabels {
            carrier: carrier.to_string(),
            outcome: outcome.as_str(),
        };
        self.attempts.get_or_create(&labels).inc();
    }

    /// A request was answered with an error.
    pub(crate) fn refusal(&self, code: &'static str) {
        self.refusals.get_or_create(&RefusalLabels { code }).inc();
    }

    /// A carrier told something.
    pub(crate) fn told(&self, carrier: &CarrierName, what: &'static str) {
        let carrier = carrier.to_string();
        self.told.get_or_create(&ToldLabels { carrier, what }).inc();
    }

    /// A carrier called back.
    pub(crate) fn callback(&self, carrier: &CarrierName, verdict: &'static str) {
        let carrier = carrier.to_string();
        self.callbacks
            .get_or_create(&CallbackLabels { carrier, verdict })
            .inc();
    }

    /// What became of an unknown message was told.
    pub(crate) fn known_again(&self) {
        self.unknown.dec();
    }

    /// A carrier is paused for this long.
    pub(crate) fn paused(&self, carrier: &CarrierName, now: UnixMillis, pause: Duration) {
        let labels = CarrierLabels {
            carrier: carrier.to_string(),
        };
        let until = now.plus(pause).as_millis().div_ceil(1000);
        self.paused_until
            .get_or_create(&labels)
            .set(i64::try_from(until).unwrap_or(i64::MAX));
    }

    /// A message is in hand until the guard is dropped.
    pub(crate) fn in_hand(&self) -> InHand {
        self.in_flight.inc();
        InHand(self.in_flight.clone())
    }

    /// What the store says of unknown messages at the start.
    pub(crate) fn unknown_at_start(&self, count: u64) {
        self.unknown.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// One commit of the store.
    pub(crate) fn commit(&self, batch: Batch) {
        self.commit_seconds.observe(batch.took.as_secs_f64());
        self.batch_jobs
            .observe(u32::try_from(batch.jobs).map_or(f64::MAX, f64::from));
    }
}

/// Counts one message in hand.
pub(crate) struct InHand(Gauge);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.dec();
    }
}
