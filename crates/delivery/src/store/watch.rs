//! Watches the store's files and the room they have: what was opened must be what the paths name, else whatever is written
//! is lost at the next start.

use super::files::{Files, Gone};
use super::key_file::Kept;
use super::room::Seen;
use super::trouble::Trouble;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// The time between two looks, well within the second in which a file that is gone is to be noticed.
pub(super) const EVERY: Duration = Duration::from_millis(250);

/// A thread that looks, until this is dropped or told to end.
pub(super) struct Watch {
    end: Mutex<Option<mpsc::Sender<()>>>,
}

impl Watch {
    /// Watches what these files are, without keeping them: they are given back when the store is.
    pub(super) fn start(files: &Files, seen: Arc<Seen>, trouble: Trouble) -> io::Result<Self> {
        let (end, ended) = mpsc::channel();
        let (home, opened) = (files.home().to_path_buf(), files.opened());
        let mut key = Kept::new(&home, files.key());
        std::thread::Builder::new()
            .name("store-watch".to_owned())
            .spawn(move || {
                watch(&ended, &trouble, || {
                    seen.look(&home);
                    opened.check()?;
                    key.look()
                });
            })?;
        Ok(Self {
            end: Mutex::new(Some(end)),
        })
    }

    /// Ends the watch: from now on files may go.
    pub(super) fn end(&self) {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn watch(ended: &mpsc::Receiver<()>, trouble: &Trouble, mut look: impl FnMut() -> Result<(), Gone>) {
    while ended.recv_timeout(EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
        let Err(gone) = look() else { continue };
        // The last connection removes the log and its index when the store is closed.
        if ended.try_recv() == Err(mpsc::TryRecvError::Empty) {
            trouble.fail(&gone.to_string());
        }
        return;
    }
}
