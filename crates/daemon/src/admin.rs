//! The admin listener: `/livez`, `/readyz`, `/metrics`, and never more.

use crate::listener::http1::{Ends, Terms, serve};
use crate::listener::{Admitted, Limits, Listener};
use crate::readiness::Readiness;
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// `OpenMetrics` 1.0, "MIME type".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
/// A probe under way at the end gets its answer; a connection that says nothing is cut.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// Probes and a few scrapers; each asks one thing at a time.
const CONNECTIONS: usize = 64;
/// The descriptors held back, so that "not ready" can be said when the process has no others left.
const RESERVE: usize = 8;
const TERMS: Terms = Terms {
    head_within: Duration::from_secs(10),
    longest_head: 16 * 1024,
    longest_life: Duration::from_mins(5),
    last_request: Duration::from_secs(10),
};
/// The descriptors that an admin listener may use.
pub const DESCRIPTORS: usize = CONNECTIONS + RESERVE;

/// The pages for operators and their machines.
pub struct Admin {
    registry: Registry,
    readiness: Readiness,
}

impl Admin {
    /// Pages over these metrics and checks.
    pub fn new(registry: Registry, readiness: Readiness) -> Self {
        Self { registry, readiness }
    }

    /// The admin listener on a socket. Its health belongs into the readiness that it shows.
    pub fn listener(socket: TcpListener) -> Listener {
        let limits = Limits {
            connections: CONNECTIONS,
            strangers: None,
            unproven: CONNECTIONS,
            reserve: RESERVE,
        };
        Listener::new("admin", socket, limits)
    }

    /// Serves until `shutdown`. Cancel that last, so that `/readyz` says "not ready" while the rest drains.
    pub async fn serve(self, listener: Listener, shutdown: CancellationToken) {
        let pages = Router::new()
            .route(
                "/livez",
                get(|| async { page(StatusCode::OK, TEXT, "alive\n".to_owned()) }),
            )
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(self));
        let (ends, tracker) = (Ends::default(), TaskTracker::new());
        let accepting = async {
            loop {
                // Where everybody is being served, the probe fails, and rightly so.
                if let Admitted::In(stream, guest) = listener.accept().await {
                    let peer = guest.peer();
                    tracker.spawn(serve(
                        stream,
                        Some(guest),
                        peer,
                        pages.clone(),
                        TERMS,
                        ends.clone(),
                    ));
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = accepting => {}
        }
        drop(listener);
        ends.closing.cancel();
        tracker.close();
        let _ = tokio::time::timeout(LAST_ANSWERS, tracker.wait()).await;
        ends.cut.cancel();
        tracker.wait().await;
    }
}

type Page = (StatusCode, [(HeaderName, &'static str); 2], String);

fn page(status: StatusCode, content: &'static str, body: String) -> Page {
    (
        status,
        [(CONTENT_TYPE, content), (CACHE_CONTROL, "no-store")],
        body,
    )
}

async fn readyz(State(admin): State<Arc<Admin>>, OriginalUri(uri): OriginalUri) -> impl IntoResponse {
    let report = admin.readiness.report().await;
    let verbose = uri
        .query()
        .is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose")));
    let status = if report.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = if verbose {
        report.verbose()
    } else {
        report.summary().to_owned()
    };
    page(status, TEXT, body)
}

async fn metrics(State(admin): State<Arc<Admin>>) -> impl IntoResponse {
    let mut body = String::new();
    match encode(&mut body, &admin.registry) {
        Ok(()) => page(StatusCode::OK, OPEN_METRICS, body),
        Err(std::fmt::Error) => page(
            StatusCode::INTERNAL_SERVER_ERROR,
            TEXT,
            "the metrics cannot be written\n".to_owned(),
        ),
    }
}
