//! The key that seals what the store keeps of idempotency keys, in a file beside the store: made once, and whole.

use super::OpenError;
use super::files::{KEY, side};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The length of the key. HMAC-SHA-256 gains nothing from a longer one (RFC 2104 section 3).
const LENGTH: usize = 32;

/// Reads the key of this store, or makes it. The store's lock must be held.
pub(super) fn read_or_make(store: &Path) -> Result<[u8; LENGTH], OpenError> {
    let path = side(store, KEY);
    let fault = |source| OpenError::File {
        path: path.clone(),
        source,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text).ok_or_else(|| {
            let reason = "is not a key, which is 64 hexadecimal digits; without the file a new one is made, \
                          and requests that came before are not recognised any more";
            fault(io::Error::new(ErrorKind::InvalidData, reason))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => make(store, &path).map_err(fault),
        Err(error) => Err(fault(error)),
    }
}

/// A file of that name is a whole key or is not there: whoever is killed in between leaves only the new one.
fn make(store: &Path, path: &Path) -> io::Result<[u8; LENGTH]> {
    let mut key = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("the system has no randomness"))?;
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
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(key)
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
