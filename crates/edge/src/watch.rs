//! What happens around every request: it is counted, timed and logged, a panic stays inside it, and none begins
//! while we are stopping.

use crate::Door;
use crate::metrics::Metrics;
use crate::reply::{Account, Reply};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch::{self, Sender};
use tokio::time::Instant;

/// How many requests are being answered, and whether new ones are taken.
pub(crate) struct Attendance {
    draining: AtomicBool,
    present: Sender<usize>,
}

impl Attendance {
    pub(crate) fn new() -> Self {
        Self {
            draining: AtomicBool::new(false),
            present: watch::channel(0).0,
        }
    }

    /// From now on every new request is told to go elsewhere; resolves when the last one under way is answered.
    pub(crate) async fn drained(&self) {
        self.draining.store(true, Ordering::SeqCst);
        // The sender is ours, so the channel is open.
        let _ = self.present.subscribe().wait_for(|present| *present == 0).await;
    }
}

/// Counts a request as present until it is dropped, answered or abandoned.
struct Presence {
    door: Arc<Door>,
    answered: bool,
}

impl Presence {
    fn of(door: Arc<Door>) -> Self {
        door.attendance.present.send_modify(|present| *present += 1);
        door.metrics.in_flight.inc();
        Self {
            door,
            answered: false,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if !self.answered {
            self.door.metrics.abandoned.inc();
            tracing::info!("the caller left before the answer");
        }
        self.door.metrics.in_flight.dec();
        self.door.attendance.present.send_modify(|present| *present -= 1);
    }
}

/// Outermost: counts, times, logs; turns requests away while stopping.
pub(crate) async fn attend(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    // Counted before the look at `draining`: whoever is not seen by `drained` sees it.
    let mut presence = Presence::of(Arc::clone(&door));
    let response = if door.attendance.draining.load(Ordering::SeqCst) {
        Reply::shutting_down().into_response()
    } else {
        next.run(request).await
    };
    presence.answered = true;
    report(&door.metrics, &response, began);
    response
}

fn report(metrics: &Metrics, response: &Response, began: Instant) {
    let took = began.elapsed();
    let status = response.status().as_u16();
    let account = response
        .extensions()
        .get::<Account>()
        .cloned()
        .unwrap_or_default();
    metrics.answered(account.tenant.as_ref(), status, took);
    let tenant = account.tenant.as_ref().map(aldis_message::TenantName::as_str);
    let message_id = account.message_id.map(|id| id.to_string());
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(
            tenant,
            status,
            code = account.code,
            message_id,
            millis,
            detail = account.detail,
            "request failed"
        );
    } else {
        tracing::info!(
            tenant,
            status,
            code = account.code,
            message_id,
            millis,
            detail = account.detail,
            "request answered"
        );
    }
}

/// A panic ends its request with 500 and nothing else.
pub(crate) async fn contain(request: Request, next: Next) -> Response {
    let Ok(response) = AssertUnwindSafe(next.run(request)).catch_unwind().await else {
        // What it carried may be anything, so it is not looked at.
        tracing::error!("a request panicked");
        return Reply::internal().into_response();
    };
    response
}

#[cfg(test)]
mod tests;
