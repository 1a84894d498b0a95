//! The admin listener: `/livez`, `/readyz`, `/metrics`, and never more.

use crate::readiness::Readiness;
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// `OpenMetrics` 1.0, "MIME type".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
/// A probe under way at the end gets its answer; a connection that says nothing is cut.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

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

    /// Serves until `shutdown`. Cancel that last, so that `/readyz` says "not ready" while the rest drains.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        let pages = Router::new()
            .route(
                "/livez",
                get(|| async { page(StatusCode::OK, TEXT, "alive\n".to_owned()) }),
            )
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(self));
        let serving = axum::serve(listener, pages).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        let cut = async {
            shutdown.cancelled().await;
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            ended = serving => ended,
            () = cut => Ok(()),
        }
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
