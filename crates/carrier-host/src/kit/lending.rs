//! Memory as a library is lent it: it ends where readable memory ends, it cannot be written, and when the call returns
//! it is gone.

use super::sentry::Watch;
use aldis_carrier::abi::{List, Pair, Str};
use aldis_carrier::copying::Sized32;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

/// A name with the offset of the field that has it.
pub(super) type Fields = &'static [(&'static str, usize)];

/// Something that was lent under guard.
pub(super) struct Region {
    /// What it is, in words that need no escaping.
    pub(super) what: &'static str,
    /// The call it was lent for.
    pub(super) call: &'static str,
    start: usize,
    /// First lent byte.
    pub(super) data: usize,
    /// The byte after the last.
    pub(super) end: usize,
    guard_end: usize,
    fields: Fields,
    /// Valid for the life of the process.
    lasting: bool,
    /// The call has returned.
    pub(super) revoked: Cell<bool>,
}

impl Region {
    pub(super) fn holds(&self, address: usize) -> bool {
        (self.start..self.guard_end).contains(&address)
    }

    /// The field that would lie at this address if the struct were longer.
    pub(super) fn field_at(&self, address: usize) -> Option<&'static str> {
        let offset = address.checked_sub(self.data)?;
        let before = self.fields.iter().rev().find(|(_, start)| *start <= offset)?;
        Some(before.0)
    }
}

/// How long the host's structs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Length {
    /// As long as this version has them.
    #[default]
    Own,
    /// As an older host would have them: cut after so many bytes.
    Cut(usize),
    /// As a newer host may have them: with this many bytes that nobody here knows.
    Longer(usize),
}

/// The "call" for which a table is lent that is valid for the life of the process.
pub(super) const ALWAYS: &str = "good";

/// What the unknown tail of a longer struct holds. No size, no pointer, no number that means anything.
const UNKNOWN: u8 = 0xA5;

/// A place to lend from, for the calls of one kind.
pub(super) enum Lending<'w> {
    /// Between guards, and taken away afterwards.
    Guarded(&'w Watch),
    /// Ordinary memory, for calls that are counted in thousands.
    Plain(RefCell<Vec<Box<[u64]>>>),
}

impl Lending<'_> {
    pub(super) fn plain() -> Self {
        Lending::Plain(RefCell::default())
    }

    /// Lends bytes; null when there are none.
    pub(super) fn bytes(&self, what: &'static str, call: &'static str, bytes: &[u8]) -> Str {
        if bytes.is_empty() {
            return Str::EMPTY;
        }
        Str {
            ptr: self.put(what, call, bytes, &[]),
            len: bytes.len(),
        }
    }

    /// Lends a struct of the border, in the given length.
    pub(super) fn whole<T: Sized32>(
        &self,
        (what, call): (&'static str, &'static str),
        value: &T,
        length: Length,
        fields: Fields,
    ) -> *const T {
        self.put(what, call, &shaped(value, length), fields).cast()
    }

    /// Lends pairs, each in the given length.
    pub(super) fn pairs(
        &self,
        (what, call): (&'static str, &'static str),
        pairs: &[(&str, &[u8], u32)],
        length: Length,
    ) -> List {
        if pairs.is_empty() {
            return List::EMPTY;
        }
        let mut all = Vec::new();
        for (key, value, flags) in pairs {
            let pair = Pair {
                struct_size: 0,
                flags: *flags,
                key: self.bytes(what, call, key.as_bytes()),
                value: self.bytes(what, call, value),
            };
            all.extend(shaped(&pair, length));
        }
        List {
            stride: all.len() / pairs.len(),
            len: pairs.len(),
            ptr: self.put(what, call, &all, &[]).cast::<c_void>(),
        }
    }

    fn put(&self, what: &'static str, call: &'static str, bytes: &[u8], fields: Fields) -> *const u8 {
        match self {
            Lending::Guarded(watch) => {
                let region = guarded((what, call), bytes, fields);
                let data = region.data;
                watch.regions.borrow_mut().push(region);
                ptr::with_exposed_provenance(data)
            }
            Lending::Plain(kept) => {
                // Words, so that every struct of the border is aligned.
                let mut words = vec![0_u64; bytes.len().div_ceil(8)].into_boxed_slice();
                // SAFETY: as many bytes as were asked for, rounded up.
                unsafe {
                    words
                        .as_mut_ptr()
                        .cast::<u8>()
                        .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                };
                let at = words.as_ptr().cast::<u8>();
                kept.borrow_mut().push(words);
                at
            }
        }
    }

    /// The call has returned: whatever was lent is taken back.
    pub(super) fn over(&self) {
        match self {
            Lending::Guarded(watch) => {
                let regions = watch.regions.borrow();
                let newest = regions.iter().rev().take_while(|region| !region.revoked.get());
                newest.filter(|region| !region.lasting).for_each(revoke);
            }
            Lending::Plain(kept) => kept.borrow_mut().clear(),
        }
    }
}

/// The bytes of a struct, as long as wanted, saying so in `struct_size`.
fn shaped<T: Sized32>(value: &T, length: Length) -> Vec<u8> {
    // SAFETY: a struct of the border is plain data without unnamed padding.
    let own = unsafe { std::slice::from_raw_parts(ptr::from_ref(value).cast::<u8>(), size_of::<T>()) };
    let mut bytes = own.to_vec();
    match length {
        Length::Own => {}
        Length::Cut(at) => bytes.truncate(at.max(size_of::<u32>())),
        Length::Longer(by) => bytes.resize(own.len() + by, UNKNOWN),
    }
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes[..size_of::<u32>()].copy_from_slice(&size.to_ne_bytes());
    bytes
}

pub(super) fn page() -> usize {
    // SAFETY: asks for a number.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Maps pages for the bytes and one more that cannot be touched, the last byte beside it.
fn guarded((what, call): (&'static str, &'static str), bytes: &[u8], fields: Fields) -> Region {
    let room = bytes.len().next_multiple_of(page());
    let whole = room + page();
    // SAFETY: a fresh private mapping, filled within its first `room` bytes, then closed.
    let start = unsafe {
        let start = libc::mmap(
            ptr::null_mut(),
            whole,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert_ne!(start, libc::MAP_FAILED, "no memory to lend");
        let data = start.cast::<u8>().add(room - bytes.len());
        data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        libc::mprotect(start, room, libc::PROT_READ);
        libc::mprotect(start.byte_add(room), page(), libc::PROT_NONE);
        start.expose_provenance()
    };
    Region {
        what,
        call,
        start,
        data: start + room - bytes.len(),
        end: start + room,
        guard_end: start + whole,
        fields,
        lasting: call == ALWAYS,
        revoked: Cell::new(false),
    }
}

/// Takes a region away for good: the pages are given back, the addresses never used again.
fn revoke(region: &Region) {
    // SAFETY: replaces our own mapping, of exactly this length, by one that nobody can touch.
    unsafe {
        libc::mmap(
            ptr::with_exposed_provenance_mut(region.start),
            region.guard_end - region.start,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
            -1,
            0,
        );
    }
    region.revoked.set(true);
}
