//! The kinds of sockets that are listened on, and what they accept.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{Interest, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A listening socket.
pub enum Socket {
    /// A TCP socket.
    Tcp(TcpListener),
    /// A Unix domain socket.
    Unix(UnixListener),
}

impl From<TcpListener> for Socket {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl From<UnixListener> for Socket {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

impl Socket {
    pub(super) async fn accept(&self) -> io::Result<(Accepted, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // A short answer should not wait for more of it.
                let _ = stream.set_nodelay(true);
                Ok((Accepted::new(Kind::Tcp(stream)), Some(peer)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Accepted::new(Kind::Unix(stream)), None))
            }
        }
    }
}

/// An accepted socket. Everything takes `&self`: one may read and write while another waits for a reset.
pub(super) struct Accepted {
    kind: Kind,
    /// Counts the reads that found nothing.
    emptied: AtomicU64,
}

enum Kind {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The same call on either kind.
macro_rules! either {
    ($accepted:expr, $stream:ident => $call:expr) => {
        match &$accepted.kind {
            Kind::Tcp($stream) => $call,
            Kind::Unix($stream) => $call,
        }
    };
}

impl Accepted {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            emptied: AtomicU64::new(0),
        }
    }

    pub(super) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(either!(self, stream => stream.poll_read_ready(context)))?;
            match either!(self, stream => stream.try_read_buf(buffer)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.emptied.fetch_add(1, Ordering::AcqRel);
                }
                read => return Poll::Ready(read.map(drop)),
            }
        }
    }

    pub(super) fn poll_write(
        &self,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(either!(self, stream => stream.poll_write_ready(context)))?;
            match either!(self, stream => stream.try_write_vectored(slices)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    /// Returns how often a read has found nothing.
    pub(super) fn emptied(&self) -> u64 {
        self.emptied.load(Ordering::Acquire)
    }

    /// Returns whether the kernel has bytes that nobody has read; false where it does not say.
    pub(super) fn has_unread(&self) -> bool {
        either!(self, stream => rustix::io::ioctl_fionread(stream)).is_ok_and(|bytes| bytes > 0)
    }

    pub(super) fn shut_down(&self) -> io::Result<()> {
        either!(self, stream => {
            let socket = rustix::net::shutdown(stream, rustix::net::Shutdown::Write);
            socket.map_err(Into::into)
        })
    }

    /// Resolves when the peer has reset the connection, or it broke.
    pub(super) async fn reset(&self) {
        // Whether the socket reports an error or cannot be asked any more: the peer is gone.
        let _ = either!(self, stream => stream.ready(Interest::ERROR).await);
    }
}
