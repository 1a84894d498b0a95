//! The bytes on their way out of one connection. They are counted, so that it is known which messages may have left, and
//! each is known with its message, so that a message that is over is taken back.

use aldis_carrier::abi::WRITE_LIMIT;
use bytes::{Buf, BytesMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use tokio::io::{AsyncWrite, AsyncWriteExt};

#[cfg(test)]
mod tests;

/// With more than this waiting nothing new is begun.
const FULL: usize = 1024 * 1024;

/// The memory that is kept though nothing waits.
const KEPT: usize = 64 * 1024;

/// The bytes to be written, counted from the first one of the connection.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: BytesMut,
    /// The most that waited in this memory.
    most: usize,
    /// The bytes that belong to a message: those that its submit wrote. Of the others nobody knows.
    pieces: VecDeque<Piece>,
    queued: u64,
    left: u64,
    unflushed: bool,
    /// Bytes were dropped, perhaps in the middle of a PDU: nothing can follow them.
    cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    token: u64,
    start: u64,
    end: u64,
}

/// The messages that were taken back, in order: the bytes behind them are counted anew.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Messages of which no byte had left, and none will.
    pub(super) whole: Vec<u64>,
    /// One of which a part had left and the rest is there still.
    pub(super) begun: Option<u64>,
    /// The place where each ended, and how many bytes had been taken back by then.
    gaps: Vec<(u64, u64)>,
}

impl Taken {
    /// Returns what has become of a place in the stream.
    pub(super) fn moved(&self, place: u64) -> u64 {
        let before = self.gaps.partition_point(|(end, _)| *end <= place);
        let gone = before.checked_sub(1).and_then(|last| self.gaps.get(last));
        place - gone.map_or(0, |(_, sum)| *sum)
    }
}

impl Outbox {
    /// Queues bytes of a message, or of none. False: more waits than may (`ALDIS_WRITE_LIMIT`), and these do not.
    pub(super) fn push(&mut self, bytes: &[u8], token: Option<u64>) -> bool {
        if self.cut {
            return true;
        }
        if self.waiting.len().saturating_add(bytes.len()) > WRITE_LIMIT {
            return false;
        }
        let start = self.queued;
        self.waiting.extend_from_slice(bytes);
        self.most = self.most.max(self.waiting.len());
        self.queued = self.queued.saturating_add(bytes.len() as u64);
        let Some(token) = token.filter(|_| !bytes.is_empty()) else {
            return true;
        };
        match self.pieces.back_mut() {
            Some(piece) if piece.token == token && piece.end == start => piece.end = self.queued,
            _ => self.pieces.push_back(Piece {
                token,
                start,
                end: self.queued,
            }),
        }
        true
    }

    /// Drops what has not left.
    pub(super) fn forget(&mut self) {
        self.cut |= !self.waiting.is_empty();
        self.waiting = BytesMut::new();
        self.most = 0;
        self.pieces.clear();
        self.unflushed = false;
    }

    /// Bytes ever queued: where the next message's begin.
    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    /// Bytes that may have left the machine.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The memory that it takes: a little more than what waits, or what waited before.
    pub(super) fn weight(&self) -> usize {
        self.most
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.unflushed
    }

    /// Writes a piece, or flushes. May be dropped and called again: nothing is written twice. False: it wrote nothing,
    /// because one of the messages that wait is over, as `look` says at that moment.
    pub(super) async fn write<Over: Fn(u64) -> bool>(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        look: impl Fn() -> Over,
    ) -> io::Result<bool> {
        if self.waiting.is_empty() {
            to.flush().await?;
            self.unflushed = false;
            return Ok(true);
        }
        let (waiting, pieces) = (&self.waiting, &self.pieces);
        let written = poll_fn(|context| {
            // At each look: a process that was stopped, or a peer that did not read, goes on whenever it likes.
            let over = look();
            if pieces.iter().any(|piece| over(piece.token)) {
                return Poll::Ready(Ok(None));
            }
            Pin::new(&mut *to).poll_write(context, waiting).map_ok(Some)
        });
        match written.await {
            Ok(None) => Ok(false),
            Ok(Some(0)) => Err(io::ErrorKind::WriteZero.into()),
            Ok(Some(written)) => {
                self.waiting.advance(written);
                self.shrink();
                self.left = self.left.saturating_add(written as u64);
                let gone = self.pieces.partition_point(|piece| piece.end <= self.left);
                self.pieces.drain(..gone);
                self.unflushed = true;
                Ok(true)
            }
            Err(error) => {
                // TLS takes bytes before it writes them: what was offered may have left.
                self.left = self.queued;
                self.pieces.clear();
                Err(error)
            }
        }
    }

    /// Takes back what waits of the messages that are over, if nothing of them has left.
    pub(super) fn take_back(&mut self, over: impl Fn(u64) -> bool) -> Taken {
        let mut taken = Taken::default();
        if !self.pieces.iter().any(|piece| over(piece.token)) {
            return taken;
        }
        let (first, mut sum, mut at) = (self.left, 0, self.left);
        let mut kept = BytesMut::with_capacity(self.waiting.len());
        let mut pieces = VecDeque::with_capacity(self.pieces.len());
        let waiting = &self.waiting;
        let copy = |kept: &mut BytesMut, from: u64, to: u64| {
            let place = |place: u64| usize::try_from(place - first).unwrap_or(usize::MAX);
            kept.extend_from_slice(waiting.get(place(from)..place(to)).unwrap_or_default());
        };
        for piece in self.pieces.drain(..) {
            let over = over(piece.token);
            if over && piece.start >= first {
                copy(&mut kept, at, piece.start);
                at = piece.end;
                sum += piece.end - piece.start;
                taken.gaps.push((piece.end, sum));
                taken.whole.push(piece.token);
                continue;
            }
            if over {
                taken.begun = Some(piece.token);
            }
            pieces.push_back(Piece {
                token: piece.token,
                start: piece.start - sum,
                end: piece.end - sum,
            });
        }
        copy(&mut kept, at, self.queued);
        self.waiting = kept;
        self.shrink();
        self.pieces = pieces;
        self.queued -= sum;
        taken
    }

    /// Gives memory back once most of it is empty. Otherwise links whose carriers take everything in the end would keep
    /// what it needed at its worst, each of them.
    fn shrink(&mut self) {
        if self.most > KEPT && self.waiting.len() <= self.most / 4 {
            self.waiting = BytesMut::from(&self.waiting[..]);
            self.most = self.waiting.len();
        }
    }
}
