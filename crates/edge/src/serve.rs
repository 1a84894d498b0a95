//! Sockets in, requests out: how many connections there are, how long each may last, and how they end.

use crate::config::Config;
use crate::limits::{HEAD_WITHIN, LONGEST_HEAD};
use crate::metrics::Metrics;
use crate::receipts::Peer;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Connections over the cap that still get to hear why; any more are closed without a word.
const REFUSED_ALOUD: usize = 64;
/// No connection outlives this, so a caller that never reads its answers gives its place back.
const LONGEST_LIFE: Duration = Duration::from_mins(5);
/// What an old connection has for the request it is at: longer than any request takes.
const LAST_REQUEST: Duration = Duration::from_mins(1);
/// What connections have, once the last request is answered, to carry the answer away.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// After an `accept` that failed for want of file handles: trying at once would only burn the processor.
const BREATH: Duration = Duration::from_millis(50);

/// The bound sockets of a process.
pub struct Listeners {
    /// Callers from outside.
    pub public: TcpListener,
    /// Health and metrics.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds what the settings say; port 0 takes a free one.
    pub async fn bind(config: &Config) -> io::Result<Self> {
        Ok(Self {
            public: bind(config.listen).await?,
            admin: bind(config.admin_listen).await?,
        })
    }

    /// The public address and the admin one, as they are bound.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.public.local_addr()?, self.admin.local_addr()?))
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))
}

/// The open connections of the public listener.
pub(crate) struct Connections {
    router: Router,
    refusals: Router,
    places: Arc<Semaphore>,
    refused: Arc<Semaphore>,
    metrics: Metrics,
    tracker: TaskTracker,
    /// Each connection ends after the request it is at.
    closing: CancellationToken,
    /// Each connection ends now.
    cut: CancellationToken,
}

impl Connections {
    pub(crate) fn new(router: Router, refusals: Router, most: usize, metrics: Metrics) -> Self {
        Self {
            router,
            refusals,
            places: Arc::new(Semaphore::new(most)),
            refused: Arc::new(Semaphore::new(REFUSED_ALOUD)),
            metrics,
            tracker: TaskTracker::new(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Takes connections until it is dropped.
    pub(crate) async fn accept(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.admit(stream, Peer(peer)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(BREATH).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: Peer) {
        let (place, router) = if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            (place, &self.router)
        } else {
            self.metrics.connections_refused.inc();
            let Ok(place) = Arc::clone(&self.refused).try_acquire_owned() else {
                return;
            };
            (place, &self.refusals)
        };
        // A short answer should not wait for more of it.
        let _ = stream.set_nodelay(true);
        let serving = serve(
            stream,
            peer,
            router.clone(),
            self.closing.clone(),
            self.cut.clone(),
        );
        self.tracker.spawn(counted(serving, place, self.metrics.clone()));
    }

    /// Ends every connection: politely, then not.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tracker.close();
        let _ = timeout(LAST_WORDS, self.tracker.wait()).await;
        self.cut.cancel();
        self.tracker.wait().await;
    }
}

async fn counted(serving: impl Future<Output = ()>, place: OwnedSemaphorePermit, metrics: Metrics) {
    metrics.connections.inc();
    serving.await;
    metrics.connections.dec();
    drop(place);
}

async fn serve(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    closing: CancellationToken,
    cut: CancellationToken,
) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        // Twice what we take: a head a little too long gets our own 431, a much longer one hyper's.
        .max_buf_size(2 * LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // Which way a connection broke is the caller's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = closing.cancelled() => {}
        () = sleep(LONGEST_LIFE) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = timeout(LAST_REQUEST, connection) => {}
        () = cut.cancelled() => {}
    }
}
