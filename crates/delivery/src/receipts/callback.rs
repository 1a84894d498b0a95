//! A call-back: to the carrier it names, whose plugin says who sent it and what it tells.

use super::take;
use crate::engine::Engine;
use aldis_carrier_host::{CallbackReply, CallbackRequest, CallbackVerdict};
use aldis_daemon::clock;
use aldis_delivery_api::{Callback, CallbackAnswer, DeliveryError, ErrorKind};
use aldis_message::{CarrierName, MessageId};

/// The parameter of a message's call-back URL that names it.
pub(crate) const MESSAGE: &str = "message";

/// What the carrier is answered: its plugin's reply once everything is durable, 403 if nobody believes it, 503 if it is
/// to try again.
pub(crate) async fn answer(engine: &Engine, call: Callback) -> Result<CallbackAnswer, DeliveryError> {
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
    let (word, answer) = match verdict {
        CallbackVerdict::Verified { events, reply } => match take(engine, &carrier, events, hint).await {
            Ok(()) => (
                "verified",
                reply.map_or_else(|| CallbackAnswer::bare(200), from_plugin),
            ),
            Err(error) => {
                tracing::error!(%carrier, %error, "what a carrier told could not be kept");
                ("not_kept", CallbackAnswer::bare(503))
            }
        },
        CallbackVerdict::Unverified => ("unverified", CallbackAnswer::bare(403)),
        CallbackVerdict::Rejected => ("rejected", CallbackAnswer::bare(403)),
        CallbackVerdict::Fault => ("fault", CallbackAnswer::bare(503)),
    };
    engine.metrics.callback(&carrier, word);
    if answer.status == 403 {
        tracing::warn!(%carrier, verdict = word, "call-back refused");
    }
    Ok(answer)
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
