//! A call-back: to the carrier it names, whose plugin says who sent it and what it tells.

use super::complaints::{Complaint, Complaints};
use super::take;
use crate::engine::Engine;
use aldis_carrier_host::{CallbackReply, CallbackRequest, CallbackVerdict};
use aldis_daemon::clock;
use aldis_delivery_api::{Callback, CallbackAnswer, DeliveryError, ErrorKind};
use aldis_message::{CarrierName, MessageId};

/// The parameter of a message's call-back URL that names it.
pub(crate) const MESSAGE: &str = "message";

/// Verified, and it tells nothing: a carrier's ping, or a form its plugin does not know.
const EMPTY: &str = "empty";
const UNVERIFIED: &str = "unverified";
const REJECTED: &str = "rejected";

/// What the carrier is answered: its plugin's reply once everything is durable, 403 if nobody believes it, 503 if it is
/// to try again.
pub(crate) async fn answer(
    engine: &Engine,
    complaints: &Complaints,
    call: Callback,
) -> Result<CallbackAnswer, DeliveryError> {
    let unknown = || DeliveryError::new(ErrorKind::NotFound, "no carrier has this name");
    let carrier = CarrierName::parse(&call.carrier).map_err(|_| unknown())?;
    let hint = hint(&call.external_url);
    let request = CallbackRequest {
        external_url: call.external_url,
        method: call.method,
        headers: call.headers,
        body: call.body.into(),
        remote_address: call.remote_address,
        now_unix_ms: clock::now().as_millis(),
    };
    let verdict = engine.carriers.callback(&carrier, &request).await;
    let verdict = verdict.ok_or_else(unknown)?;
    let word = word(&verdict);
    let (word, answer) = match verdict {
        CallbackVerdict::Verified { events, reply } => match take(engine, &carrier, events, hint).await {
            Ok(()) => (word, reply.map_or_else(|| CallbackAnswer::bare(200), from_plugin)),
            Err(error) => {
                tracing::error!(%carrier, %error, "what a carrier told could not be kept");
                ("not_kept", CallbackAnswer::bare(503))
            }
        },
        CallbackVerdict::Unverified | CallbackVerdict::Rejected => (word, CallbackAnswer::bare(403)),
        CallbackVerdict::Fault => (word, CallbackAnswer::bare(503)),
    };
    engine.metrics.callback(&carrier, word);
    complain(complaints, &carrier, word);
    Ok(answer)
}

/// How a call-back is counted.
fn word(verdict: &CallbackVerdict) -> &'static str {
    match verdict {
        CallbackVerdict::Verified { events, .. } if events.is_empty() => EMPTY,
        CallbackVerdict::Verified { .. } => "verified",
        CallbackVerdict::Unverified => UNVERIFIED,
        CallbackVerdict::Rejected => REJECTED,
        CallbackVerdict::Fault => "fault",
    }
}

fn complain(complaints: &Complaints, carrier: &CarrierName, verdict: &'static str) {
    let now = clock::now();
    match verdict {
        UNVERIFIED | REJECTED => {
            if let Some(kept_back) = complaints.say(carrier, Complaint::Refused, now) {
                tracing::warn!(%carrier, verdict, kept_back, "call-back refused");
            }
        }
        EMPTY => {
            if let Some(kept_back) = complaints.say(carrier, Complaint::Empty, now) {
                tracing::warn!(
                    %carrier,
                    kept_back,
                    "the carrier called back, and its plugin could read nothing from it: a ping, or receipts get lost"
                );
            }
        }
        _ => {}
    }
}

/// The message that the URL names, if it is one of ours. Believed only with a call-back that is verified.
fn hint(external_url: &str) -> Option<MessageId> {
    let (_, query) = external_url.split_once('?')?;
    let (_, id) = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == MESSAGE)?;
    id.parse().ok()
}

fn from_plugin(reply: CallbackReply) -> CallbackAnswer {
    CallbackAnswer {
        status: reply.status,
        headers: reply.headers,
        body: reply.body.into(),
    }
}

#[cfg(test)]
mod tests;
