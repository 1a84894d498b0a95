//! Measures the room that the store's file system has left, and judges what it is enough for.
//!
//! It counts as full while there is still room for what is under way: its outcomes and its receipts must be written in any
//! case, and a write that finds no room at all ends the store.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The room below which it counts as full: a fiftieth of the file system, or 64 MiB where that is less. The log may
/// grow to 16 MiB before it is folded into the file, and a batch is as much again.
const LEAST: (u64, u64) = (50, 64 * 1024 * 1024);
/// The room below which it is warned of: a tenth, or 1 GiB where that is less.
const LOW: (u64, u64) = (10, 1024 * 1024 * 1024);

/// The judgement of the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The room is enough for everything.
    Enough,
    /// The room is enough for everything, but an operator should know.
    Low,
    /// The outcomes of what was accepted before.
    Full,
}

/// The room of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The bytes that this user may still write.
    pub free: u64,
    /// The bytes of the whole file system; 0 if it does not say.
    pub size: u64,
}

impl Room {
    /// Asks the file system that has this file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(path)?;
        Ok(Self {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            size: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    /// Judges what it is enough for.
    pub fn level(self) -> Level {
        let below = |(part, most): (u64, u64)| self.free < (self.size / part).min(most);
        if below(LEAST) {
            Level::Full
        } else if below(LOW) {
            Level::Low
        } else {
            Level::Enough
        }
    }
}

/// The room that was seen last. A file system that does not say counts as one with room.
#[derive(Debug)]
pub(super) struct Seen {
    free: AtomicU64,
    size: AtomicU64,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            free: AtomicU64::new(u64::MAX),
            size: AtomicU64::new(0),
        }
    }
}

impl Seen {
    pub(super) fn room(&self) -> Room {
        Room {
            free: self.free.load(Ordering::Relaxed),
            size: self.size.load(Ordering::Relaxed),
        }
    }

    /// Looks again, and says so when the level changes.
    pub(super) fn look(&self, path: &Path) {
        let before = self.room().level();
        let Ok(room) = Room::of(path) else { return };
        self.free.store(room.free, Ordering::Relaxed);
        self.size.store(room.size, Ordering::Relaxed);
        let (free_bytes, size_bytes, path) = (room.free, room.size, path.display());
        match (before, room.level()) {
            (before, now) if before == now => {}
            (_, Level::Full) => tracing::error!(
                %path, free_bytes, size_bytes,
                "the store's file system is full, delivery is not ready until there is room"
            ),
            (_, Level::Low) => {
                tracing::warn!(%path, free_bytes, size_bytes, "the store's file system is nearly full");
            }
            (_, Level::Enough) => {
                tracing::info!(%path, free_bytes, size_bytes, "the store's file system has room again");
            }
        }
    }
}

#[cfg(test)]
mod tests;
