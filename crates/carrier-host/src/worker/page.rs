//! One page of memory that delivery and a worker share: it holds the call the worker is at, also after its death.

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

const SIZE: usize = 4096;

pub(crate) struct Page(NonNull<AtomicU64>);

// SAFETY: nothing but an atomic is ever reached through it.
unsafe impl Send for Page {}
// SAFETY: as above.
unsafe impl Sync for Page {}

impl Page {
    /// A new one, and what to hand to the worker. Its size is fixed for good: a page that a worker took away would end
    /// delivery with SIGBUS at its next look, whatever else confines the worker.
    pub(crate) fn new() -> std::io::Result<(Self, OwnedFd)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = memfd_create("aldis-worker-page", flags)?;
        ftruncate(&memory, SIZE as u64)?;
        fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self::of(&memory)?, memory))
    }

    /// The one that was handed over.
    pub(crate) fn of(memory: impl AsFd) -> std::io::Result<Self> {
        let rights = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses a place where nothing is.
        let place = unsafe { mmap(std::ptr::null_mut(), SIZE, rights, MapFlags::SHARED, memory, 0) }?;
        NonNull::new(place.cast())
            .map(Self)
            .ok_or_else(|| std::io::ErrorKind::OutOfMemory.into())
    }

    /// The worker is at this call; 0: at none.
    pub(crate) fn set(&self, call: u64) {
        self.word().store(call, Ordering::Release);
    }

    pub(crate) fn get(&self) -> u64 {
        self.word().load(Ordering::Acquire)
    }

    fn word(&self) -> &AtomicU64 {
        // SAFETY: mapped for as long as `self`, aligned to a page, and any bytes are an atomic number.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: mapped by `of` with this size; no reference to it outlives `self`.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), SIZE) };
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Page").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, SIZE};
    use rustix::fs::{FallocateFlags, SealFlags, fallocate, fcntl_add_seals, fstat, ftruncate};

    #[test]
    fn nobody_takes_it_away() {
        let (page, memory) = Page::new().expect("a page");
        for size in [0, 1, SIZE as u64 - 1, SIZE as u64 * 2] {
            assert!(ftruncate(&memory, size).is_err(), "{size}");
        }
        assert!(fallocate(&memory, FallocateFlags::empty(), 0, SIZE as u64 * 2).is_err());
        assert!(
            fcntl_add_seals(&memory, SealFlags::WRITE).is_err(),
            "nor makes it read-only"
        );
        page.set(7);
        assert_eq!(page.get(), 7);
        assert_eq!(fstat(&memory).expect("a file").st_size, 4096);
    }
}
