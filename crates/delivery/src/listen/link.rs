//! The connection a request came over: who is at its other end, and how far its bytes have been read.

use aldis_daemon::listener::{Guest, Unread};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use tokio::sync::Notify;
use tokio::task::yield_now;

/// A request's connection. It travels with each request.
#[derive(Clone)]
pub(crate) struct Link {
    guest: Guest,
    reading: Arc<Reading>,
}

struct Reading {
    unread: Unread,
    /// Set while the reader has had all that was read, and waits.
    waits: AtomicBool,
    /// Told each time that it begins to wait.
    begins_to_wait: Notify,
}

impl Link {
    pub(super) fn new(guest: Guest, unread: Unread) -> Self {
        Self {
            guest,
            reading: Arc::new(Reading {
                unread,
                waits: AtomicBool::new(false),
                begins_to_wait: Notify::new(),
            }),
        }
    }

    pub(crate) fn guest(&self) -> &Guest {
        &self.guest
    }

    /// Takes note of a read, below which nothing keeps bytes back.
    pub(super) fn note<T>(&self, read: &Poll<T>) {
        self.reading.waits.store(read.is_pending(), Ordering::Release);
        if read.is_pending() {
            self.reading.begins_to_wait.notify_waiters();
        }
    }

    /// Waits until all has been read that the caller had sent when this was called, and the server has had the time to drop
    /// a request that was reset.
    ///
    /// Where this process stood still (a paused machine, a debugger), requests come up that were given up long ago, and what
    /// says so lies behind them in the kernel.
    pub(crate) async fn caught_up(&self) {
        let reading = &*self.reading;
        let before = reading.unread.emptied();
        loop {
            let mut begins_to_wait = pin!(reading.begins_to_wait.notified());
            begins_to_wait.as_mut().enable();
            let waits = reading.waits.load(Ordering::Acquire);
            if waits && (reading.unread.emptied() != before || !reading.unread.any()) {
                break;
            }
            begins_to_wait.await;
        }
        // The server looks for a reset whenever the handler has to wait.
        yield_now().await;
    }
}

#[cfg(test)]
mod tests;
