//! How much and how long a caller may talk. Everything here is bounded before anybody is believed.

use crate::Door;
use crate::auth0::token::credentials;
use crate::caller::Caller;
use crate::places::Unproven;
use crate::reply::Reply;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

// docs/http.md tells callers these limits.
const LONGEST_TOKEN: usize = 8 * 1024;
/// Request line and header fields.
pub(crate) const LONGEST_HEAD: usize = 16 * 1024;
const LONGEST_BODY: usize = 64 * 1024;
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(5);
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// What is read and thrown away after an early answer, so that a caller who is still sending gets to hear it.
const LONGEST_REST: usize = 1024 * 1024;
const REST_WITHIN: Duration = Duration::from_secs(2);

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge,
    TooSlow,
    /// The caller broke off, or its chunks make no sense.
    Broken,
}

/// Refuses what is too large by what the head alone says.
pub(crate) async fn check_head(request: Request, next: Next) -> Result<Response, Reply> {
    let (parts, body) = request.into_parts();
    if parts
        .headers
        .get_all(AUTHORIZATION)
        .iter()
        .any(|value| credentials(value.as_bytes()).1.len() > LONGEST_TOKEN)
    {
        return Err(Reply::head_too_large("the token is longer than 8 KiB"));
    }
    if head_length(&parts) > LONGEST_HEAD {
        return Err(Reply::head_too_large("the request's head is longer than 16 KiB"));
    }
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LONGEST_BODY as u64) {
        return Err(Reply::unread(Unread::TooLarge));
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// As it stood on the wire: `METHOD target HTTP/1.1`, then `name: value`, each with its line end, and an empty line.
fn head_length(parts: &Parts) -> usize {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + " HTTP/1.1 ".len() + 2;
    let fields: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    line + fields + 2
}

/// Reads a body, whatever its length was said to be.
pub(crate) async fn read(body: Body) -> Result<Bytes, Unread> {
    timeout(BODY_WITHIN, read_up_to(body, LONGEST_BODY))
        .await
        .unwrap_or(Err(Unread::TooSlow))
}

/// Reads the body of a caller that has not authenticated. Until the second value is dropped, the request counts against
/// the caller's address.
pub(crate) async fn read_unproven(
    door: &Door,
    caller: Option<&Caller>,
    body: Body,
) -> Result<(Bytes, Unproven), Reply> {
    let place = door.places.unproven(caller.and_then(Caller::address));
    let place = place.ok_or_else(Reply::crowded)?;
    let bytes = read(body).await.map_err(Reply::unread)?;
    Ok((bytes, place))
}

async fn read_up_to(mut body: Body, most: usize) -> Result<Bytes, Unread> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // Trailers are no part of the body.
        let Ok(piece) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue;
        };
        if bytes.len() + piece.len() > most {
            return Err(Unread::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

/// Answers only when the caller has said all, or enough: closing while it still talks would drown the answer in a
/// connection reset.
pub(crate) async fn hear_out(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let caller = parts.extensions.get::<Caller>().cloned();
    // Such a caller waits for a word before it sends anything.
    let waits = parts.headers.contains_key(EXPECT);
    let (lent, back) = Lent::new(body);
    let response = next.run(Request::from_parts(parts, Body::new(lent))).await;
    // Nor is one heard out that has been too slow already.
    let heard = waits || response.status() == StatusCode::REQUEST_TIMEOUT;
    if let (Ok(rest), false) = (back.await, heard)
        && !rest.is_end_stream()
        && let Some(_place) = door.places.unproven(held_against(caller.as_ref()))
    {
        let _ = timeout(REST_WITHIN, discard(rest)).await;
    }
    response
}

/// The address that the rest of a body counts against: none where the caller has authenticated.
fn held_against(caller: Option<&Caller>) -> Option<IpAddr> {
    caller.filter(|caller| !caller.is_proven())?.address()
}

async fn discard(mut rest: Body) {
    let mut heard = 0;
    while let Some(Ok(frame)) = rest.frame().await {
        heard += frame.data_ref().map_or(0, Bytes::len);
        if heard > LONGEST_REST {
            break;
        }
    }
}

/// A body that goes back to its lender when its reader lets go of it.
struct Lent {
    body: Option<Body>,
    back: Option<oneshot::Sender<Body>>,
}

impl Lent {
    fn new(body: Body) -> (Self, oneshot::Receiver<Body>) {
        let (sender, receiver) = oneshot::channel();
        (
            Self {
                body: Some(body),
                back: Some(sender),
            },
            receiver,
        )
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            let _ = back.send(body);
        }
    }
}
