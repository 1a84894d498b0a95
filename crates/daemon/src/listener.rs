//! The listening sockets of every process: the cap on connections, the choice of the one that must make room, and the
//! behaviour when the system grants no more.
//!
//! Every listener has a cap. When it is reached, the connection that waits longest without having authenticated is closed
//! first ([`Guest`]); one whose request is being served is never closed to make room. A connection may neither say nothing at
//! the beginning nor leave its answers unread ([`Stream`]). An `accept` that fails is not tried again at once, and while
//! it fails the process is not ready ([`Health`]).

mod book;
mod health;
pub mod http1;
mod opening;
mod socket;
mod stream;

pub use book::{Group, Standing};
pub use health::Health;
pub use opening::Opening;
pub use socket::Socket;
pub use stream::{Resets, Stream, Unread};

use crate::clock;
use crate::complaints::Complaints;
use book::{Book, Id};
use health::Reserve;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The pause after an `accept` that failed for want of descriptors or memory: trying at once would only burn the
/// processor.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The time in which a connection that must make room is dropped.
const ROOM_WITHIN: Duration = Duration::from_secs(1);
/// A peer that reads nothing of its answer for so long is not going to.
const UNREAD_FOR: Duration = Duration::from_secs(10);

/// The numbers of connections that there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The connections at once.
    pub connections: usize,
    /// The connections of one address at once that have not authenticated. `None`: as many as there are places.
    pub strangers: Option<usize>,
    /// The unauthenticated connections at once that are sending a request; the slowest of more is closed.
    pub unproven: usize,
    /// The descriptors held back, so that this listener answers when the process has no other.
    pub reserve: usize,
}

/// Counts of one listener.
#[derive(Clone, Default)]
struct Counts {
    open: Gauge,
    closed: Counter,
    refused: Counter,
    failed: Counter,
}

/// A listening socket.
pub struct Listener {
    socket: Socket,
    room: Arc<Room>,
    trusted: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    strangers: usize,
    reserve: Reserve,
    health: Health,
}

/// The result of [`Listener::accept`].
pub enum Admitted {
    /// A connection with a place.
    In(Stream, Guest),
    /// A connection without one, for nobody could make room: say so, or close it.
    Full(Stream, Option<SocketAddr>),
}

impl Listener {
    /// A listener called `name` in logs, metrics and `/readyz`.
    pub fn new(name: &'static str, socket: impl Into<Socket>, limits: Limits) -> Self {
        Self {
            socket: socket.into(),
            room: Arc::new(Room {
                book: Mutex::default(),
                places: Arc::new(Semaphore::new(
                    limits.connections.clamp(1, Semaphore::MAX_PERMITS),
                )),
                unproven: limits.unproven,
                name,
                complaints: Complaints::new(1),
                counts: Counts::default(),
            }),
            trusted: Box::new(|_| false),
            strangers: limits.strangers.unwrap_or(usize::MAX),
            reserve: Reserve::new(limits.reserve),
            health: Health::new(name),
        }
    }

    /// The same; connections of these addresses are never held against their address.
    #[must_use]
    pub fn trusting(mut self, trusted: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        self.trusted = Box::new(trusted);
        self
    }

    /// Shows the counts of this listener.
    pub fn register(&self, registry: &mut Registry) {
        let labels = [("listener".into(), self.health.name().into())];
        let registry = registry.sub_registry_with_labels(labels.into_iter());
        let counts = &self.room.counts;
        registry.register("aldis_connections", "Open connections", counts.open.clone());
        for (name, help, counter) in [
            (
                "aldis_connections_closed",
                "Connections closed to make room for others",
                &counts.closed,
            ),
            (
                "aldis_connections_refused",
                "Connections refused, since everybody was being served",
                &counts.refused,
            ),
            (
                "aldis_accept_failures",
                "Times that no connection could be accepted, for want of descriptors or memory",
                &counts.failed,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
    }

    /// The number of open connections.
    pub fn open(&self) -> Gauge {
        self.room.counts.open.clone()
    }

    /// The number of connections refused, since every place was in use by a request.
    pub fn refused(&self) -> Counter {
        self.room.counts.refused.clone()
    }

    /// Whether connections can be accepted, for `/readyz`.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Takes the next connection; whoever must make room for it is told to close first.
    pub async fn accept(&self) -> Admitted {
        let (socket, peer) = self.next().await;
        let standing = match peer {
            Some(peer) if !(self.trusted)(peer.ip().to_canonical()) => {
                Standing::Stranger(Group::of(peer.ip()))
            }
            // Whoever reaches a socket file has passed the file system's permissions.
            _ => Standing::Trusted,
        };
        if let Standing::Stranger(group) = standing {
            let closed = self
                .room
                .book()
                .crowd_out(group, self.strangers, Instant::now().into_std());
            self.room.close(closed);
        }
        let stream = |cut| Stream::new(socket, cut, UNREAD_FOR);
        let Some(place) = self.place().await else {
            self.room.refused();
            return Admitted::Full(stream(CancellationToken::new()), peer);
        };
        let cut = CancellationToken::new();
        let now = Instant::now().into_std();
        let id = self.room.book().enter(standing, cut.clone(), now);
        self.room.counts.open.inc();
        let guest = Guest {
            room: Arc::clone(&self.room),
            id,
            peer,
        };
        let seat = Seat {
            room: Arc::clone(&self.room),
            id,
            _place: place,
        };
        Admitted::In(stream(cut).seated(seat), guest)
    }

    /// A place, if need be of somebody who only waits.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let places = Arc::clone(&self.room.places);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Some(place);
        }
        let closed = self.room.book().make_room(Instant::now().into_std())?;
        self.room.close(Some(closed));
        // Only this loop takes places, so the next one that becomes free is ours.
        timeout(ROOM_WITHIN, places.acquire_owned()).await.ok()?.ok()
    }

    /// The next connection, however long that takes.
    async fn next(&self) -> (socket::Accepted, Option<SocketAddr>) {
        let mut pause = FIRST_PAUSE;
        self.reserve.refill();
        loop {
            let accepted = if self.health.is_failing() {
                // Nothing within the pause means that the system granted a descriptor, and nobody came.
                let Ok(accepted) = timeout(pause, self.socket.accept()).await else {
                    self.reserve.refill();
                    if self.reserve.is_whole() {
                        self.health.works();
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                };
                accepted
            } else {
                self.socket.accept().await
            };
            match accepted {
                Ok(accepted) => {
                    if self.reserve.is_whole() {
                        self.health.works();
                    }
                    return accepted;
                }
                Err(error) if concerns_one_connection(&error) => tokio::task::yield_now().await,
                Err(error) => {
                    self.room.counts.failed.inc();
                    self.health.fails(&error);
                    if !self.reserve.spend() {
                        sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
    }
}

/// Whether the peer is at fault, and the next connection may be well (accept(2), "Error handling").
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::TimedOut
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
    )
}

/// The open connections of a listener, shared with each of them.
struct Room {
    book: Mutex<Book>,
    places: Arc<Semaphore>,
    unproven: usize,
    name: &'static str,
    complaints: Complaints<&'static str>,
    counts: Counts,
}

impl Room {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) {
        self.counts.refused.inc();
        if let Some(kept_back) = self.complaints.say("refused", clock::now()) {
            let listener = self.name;
            tracing::warn!(
                listener,
                kept_back,
                "a connection was refused: every place is in use"
            );
        }
    }

    fn close(&self, whom: Option<CancellationToken>) {
        let Some(cut) = whom else { return };
        self.counts.closed.inc();
        cut.cancel();
        if let Some(kept_back) = self.complaints.say("closed", clock::now()) {
            let listener = self.name;
            tracing::warn!(
                listener,
                kept_back,
                "a connection was closed to make room for others"
            );
        }
    }
}

/// A connection's place, given back when the connection is dropped.
struct Seat {
    room: Arc<Room>,
    id: Id,
    _place: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.book().leave(self.id);
        self.room.counts.open.dec();
    }
}

/// A connection, as its server sees it: tells how firmly it holds its place. Travels with each request.
#[derive(Clone)]
pub struct Guest {
    room: Arc<Room>,
    id: Id,
    peer: Option<SocketAddr>,
}

impl Guest {
    /// The address at the other end, where it has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// A request has begun, and nothing is known of who makes it.
    pub fn begins(&self) {
        let closed = self
            .room
            .book()
            .begins(self.id, self.room.unproven, Instant::now().into_std());
        self.room.close(closed);
    }

    /// The request is complete and being worked on, so that it is not closed for others.
    pub fn works(&self) {
        self.room.book().works(self.id);
    }

    /// The caller has authenticated: the connection is not closed for others, nor held against its address.
    pub fn known(&self) {
        self.room.book().known(self.id);
    }

    /// The request is answered; the connection waits for the next.
    pub fn waits(&self) {
        self.room.book().waits(self.id, Instant::now().into_std());
    }
}
