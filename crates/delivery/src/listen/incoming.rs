//! Takes gRPC connections as they come: through TLS and into HTTP/2 in time, or closed.

use super::Link;
use aldis_daemon::listener::{Admitted, Listener, Opening, Stream};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// The time from the first packet until TLS is agreed on and HTTP/2 has begun; slow networks need two seconds for it.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// The bytes that a client says first, without waiting for an answer: the preface of 24 octets and a SETTINGS frame,
/// whose header has nine (RFC 9113 sections 3.4 and 4.1).
const FIRST_BYTES: usize = 24 + 9;

/// The bytes of a connection, with TLS or without.
trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A connection on which gRPC is about to be spoken.
pub(crate) struct Connection {
    bytes: Opening<Box<dyn Bytes>>,
    link: Link,
}

impl Connection {
    fn new(bytes: impl Bytes + 'static, link: Link, deadline: Instant) -> Self {
        Self {
            bytes: Opening::new(Box::new(bytes), FIRST_BYTES, deadline),
            link,
        }
    }
}

/// Gives requests their [`Link`]: whoever shows a client's token is not closed to make room for others.
impl Connected for Connection {
    type ConnectInfo = Link;

    fn connect_info(&self) -> Link {
        self.link.clone()
    }
}

/// The connections of this listener, until the stream is dropped.
pub(crate) fn incoming(
    listener: Listener,
    tls: Option<TlsAcceptor>,
) -> ReceiverStream<Result<Connection, io::Error>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            () = accept(&listener, tls.as_ref(), &sender) => {}
        }
    });
    ReceiverStream::new(receiver)
}

async fn accept(
    listener: &Listener,
    tls: Option<&TlsAcceptor>,
    sender: &Sender<Result<Connection, io::Error>>,
) {
    loop {
        // Where all places are taken by clients of ours, there is no way to say so before HTTP/2.
        let Admitted::In(stream, guest) = listener.accept().await else {
            continue;
        };
        let deadline = Instant::now() + OPEN_WITHIN;
        let link = Link::new(guest, stream.unread());
        match tls {
            None => drop(sender.send(Ok(Connection::new(stream, link, deadline))).await),
            // A handshake takes its time, and holds up nobody else's.
            Some(tls) => drop(tokio::spawn(shake_hands(
                tls.clone(),
                stream,
                link,
                deadline,
                sender.clone(),
            ))),
        }
    }
}

async fn shake_hands(
    tls: TlsAcceptor,
    stream: Stream,
    link: Link,
    deadline: Instant,
    sender: Sender<Result<Connection, io::Error>>,
) {
    // Why a handshake failed is the caller's affair, and anybody's to cause.
    if let Ok(Ok(stream)) = timeout_at(deadline, tls.accept(stream)).await {
        let _ = sender.send(Ok(Connection::new(stream, link, deadline))).await;
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.bytes).poll_read(context, buffer);
        self.link.note(&read);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.bytes.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(context)
    }
}
