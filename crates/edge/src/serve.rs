//! The connections of the public listener, from their sockets to the router, and their end.

use crate::config::Config;
use crate::limits::{HEAD_WITHIN, LONGEST_HEAD};
use aldis_daemon::listener::http1::{Ends, Terms, serve};
use aldis_daemon::listener::{Admitted, Listener};
use axum::Router;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// Connections over the cap that still get to hear why; any more are closed without a word.
pub(crate) const REFUSED_ALOUD: usize = 64;
/// The time that connections have, once the last request is answered, to carry the answer away.
const LAST_WORDS: Duration = Duration::from_secs(3);
const TERMS: Terms = Terms {
    head_within: HEAD_WITHIN,
    // Twice what we take: a head a little too long gets our own 431, a much longer one hyper's.
    longest_head: 2 * LONGEST_HEAD,
    // So a caller that never ends gives its place back.
    longest_life: Duration::from_mins(5),
    // Longer than any request takes.
    last_request: Duration::from_mins(1),
};

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
    refused: Arc<Semaphore>,
    tracker: TaskTracker,
    ends: Ends,
}

impl Connections {
    pub(crate) fn new(router: Router, refusals: Router) -> Self {
        Self {
            router,
            refusals,
            refused: Arc::new(Semaphore::new(REFUSED_ALOUD)),
            tracker: TaskTracker::new(),
            ends: Ends::default(),
        }
    }

    /// Takes connections until it is dropped.
    pub(crate) async fn accept(&self, listener: &Listener) {
        loop {
            match listener.accept().await {
                Admitted::In(stream, guest) => {
                    let (peer, router, ends) = (guest.peer(), self.router.clone(), self.ends.clone());
                    self.tracker
                        .spawn(serve(stream, Some(guest), peer, router, TERMS, ends));
                }
                Admitted::Full(stream, peer) => {
                    let Ok(place) = Arc::clone(&self.refused).try_acquire_owned() else {
                        continue;
                    };
                    let serving = serve(
                        stream,
                        None,
                        peer,
                        self.refusals.clone(),
                        TERMS,
                        self.ends.clone(),
                    );
                    self.tracker.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
            }
        }
    }

    /// Ends every connection: politely, then not.
    pub(crate) async fn close(&self) {
        self.ends.closing.cancel();
        self.tracker.close();
        let _ = timeout(LAST_WORDS, self.tracker.wait()).await;
        self.ends.cut.cancel();
        self.tracker.wait().await;
    }
}
