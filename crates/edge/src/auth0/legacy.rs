//! `POST /auth0/{tenant}/sms`: the call of Auth0's custom SMS gateway (`gateway_url`).

use super::{body, token};
use crate::Door;
use crate::caller::{self, Caller};
use crate::complaints::Kind;
use crate::limits;
use crate::reply::Reply;
use crate::tenants::{Gate, KnownTenant, Tenant};
use aldis_daemon::clock;
use aldis_message::{Idempotency, IdempotencyKey, UnixMillis};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use std::sync::Arc;
use std::time::Duration;

/// Ours, out of `answer_within`: to read delivery's answer and write our own.
const OWN_SHARE: Duration = Duration::from_millis(200);

pub(crate) async fn send(
    State(door): State<Arc<Door>>,
    KnownTenant(tenant): KnownTenant,
    request: Request,
) -> Reply {
    let reply = hand_over(&door, &tenant, request)
        .await
        .unwrap_or_else(|reply| reply);
    reply.for_tenant(&tenant.name)
}

pub(crate) async fn only_post(KnownTenant(tenant): KnownTenant) -> Reply {
    Reply::only_post().for_tenant(&tenant.name)
}

/// Authentication before the body, the body before delivery.
async fn hand_over(door: &Door, tenant: &Tenant, request: Request) -> Result<Reply, Reply> {
    let began = clock::now();
    let (parts, unread) = request.into_parts();
    let caller = parts.extensions.get::<Caller>();
    let token = authenticate(door, tenant, &parts.headers, caller, began)?;
    let (bytes, _place) = match tenant.gate {
        Gate::Bearer(_) => {
            if let Some(caller) = caller {
                caller.prove();
            }
            (limits::read(unread).await.map_err(Reply::unread)?, None)
        }
        // Anybody may call here, so this must not take the places of those who authenticate elsewhere.
        Gate::Open => {
            let (bytes, _) = limits::read_unproven(door, caller, unread).await?;
            let place = door.places.open().ok_or_else(Reply::crowded)?;
            if let Some(caller) = caller {
                caller.works();
            }
            (bytes, Some(place))
        }
    };
    let idempotency = idempotency(door, tenant, &parts.headers, token, &bytes)?;
    let message = body::parse(&bytes, tenant, idempotency, began).map_err(Reply::bad_body)?;
    let left = tenant
        .answer_within
        .saturating_sub(began.until(clock::now()) + OWN_SHARE);
    if left.is_zero() {
        return Err(Reply::out_of_time());
    }
    let sent = caller::delivery(&door.settings(), caller)
        .send(message, left)
        .await?;
    Ok(Reply::sent(&sent, tenant.accept))
}

/// The token that let the caller in; empty where nobody asks for one.
fn authenticate<'h>(
    door: &Door,
    tenant: &Tenant,
    headers: &'h HeaderMap,
    caller: Option<&Caller>,
    now: UnixMillis,
) -> Result<&'h [u8], Reply> {
    let Gate::Bearer(policy) = &tenant.gate else {
        return Ok(b"");
    };
    token::verify(policy, headers, now)
        .map(token::VerifiedCaller::token)
        .map_err(|cause| {
            door.metrics.rejected(&tenant.name, cause);
            let kind = Kind::rejected(&tenant.name, cause.as_str());
            if let Some(kept_back) = door.complaints.say(kind, now) {
                let (address, kept_back) = (caller.and_then(Caller::shown), (kept_back > 0).then_some(kept_back));
                tracing::warn!(tenant = %tenant.name, cause = cause.as_str(), address, kept_back, "token rejected: {cause}");
            }
            Reply::unauthorized()
        })
}

/// A key the caller chose counts for a day, one of our own for a resent request (docs/http.md).
fn idempotency(
    door: &Door,
    tenant: &Tenant,
    headers: &HeaderMap,
    token: &[u8],
    bytes: &[u8],
) -> Result<Idempotency, Reply> {
    let mut chosen = headers.get_all("idempotency-key").iter();
    let key = match (chosen.next(), chosen.next()) {
        (None, _) => door.settings().replay.of_request(&tenant.name, token, bytes),
        (Some(key), None) => {
            let key = key
                .to_str()
                .ok()
                .and_then(|key| IdempotencyKey::parse(key).ok())
                .ok_or_else(Reply::bad_key)?;
            door.settings().replay.of_choice(&tenant.name, &key)
        }
        (Some(_), Some(_)) => return Err(Reply::bad_key()),
    };
    // Ours is always a valid key.
    key.map_err(|_| Reply::internal())
}
