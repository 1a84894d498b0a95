//! What happens around every request: it is counted, timed and logged, a panic stays inside it, and none begins
//! while we are stopping.

use crate::Door;
use crate::caller::Caller;
use crate::complaints::Kind;
use crate::reply::{Account, Reply};
use aldis_daemon::clock;
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
    caller: Option<Caller>,
    answered: bool,
}

impl Presence {
    fn of(door: Arc<Door>, caller: Option<Caller>) -> Self {
        door.attendance.present.send_modify(|present| *present += 1);
        door.metrics.in_flight.inc();
        Self {
            door,
            caller,
            answered: false,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if !self.answered {
            self.door.metrics.abandoned.inc();
            left(&self.door, self.caller.as_ref());
        }
        self.door.metrics.in_flight.dec();
        self.door.attendance.present.send_modify(|present| *present -= 1);
    }
}

/// Outermost: counts, times, logs; turns requests away while stopping.
pub(crate) async fn attend(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    // Counted before the look at `draining`: whoever is not seen by `drained` sees it.
    let caller = request.extensions().get::<Caller>().cloned();
    let mut presence = Presence::of(Arc::clone(&door), caller.clone());
    let response = if door.attendance.draining.load(Ordering::SeqCst) {
        Reply::shutting_down().into_response()
    } else {
        next.run(request).await
    };
    presence.answered = true;
    report(&door, caller.as_ref(), &response, began);
    response
}

/// The request may be dropped anywhere, so its name is not in the span any more.
fn left(door: &Door, caller: Option<&Caller>) {
    let kept_back = if caller.is_some_and(Caller::is_proven) {
        None
    } else {
        let Some(kept_back) = door.complaints.say(Kind::Left, clock::now()) else {
            return;
        };
        (kept_back > 0).then_some(kept_back)
    };
    let request_id = caller.map(|caller| caller.request_id().as_str());
    let address = caller.and_then(Caller::shown);
    tracing::info!(
        request_id,
        address,
        kept_back,
        "the caller left before the answer"
    );
}

fn report(door: &Door, caller: Option<&Caller>, response: &Response, began: Instant) {
    let took = began.elapsed();
    let status = response.status().as_u16();
    let account = response
        .extensions()
        .get::<Account>()
        .cloned()
        .unwrap_or_default();
    door.metrics.answered(account.tenant.as_ref(), status, took);
    let tenant = account.tenant.as_ref().map(aldis_message::TenantName::as_str);
    let mut kept_back = None;
    // Whoever has authenticated, and whatever went well, is in the log in full; the rest is anybody's to cause.
    if !caller.is_some_and(Caller::is_proven) && !response.status().is_success() {
        let kind = Kind::Answered(
            tenant.unwrap_or_default().to_owned(),
            status,
            account.code.clone(),
        );
        let Some(count) = door.complaints.say(kind, clock::now()) else {
            return;
        };
        kept_back = (count > 0).then_some(count);
    }
    let address = caller.and_then(Caller::shown);
    let message_id = account.message_id.map(|id| id.to_string());
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (code, detail) = (account.code, account.detail);
    if status >= 500 {
        tracing::warn!(
            tenant,
            status,
            code,
            message_id,
            millis,
            detail,
            address,
            kept_back,
            "request failed"
        );
    } else {
        tracing::info!(
            tenant,
            status,
            code,
            message_id,
            millis,
            detail,
            address,
            kept_back,
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
