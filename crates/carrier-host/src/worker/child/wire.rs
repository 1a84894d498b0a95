//! The worker's end of the socket: reads what is there, and writes its answers together before it waits for more.

use crate::worker::frame;
use bytes::BytesMut;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Answers are sent at the latest when there are so many bytes of them.
const MOST: usize = 64 * 1024;

pub(super) struct Wire {
    // A file, for its plain read(2) and write(2) are the fewest system calls to allow.
    socket: File,
    arrived: Mutex<BytesMut>,
    leaving: Mutex<Vec<u8>>,
}

impl Wire {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self {
            socket: socket.into(),
            arrived: Mutex::default(),
            leaving: Mutex::default(),
        }
    }

    /// The next frame; `None`: delivery has left.
    pub(super) fn next(&self) -> Result<Option<BytesMut>, String> {
        let mut arrived = lock(&self.arrived);
        loop {
            if let Some(frame) = frame::next(&mut arrived, frame::TO_WORKER)? {
                return Ok(Some(frame));
            }
            self.flush(&mut lock(&self.leaving))?;
            let mut bytes = [0; 16 * 1024];
            match (&self.socket).read(&mut bytes) {
                Ok(0) => return Ok(None),
                Ok(count) => arrived.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    pub(super) fn receive<T: DeserializeOwned>(&self) -> Result<Option<T>, String> {
        self.next()?.map(|frame| frame::read(&frame)).transpose()
    }

    /// Sends it sooner or later.
    pub(super) fn put(&self, frame: &impl Serialize) -> Result<(), String> {
        let mut leaving = lock(&self.leaving);
        frame::put(frame, &mut leaving)?;
        if leaving.len() < MOST {
            return Ok(());
        }
        self.flush(&mut leaving)
    }

    /// Sends it now, after what was put before.
    pub(super) fn say(&self, frame: &impl Serialize) -> Result<(), String> {
        let mut leaving = lock(&self.leaving);
        frame::put(frame, &mut leaving)?;
        self.flush(&mut leaving)
    }

    fn flush(&self, leaving: &mut Vec<u8>) -> Result<(), String> {
        let written = (&self.socket).write_all(leaving);
        leaving.clear();
        written.map_err(|error| error.to_string())
    }
}

impl AsRawFd for Wire {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
