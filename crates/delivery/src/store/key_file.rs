//! The key that seals what the store keeps of idempotency keys, in a file beside the store: made once, and whole.

use super::OpenError;
use super::files::{Gone, KEY, side};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The length of the key. HMAC-SHA-256 gains nothing from a longer one (RFC 2104 section 3).
pub(super) const LENGTH: usize = 32;

/// The most that is read of the file: more than a key with its end of line has.
const MOST: u64 = 256;

/// Reads the key of this store, or makes it. The store's lock must be held.
pub(super) fn read_or_make(store: &Path) -> Result<[u8; LENGTH], OpenError> {
    let path = side(store, KEY);
    let fault = |source| OpenError::File {
        path: path.clone(),
        source,
    };
    match read(&path) {
        Ok(key) => key.ok_or_else(|| {
            let reason = "is not a key, which is 64 hexadecimal digits; without the file a new one is made, \
                          and requests that came before are not recognised any more";
            fault(io::Error::new(ErrorKind::InvalidData, reason))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => make(store, &path).map_err(fault),
        Err(error) => Err(fault(error)),
    }
}

/// The key in this file, if that is one.
fn read(path: &Path) -> io::Result<Option<[u8; LENGTH]>> {
    // Opening a pipe would wait for whoever writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    match File::open(path)?.take(MOST).read_to_string(&mut text) {
        Ok(_) => Ok(parse(&text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error),
    }
}

fn make(store: &Path, path: &Path) -> io::Result<[u8; LENGTH]> {
    let mut key = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("the system has no randomness"))?;
    write(store, path, &key)?;
    Ok(key)
}

/// A file of that name is a whole key or is not there: whoever is killed in between leaves only the new one.
fn write(store: &Path, path: &Path, key: &[u8; LENGTH]) -> io::Result<()> {
    let mut text = String::new();
    for byte in key {
        // A `String` takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    let new = side(store, ".key.new");
    // One that a kill left may have another mode.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The file as an open store needs it for its next start: without it the keys of before are forgotten.
pub(super) struct Kept {
    store: PathBuf,
    key: [u8; LENGTH],
    /// Set if the key was not there at the last look. Whoever copies it back to its place needs a moment.
    missed: bool,
}

impl Kept {
    pub(super) fn new(store: &Path, key: &[u8; LENGTH]) -> Self {
        Self {
            store: store.to_path_buf(),
            key: *key,
            missed: false,
        }
    }

    /// Looks whether the file still has the key. One that is gone at two looks is written again.
    pub(super) fn look(&mut self) -> Result<(), Gone> {
        let path = side(&self.store, KEY);
        let found = match read(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return self.restore(&path),
            // It may be readable again. A start that cannot read it says so, and makes no other.
            Err(_) => return Ok(()),
        };
        if found == Some(self.key) {
            self.missed = false;
        } else if std::mem::replace(&mut self.missed, true) {
            let gone = "has another key than the one that was read at the start, or none";
            return Err(Gone::new(&path, gone.to_owned()));
        }
        Ok(())
    }

    fn restore(&mut self, path: &Path) -> Result<(), Gone> {
        if !std::mem::replace(&mut self.missed, true) {
            return Ok(());
        }
        write(&self.store, path, &self.key)
            .map_err(|error| Gone::new(path, format!("was removed, and cannot be written again: {error}")))?;
        self.missed = false;
        tracing::error!(
            path = %path.display(),
            "the store's key was removed while delivery runs, and is written again: it belongs to the store"
        );
        Ok(())
    }
}

fn parse(text: &str) -> Option<[u8; LENGTH]> {
    let digits = text.trim_ascii_end();
    if digits.len() != 2 * LENGTH || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; LENGTH];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(key)
}
