//! Connections to carriers, kept for a while after use.
//!
//! HTTP/1.1 (RFC 9112), one message at a time on each: a connection that breaks leaves one message in doubt, where one
//! that is shared, as those of HTTP/2 are, would leave all that are under way on it.

use super::failure::Failure;
use super::reach::Reach;
use crate::guard::Named;
use aldis_carrier::Transport;
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Makes connections, and has those that nobody uses just now. Clones share them.
#[derive(Clone)]
pub(super) struct Connections {
    reach: Reach,
    pool: Arc<Mutex<Pool>>,
}

/// A connection with one exchange on it. To be given back once the answer was read to its end; dropped, it is closed.
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
    kind: Kind,
    /// Host and port, as they stand in an address.
    to: Box<str>,
}

/// Lines that may stand in for each other. One to a host that the operator named may lead where a library must not go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    secured: bool,
    by_library: bool,
}

/// A line that waits to be used again.
struct Idle {
    line: Line,
    since: Instant,
}

struct Pool {
    lines: BTreeMap<Kind, BTreeMap<Box<str>, Vec<Idle>>>,
    idle: Duration,
    /// Who looks after those that wait too long, while there are any.
    watcher: Option<JoinHandle<()>>,
}

impl Connections {
    /// `idle`: how long they wait to be used again.
    pub(super) fn new(reach: Reach, idle: Duration) -> Self {
        let pool = Arc::new(Mutex::new(Pool {
            lines: BTreeMap::new(),
            idle,
            watcher: None,
        }));
        Self { reach, pool }
    }

    /// Sends a request, on a connection that is there or on a new one. It is sent again only where its connection was
    /// closed while nobody used it, before anything of the request was written. `written` is true from the moment at
    /// which a connection may have taken it, also where this is dropped. Nothing is written once `open` says no.
    pub(super) async fn send(
        &self,
        to: &Uri,
        named: Named,
        mut request: Request<Full<Bytes>>,
        written: &AtomicBool,
        open: impl Fn() -> bool,
    ) -> Result<(Response<Incoming>, Line), Failure> {
        let kind = Kind {
            secured: to.scheme() == Some(&Scheme::HTTPS),
            by_library: named == Named::ByLibrary,
        };
        let place = to.authority().ok_or(Transport::Blocked)?.as_str();
        loop {
            let waiting = self.pool().take(kind, place, Instant::now());
            let used = waiting.is_some();
            let mut line = match waiting {
                Some(line) => line,
                None => Line {
                    sender: self.connect(to, named).await?,
                    kind,
                    to: place.into(),
                },
            };
            if !open() {
                return Err(Transport::Timeout.into());
            }
            written.store(true, Ordering::SeqCst);
            let mut lost = match line.sender.try_send_request(request).await {
                Ok(response) => return Ok((response, line)),
                Err(lost) => lost,
            };
            // What is given back, no connection has begun to write.
            let unsent = lost.take_message();
            written.store(unsent.is_none(), Ordering::SeqCst);
            match unsent {
                Some(unsent) if used => request = unsent,
                _ => return Err(Transport::Reset.into()),
            }
        }
    }

    /// Keeps a connection for the next message.
    pub(super) fn keep(&self, line: Line, now: Instant) {
        let mut pool = self.pool();
        pool.put(line, now);
        // One whose runtime has ended is no use.
        if !pool.is_empty() && pool.watcher.as_ref().is_none_or(JoinHandle::is_finished) {
            pool.watcher = Some(tokio::spawn(let_go(Arc::downgrade(&self.pool), pool.idle)));
        }
    }

    async fn connect(&self, to: &Uri, named: Named) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let stream = self.reach.call(to.clone(), named).await;
        let stream = stream.map_err(|error| Failure::of(&*error))?;
        let (sender, connection) = http1::handshake(stream).await.map_err(|_| Transport::Connect)?;
        // Whoever waits for an answer hears of its end.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        lock(&self.pool)
    }
}

fn lock(pool: &Mutex<Pool>) -> MutexGuard<'_, Pool> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets go of connections that waited too long, until there are none.
async fn let_go(pool: Weak<Mutex<Pool>>, idle: Duration) {
    loop {
        sleep(idle).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut pool = lock(&pool);
        pool.let_go(Instant::now());
        if pool.is_empty() {
            pool.watcher = None;
            return;
        }
    }
}

impl Pool {
    /// The one that was used last: the others may then be let go.
    fn take(&mut self, kind: Kind, to: &str, now: Instant) -> Option<Line> {
        let longest = self.idle;
        let lines = self.lines.get_mut(&kind)?.get_mut(to)?;
        // One whose answer has only just ended may not be ready yet.
        let ready = lines
            .iter()
            .rposition(|idle| idle.is_good(now, longest) && idle.line.sender.is_ready())?;
        Some(lines.remove(ready).line)
    }

    fn put(&mut self, line: Line, now: Instant) {
        if line.sender.is_closed() {
            return;
        }
        let lines = self.lines.entry(line.kind).or_default();
        match lines.get_mut(&line.to) {
            Some(lines) => lines.push(Idle { line, since: now }),
            None => {
                lines.insert(line.to.clone(), vec![Idle { line, since: now }]);
            }
        }
    }

    fn let_go(&mut self, now: Instant) {
        let longest = self.idle;
        self.lines.retain(|_, places| {
            places.retain(|_, lines| {
                lines.retain(|idle| idle.is_good(now, longest));
                !lines.is_empty()
            });
            !places.is_empty()
        });
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl Idle {
    fn is_good(&self, now: Instant, longest: Duration) -> bool {
        !self.line.sender.is_closed() && now.saturating_duration_since(self.since) < longest
    }
}
