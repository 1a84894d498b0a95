//! What the edge counts. Labels come from the settings and from enums only, so a caller cannot make new ones.

use crate::auth0::token::Rejection;
use aldis_daemon::listener::Listener;
use aldis_message::TenantName;
use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// From a refusal without a look at the body to the longest `answer_within`.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Stands where a request named no tenant of ours.
const NO_TENANT: &str = "none";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    tenant: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rejected {
    tenant: String,
    cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CalledBack {
    status: u16,
}

/// The counters; clones count together.
#[derive(Clone)]
pub(crate) struct Metrics {
    requests: Family<Answered, Counter>,
    auth_rejected: Family<Rejected, Counter>,
    callbacks: Family<CalledBack, Counter>,
    duration: Histogram,
    pub(crate) in_flight: Gauge,
    pub(crate) abandoned: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            auth_rejected: Family::default(),
            callbacks: Family::default(),
            duration: Histogram::new(SECONDS),
            in_flight: Gauge::default(),
            abandoned: Counter::default(),
        };
        registry.register(
            "aldis_edge_requests",
            "Requests answered",
            metrics.requests.clone(),
        );
        registry.register(
            "aldis_edge_auth_rejected",
            "Requests answered 401, by the cause that is not said outside",
            metrics.auth_rejected.clone(),
        );
        registry.register(
            "aldis_edge_callbacks",
            "Call-backs of carriers answered",
            metrics.callbacks.clone(),
        );
        registry.register(
            "aldis_edge_request_duration_seconds",
            "Time from a request's head to its answer",
            metrics.duration.clone(),
        );
        registry.register(
            "aldis_edge_in_flight",
            "Requests being answered",
            metrics.in_flight.clone(),
        );
        registry.register(
            "aldis_edge_abandoned",
            "Requests whose caller left before the answer",
            metrics.abandoned.clone(),
        );
        metrics
    }

    /// The public listener's counts, under the names they had before every listener was counted.
    pub(crate) fn of_listener(registry: &mut Registry, listener: &Listener) {
        registry.register("aldis_edge_connections", "Open connections", listener.open());
        registry.register(
            "aldis_edge_connections_refused",
            "Connections over max_connections",
            listener.refused(),
        );
        listener.register(registry);
    }

    pub(crate) fn answered(&self, tenant: Option<&TenantName>, status: u16, took: Duration) {
        let tenant = tenant.map_or(NO_TENANT, TenantName::as_str).to_owned();
        self.requests.get_or_create(&Answered { tenant, status }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(crate) fn called_back(&self, status: StatusCode) {
        let status = status.as_u16();
        self.callbacks.get_or_create(&CalledBack { status }).inc();
    }

    pub(crate) fn rejected(&self, tenant: &TenantName, cause: Rejection) {
        let labels = Rejected {
            tenant: tenant.as_str().to_owned(),
            cause: cause.as_str(),
        };
        self.auth_rejected.get_or_create(&labels).inc();
    }
}
