//! `GET, POST /carriers/{carrier}/receipts`: what carriers call back. Nothing is read here: URL, headers and body go to
//! delivery as they came, where the carrier's plugin verifies them.

use crate::Door;
use crate::caller::{self, Caller};
use crate::limits;
use crate::reply::Reply;
use aldis_daemon::listener::http1::Peer;
use aldis_delivery_api::Callback;
use aldis_message::CarrierName;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONNECTION, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, HeaderName};
use std::sync::Arc;

const UNKNOWN: &str = "no such carrier";

/// Of the connection, not of the request (RFC 9110 section 7.6.1); and `Host`, which the URL has.
const OF_THE_CONNECTION: [HeaderName; 6] = [CONNECTION, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

pub(crate) async fn receive(
    State(door): State<Arc<Door>>,
    carrier: Result<Path<String>, PathRejection>,
    request: Request,
) -> Reply {
    let handed_on = match carrier {
        Ok(Path(carrier)) => hand_on(&door, &carrier, request).await,
        Err(_) => Err(Reply::not_found(UNKNOWN)),
    };
    let reply = handed_on.unwrap_or_else(|reply| reply);
    door.metrics.called_back(reply.status());
    reply
}

pub(crate) async fn other_method() -> Reply {
    Reply::only_get_and_post()
}

async fn hand_on(door: &Door, carrier: &str, request: Request) -> Result<Reply, Reply> {
    let unknown = || Reply::not_found(UNKNOWN);
    let settings = door.settings();
    let public_url = settings.public_url.as_deref().ok_or_else(unknown)?;
    let carrier = CarrierName::parse(carrier).map_err(|_| unknown())?;
    let (parts, unread) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let caller = parts.extensions.get::<Caller>();
    let (body, _unproven) = limits::read_unproven(door, caller, unread).await?;
    let _place = door.places.callback().ok_or_else(Reply::crowded)?;
    if let Some(caller) = caller {
        caller.works();
    }
    let call = Callback {
        carrier: carrier.as_str().to_owned(),
        method: parts.method.as_str().to_owned(),
        external_url: format!("{public_url}{target}"),
        headers: headers(&parts.headers),
        body: body.into(),
        remote_address: parts
            .extensions
            .get::<Peer>()
            .and_then(|Peer(peer)| *peer)
            .map(|peer| settings.proxies.caller(peer.ip(), &parts.headers).to_string())
            .unwrap_or_default(),
    };
    let delivery = caller::delivery(&settings, caller);
    let answer = delivery.callback(call).await.map_err(Reply::not_called_back)?;
    Ok(Reply::called_back(answer))
}

fn headers(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let of_the_request = |name: &HeaderName| !OF_THE_CONNECTION.contains(name);
    headers
        .iter()
        .filter(|(name, _)| of_the_request(name))
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned()))
        .collect()
}
