//! The bytes of one accepted connection: a peer that never reads its answers is given up, and so is a connection that
//! must make room.

use super::Seat;
use super::socket::Accepted;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// An accepted connection.
pub struct Stream {
    socket: Arc<Accepted>,
    cut: CancellationToken,
    cutting: Pin<Box<WaitForCancellationFutureOwned>>,
    unread_for: Duration,
    /// Runs while the peer takes nothing.
    unread: Option<Pin<Box<Sleep>>>,
    /// The place, last, so that it is free when the socket is closed.
    #[allow(dead_code, reason = "it is held for what its end does")]
    seat: Option<Seat>,
}

/// Tells when the peer resets the connection, whoever reads it.
pub struct Resets(Arc<Accepted>);

impl Resets {
    /// Resolves when the peer has reset the connection. A peer that only says that it will send nothing more (FIN) has
    /// not (RFC 9112 section 9.6).
    pub async fn reset(&self) {
        self.0.reset().await;
    }
}

/// Tells how far the bytes that the peer sent have been read, whoever reads them.
pub struct Unread(Arc<Accepted>);

impl Unread {
    /// Returns whether the kernel has bytes that nobody has read; false where it does not say.
    pub fn any(&self) -> bool {
        self.0.has_unread()
    }

    /// Returns how often a read has found nothing: once more than before means that all that came before has been read.
    pub fn emptied(&self) -> u64 {
        self.0.emptied()
    }
}

impl Stream {
    pub(super) fn new(socket: Accepted, cut: CancellationToken, unread_for: Duration) -> Self {
        Self {
            socket: Arc::new(socket),
            cutting: Box::pin(cut.clone().cancelled_owned()),
            cut,
            unread_for,
            unread: None,
            seat: None,
        }
    }

    pub(super) fn seated(mut self, seat: Seat) -> Self {
        self.seat = Some(seat);
        self
    }

    /// Returns a token that is cancelled when this connection must make room for another.
    pub fn cut(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// A watch for the peer's leaving.
    pub fn resets(&self) -> Resets {
        Resets(Arc::clone(&self.socket))
    }

    /// A view of what the peer sent and nobody has read.
    pub fn unread(&self) -> Unread {
        Unread(Arc::clone(&self.socket))
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cutting.as_mut().poll(context).is_ready() {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "closed to make room",
            ));
        }
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_cut(context)?;
        self.socket.poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = self.socket.poll_write(context, slices) {
            self.unread = None;
            return Poll::Ready(written);
        }
        // Whoever leaves its answers unread makes room, too: HTTP/2 reads nothing while it cannot write.
        self.poll_cut(context)?;
        let unread_for = self.unread_for;
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(unread_for)));
        if unread.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the peer does not read its answer",
            )));
        }
        Poll::Pending
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shut_down())
    }
}
