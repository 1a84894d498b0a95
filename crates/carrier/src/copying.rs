//! Reading a peer's memory: copies only, and never more than the peer says it has.

use crate::abi::{
    Entry, Event, Host, HostCrypto, Http, HttpReq, HttpResp, InstanceCfg, Link, LinkSink, List, Msg, Op,
    Outcome, Pair, Part, Sess, SessInfo, Session, Str, Test, Webhook, WebhookReq, WebhookSink,
};
use std::mem::{MaybeUninit, size_of};

/// More elements than this are a broken peer, not a list.
const LONGEST_LIST: usize = 4096;

/// A struct of the border: plain old data that may be all zeros, and begins with `struct_size`.
///
/// # Safety
/// `#[repr(C)]`, every bit pattern of zeros valid, first field `struct_size: u32`.
pub unsafe trait Sized32: Copy {}

macro_rules! sized {
    ($($name:ty),*) => {$(
        // SAFETY: repr(C), integers, pointers and optional functions only, `struct_size` first.
        unsafe impl Sized32 for $name {}
    )*};
}
sized!(
    Entry,
    Event,
    Host,
    HostCrypto,
    Http,
    HttpReq,
    HttpResp,
    InstanceCfg,
    Link,
    LinkSink,
    Msg,
    Op,
    Outcome,
    Pair,
    Part,
    Sess,
    SessInfo,
    Session,
    Test,
    Webhook,
    WebhookReq,
    WebhookSink
);

/// The peer's struct in our own size: what it lacks is zero, what we do not know is left out.
///
/// `None` for a null pointer, or a size too small to be one.
///
/// # Safety
/// `peer` is null, or readable for as many bytes as its first four say.
pub unsafe fn copy<T: Sized32>(peer: *const T) -> Option<T> {
    if peer.is_null() {
        return None;
    }
    // SAFETY: at least `struct_size` itself is there.
    let stated = unsafe { peer.cast::<u32>().read_unaligned() } as usize;
    // A true size is a multiple of the alignment; rounding down leaves no pointer cut in half.
    let whole = stated - stated % align_of::<T>();
    if whole == 0 {
        return None;
    }
    // SAFETY: the peer has `stated` bytes.
    Some(unsafe { prefix(peer.cast(), whole) })
}

/// # Safety
/// `from` is readable for `stated` bytes; zeros are a valid `T`.
unsafe fn prefix<T: Copy>(from: *const u8, stated: usize) -> T {
    let mut mine = MaybeUninit::<T>::zeroed();
    // SAFETY: `mine` has size_of::<T> bytes, the peer has `stated`.
    unsafe {
        std::ptr::copy_nonoverlapping(from, mine.as_mut_ptr().cast::<u8>(), stated.min(size_of::<T>()));
    }
    // SAFETY: zeros are valid, and the peer's bytes are of the same layout.
    unsafe { mine.assume_init() }
}

impl Str {
    /// Nothing.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
    };

    /// Lends bytes for a call.
    pub fn of(bytes: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        let bytes = bytes.as_ref();
        if bytes.is_empty() {
            Self::EMPTY
        } else {
            Self {
                ptr: bytes.as_ptr(),
                len: bytes.len(),
            }
        }
    }

    /// The lent bytes.
    ///
    /// # Safety
    /// `ptr` is null, or readable for `len` bytes as long as `'a` lasts.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 || isize::try_from(self.len).is_err() {
            return &[];
        }
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }

    /// The lent text; `None` if it is not UTF-8.
    ///
    /// # Safety
    /// As for [`Str::bytes`].
    pub unsafe fn text<'a>(self) -> Option<&'a str> {
        // SAFETY: the caller's promise.
        std::str::from_utf8(unsafe { self.bytes() }).ok()
    }

    /// A copy of the lent text; what is not UTF-8 is replaced.
    ///
    /// # Safety
    /// As for [`Str::bytes`].
    pub unsafe fn to_text(self) -> String {
        // SAFETY: the caller's promise.
        String::from_utf8_lossy(unsafe { self.bytes() }).into_owned()
    }
}

impl List {
    /// Nothing.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
        stride: 0,
    };

    /// Lends elements for a call.
    pub fn of<T: Copy>(elements: &[T]) -> Self {
        if elements.is_empty() {
            return Self::EMPTY;
        }
        Self {
            ptr: elements.as_ptr().cast(),
            len: elements.len(),
            stride: size_of::<T>(),
        }
    }

    /// The pairs of a list of [`Pair`]: key, value, flags.
    ///
    /// # Safety
    /// The list holds pairs, and they and their texts live as long as `'a`.
    pub unsafe fn pairs<'a>(self) -> Vec<(&'a [u8], &'a [u8], u32)> {
        // SAFETY: the caller's promise; zeros are a valid Pair.
        let pairs: Vec<Pair> = unsafe { self.elements() };
        // SAFETY: the caller's promise.
        pairs
            .into_iter()
            .map(|pair| unsafe { (pair.key.bytes(), pair.value.bytes(), pair.flags) })
            .collect()
    }

    /// The lent texts of a list of [`Str`].
    ///
    /// # Safety
    /// The list holds `Str`s, and it and their texts live as long as `'a`.
    pub unsafe fn lent_texts<'a>(self) -> Vec<&'a [u8]> {
        // SAFETY: the caller's promise; zeros are a valid Str.
        let texts: Vec<Str> = unsafe { self.elements() };
        // SAFETY: the caller's promise.
        texts.into_iter().map(|text| unsafe { text.bytes() }).collect()
    }

    /// The texts of a list of [`Str`]; what is not UTF-8 is replaced.
    ///
    /// # Safety
    /// The list holds `Str`s, and it and their texts are readable.
    pub unsafe fn texts(self) -> Vec<String> {
        // SAFETY: the caller's promise; zeros are a valid Str.
        let texts: Vec<Str> = unsafe { self.elements() };
        // SAFETY: the caller's promise.
        texts.into_iter().map(|text| unsafe { text.to_text() }).collect()
    }

    /// # Safety
    /// The list holds `T`s or longer versions of them; zeros are a valid `T`.
    unsafe fn elements<T: Copy>(self) -> Vec<T> {
        if self.ptr.is_null() || self.stride == 0 {
            return Vec::new();
        }
        (0..self.len.min(LONGEST_LIST))
            // SAFETY: element `index` begins there and has `stride` bytes.
            .map(|index| unsafe { prefix(self.ptr.cast::<u8>().add(index * self.stride), self.stride) })
            .collect()
    }
}

impl Pair {
    /// Lends a key with its value.
    pub fn of(key: &(impl AsRef<[u8]> + ?Sized), value: &(impl AsRef<[u8]> + ?Sized), flags: u32) -> Self {
        Self {
            struct_size: size_of_u32::<Self>(),
            flags,
            key: Str::of(key),
            value: Str::of(value),
        }
    }
}

/// A struct's size, as `struct_size` wants it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "no struct of the border is larger than a few hundred bytes"
)]
pub const fn size_of_u32<T>() -> u32 {
    size_of::<T>() as u32
}
