//! A call-back: to the carrier it names, whose plugin says who sent it and what it tells.

use super::callback_url::{Named, for_another};
use super::complaints::{Complaint, Complaints};
use super::take;
use crate::engine::Engine;
use crate::store::Hint;
use aldis_carrier_host::{CallbackReply, CallbackRequest, CallbackVerdict};
use aldis_daemon::clock;
use aldis_delivery_api::{Callback, CallbackAnswer, DeliveryError, ErrorKind};
use aldis_message::{CarrierName, UnixMillis};

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
    let named = engine.callback_urls.named(&carrier, &call.external_url);
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
        CallbackVerdict::Verified { events, reply } => {
            let hint = match named {
                Some(named) if !events.is_empty() => Some(hint(engine, &carrier, &request, named).await),
                _ => None,
            };
            match take(engine, &carrier, events, hint).await {
                Ok(()) => (word, reply.map_or_else(|| CallbackAnswer::bare(200), from_plugin)),
                Err(error) => {
                    tracing::error!(%carrier, %error, "what a carrier told could not be kept");
                    ("not_kept", CallbackAnswer::bare(503))
                }
            }
        }
        CallbackVerdict::Unverified | CallbackVerdict::Rejected => (word, CallbackAnswer::bare(403)),
        CallbackVerdict::Fault => (word, CallbackAnswer::bare(503)),
    };
    engine.metrics.callback(&carrier, word);
    complain(complaints, &carrier, word, engine.clock.now());
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

fn complain(complaints: &Complaints, carrier: &CarrierName, verdict: &'static str, now: UnixMillis) {
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

/// Judges the message that the URL of a believed call-back names. It is proved by our seal, or because the carrier
/// signs the URL: then nobody believes the same call-back for another message. Addresses that were handed out before
/// they had a seal come without one.
async fn hint(engine: &Engine, carrier: &CarrierName, request: &CallbackRequest, named: Named) -> Hint {
    let Named { message, sealed } = named;
    if sealed || is_url_signed(engine, carrier, request, named).await {
        return Hint::Proved(message);
    }
    tracing::debug!(%carrier, "a call-back's URL names a message and does not prove it: the carrier's id counts alone");
    Hint::Said(message)
}

/// Asks those who believed the call-back about the same one for another message, and then, in case they believe nothing
/// twice, about this one again.
async fn is_url_signed(
    engine: &Engine,
    carrier: &CarrierName,
    request: &CallbackRequest,
    named: Named,
) -> bool {
    let another = CallbackRequest {
        external_url: for_another(&request.external_url, named.message),
        ..request.clone()
    };
    let refused = matches!(
        engine.carriers.callback(carrier, &another).await,
        Some(CallbackVerdict::Rejected | CallbackVerdict::Unverified)
    );
    refused
        && matches!(
            engine.carriers.callback(carrier, request).await,
            Some(CallbackVerdict::Verified { .. })
        )
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
