//! A library's file, read once and sealed: what was hashed and looked at is what is mapped, whatever becomes of the file.

use crate::Sha256;
use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

/// Larger than any carrier; Go's are 3 MB, Rust's under 1 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The bytes of a file.
pub(crate) struct Read {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: Sha256,
}

/// Reads a regular file that is no link. The error completes "<path>: ".
pub(crate) fn read(real: &Path) -> Result<Read, String> {
    let loads = |error: &dyn std::fmt::Display| format!("it cannot be loaded: {error}");
    let file = open(real).map_err(|error| loads(&error))?;
    let about = file.metadata().map_err(|error| loads(&error))?;
    if !about.is_file() {
        return Err("it is no regular file".into());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| loads(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST / 1024 / 1024));
    }
    let sha256 = Sha256::of(&bytes);
    Ok(Read { bytes, sha256 })
}

fn open(real: &Path) -> std::io::Result<File> {
    // The path has no links in it; if one has come meanwhile, somebody swaps files under us.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(rustix::fs::open(real, flags, Mode::empty())?.into())
}

/// Each try waits some 150 ms in the kernel besides.
const SEAL_TRIES: u32 = 20;
const SEAL_AGAIN: std::time::Duration = std::time::Duration::from_millis(20);

/// Bytes in memory that nobody can change any more (`memfd_create(2)`).
pub(crate) struct Sealed(OwnedFd);

/// The error completes "<path>: ".
pub(crate) fn seal(read: &Read) -> Result<Sealed, String> {
    let cannot = |error: std::io::Error| format!("it cannot be kept in sealed memory: {error}");
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = memfd_create("aldis-carrier", flags).map_err(|error| cannot(error.into()))?;
    let mut memory = File::from(memory);
    memory.write_all(&read.bytes).map_err(cannot)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    seal_when_let(&memory, seals).map_err(|error| cannot(error.into()))?;
    Ok(Sealed(memory.into()))
}

/// Adds the seals. The kernel refuses that with EBUSY while it holds a page of the file itself for a moment, as reclaim and
/// migration do (`memfd_wait_for_pins` of mm/memfd.c), however nobody else has the file.
fn seal_when_let(memory: &File, seals: SealFlags) -> rustix::io::Result<()> {
    for _ in 0..SEAL_TRIES {
        match fcntl_add_seals(memory, seals) {
            Err(rustix::io::Errno::BUSY) => std::thread::sleep(SEAL_AGAIN),
            done => return done,
        }
    }
    fcntl_add_seals(memory, seals)
}

impl Sealed {
    /// As it was handed to a worker.
    pub(crate) fn received(memory: OwnedFd) -> Self {
        Self(memory)
    }

    /// To hand to workers.
    pub(crate) fn try_clone(&self) -> std::io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// The path it is mapped by, for the life of the process: the loader knows a library by this name, and another one
    /// must not come to have it.
    pub(crate) fn lasting_path(self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.into_raw_fd()))
    }
}
