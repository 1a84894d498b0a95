//! Bytes on their way out of one connection, counted, so that it is known which messages may have left.

use aldis_carrier::abi::WRITE_LIMIT;
use bytes::{Buf, BytesMut};
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// With more than this waiting nothing new is begun.
const FULL: usize = 1024 * 1024;

/// What is to be written.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: BytesMut,
    queued: u64,
    left: u64,
    unflushed: bool,
    /// What was to be written was dropped, perhaps in the middle of a PDU: nothing can follow it.
    cut: bool,
}

impl Outbox {
    /// False: more waits than may (`ALDIS_WRITE_LIMIT`), and these do not.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        if self.cut {
            return true;
        }
        if self.waiting.len().saturating_add(bytes.len()) > WRITE_LIMIT {
            return false;
        }
        self.waiting.extend_from_slice(bytes);
        self.queued = self.queued.saturating_add(bytes.len() as u64);
        true
    }

    /// Drops what has not left.
    pub(super) fn forget(&mut self) {
        self.cut |= !self.waiting.is_empty();
        self.waiting.clear();
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

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.unflushed
    }

    /// Writes a piece, or flushes. May be dropped and called again: nothing is written twice.
    pub(super) async fn write(&mut self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        if self.waiting.is_empty() {
            to.flush().await?;
            self.unflushed = false;
            return Ok(());
        }
        match to.write(&self.waiting).await {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                self.waiting.advance(written);
                self.left = self.left.saturating_add(written as u64);
                self.unflushed = true;
                Ok(())
            }
            Err(error) => {
                // TLS takes bytes before it writes them: what was offered may have left.
                self.left = self.queued;
                Err(error)
            }
        }
    }
}
