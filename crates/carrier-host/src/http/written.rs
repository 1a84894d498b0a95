//! A request body that knows whether a connection has taken the request.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Set once a connection may have sent something of the request.
#[derive(Clone)]
pub(super) struct Written(Arc<AtomicBool>);

impl Written {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The body to send and the flag it will set.
pub(super) fn watch(bytes: Bytes) -> (Watched, Written) {
    let written = Written(Arc::new(AtomicBool::new(false)));
    let body = Watched {
        bytes,
        written: written.clone(),
    };
    (body, written)
}

/// A connection of hyper asks `is_end_stream` when it takes a request off its queue, before it writes the head
/// (`proto/h1/dispatch.rs`), and polls the body only after that. Nobody asks earlier, and a request that finds its
/// connection closed is handed back unasked. Either sign counts: a sign too early only turns a `no` into a `maybe`.
pub(super) struct Watched {
    bytes: Bytes,
    written: Written,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.written.set();
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready(if bytes.is_empty() {
            None
        } else {
            Some(Ok(Frame::data(bytes)))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.written.set();
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
