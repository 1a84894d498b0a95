//! One page of memory that delivery and a worker share: it holds the call the worker is at, also after its death.

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
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
    /// A new one, and what to hand to the worker.
    pub(crate) fn new() -> std::io::Result<(Self, OwnedFd)> {
        let memory = memfd_create("aldis-worker-page", MemfdFlags::CLOEXEC)?;
        ftruncate(&memory, SIZE as u64)?;
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
