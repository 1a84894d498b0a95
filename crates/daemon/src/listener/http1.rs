//! The HTTP/1.1 server of one accepted connection: it limits the time that each part may take, ends the connection, and
//! notices a caller that has left.

use super::{Guest, Stream};
use axum::Router;
use axum::extract::Request;
use futures_util::poll;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The times that a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The time from when the connection waits for a request until its head is complete.
    pub head_within: Duration,
    /// The bytes of a head; a longer one is answered 431.
    pub longest_head: usize,
    /// The longest life of a connection, which then only ends the request it is at.
    pub longest_life: Duration,
    /// The time that a connection which is to end has for the request it is at.
    pub last_request: Duration,
}

/// The ends of all connections of a listener.
#[derive(Clone, Default)]
pub struct Ends {
    /// Ends each after the request it is at.
    pub closing: CancellationToken,
    /// Ends each now.
    pub cut: CancellationToken,
}

/// The other end of the connection; travels with each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<SocketAddr>);

/// Says that a connection waits again when its request is over, answered or not.
struct Under(Option<Guest>);

impl Drop for Under {
    fn drop(&mut self) {
        if let Some(guest) = &self.0 {
            guest.waits();
        }
    }
}

/// Serves requests until the connection ends.
///
/// A caller that half-closes (FIN) has only said that it sends nothing more, and still gets its answer (RFC 9112 section
/// 9.6); one that resets the connection has left, and what was begun for it is dropped.
pub async fn serve(
    stream: Stream,
    guest: Option<Guest>,
    peer: Option<SocketAddr>,
    router: Router,
    terms: Terms,
    ends: Ends,
) {
    let (resets, room) = (stream.resets(), stream.cut());
    let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(Peer(peer));
        if let Some(guest) = &guest {
            guest.begins();
            request.extensions_mut().insert(guest.clone());
        }
        let under = Under(guest.clone());
        let answer = router.clone().oneshot(request);
        async move {
            let answer = answer.await;
            drop(under);
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .header_read_timeout(terms.head_within)
        .max_buf_size(terms.longest_head)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Which way a connection broke is the caller's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = resets.reset() => return,
        () = room.cancelled() => {
            // What is written already goes out; nothing is waited for.
            connection.as_mut().graceful_shutdown();
            let _ = poll!(connection);
            return;
        }
        () = ends.closing.cancelled() => {}
        () = sleep(terms.longest_life) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = timeout(terms.last_request, connection) => {}
        () = resets.reset() => {}
        () = room.cancelled() => {}
        () = ends.cut.cancelled() => {}
    }
}
