//! `aldis.host.crypto/1`: hashes and signatures for libraries that link none. Pure: bytes in, bytes out.

use aldis_carrier::abi::{
    E_INVALID, E_LIMIT, HASH_SHA1, HASH_SHA256, HASH_SHA512, HOST_CRYPTO, HostCrypto, OK, Str,
};
use aldis_carrier::copying::size_of_u32;
use aws_lc_rs::{digest, hmac};
use std::ffi::c_void;
use std::panic::catch_unwind;

#[cfg(test)]
mod tests;

static CRYPTO: HostCrypto = HostCrypto {
    struct_size: size_of_u32::<HostCrypto>(),
    pad: 0,
    digest: Some(hash),
    hmac: Some(sign),
};

/// The table by this id; null if it is not this one.
pub(crate) fn table(id: &[u8]) -> *const c_void {
    if id == HOST_CRYPTO.as_bytes() {
        (&raw const CRYPTO).cast()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn hash(algorithm: u32, data: Str, out: *mut u8, size: usize) -> i32 {
    let algorithm = match algorithm {
        HASH_SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        HASH_SHA256 => &digest::SHA256,
        HASH_SHA512 => &digest::SHA512,
        _ => return E_INVALID,
    };
    // SAFETY: lent for the call.
    let data = unsafe { data.bytes() };
    let made = catch_unwind(|| digest::digest(algorithm, data));
    // SAFETY: the library's own buffer, lent for the call.
    made.map_or(E_INVALID, |made| unsafe { hand_over(made.as_ref(), out, size) })
}

unsafe extern "C" fn sign(algorithm: u32, key: Str, data: Str, out: *mut u8, size: usize) -> i32 {
    let algorithm = match algorithm {
        HASH_SHA1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        HASH_SHA256 => hmac::HMAC_SHA256,
        HASH_SHA512 => hmac::HMAC_SHA512,
        _ => return E_INVALID,
    };
    // SAFETY: lent for the call.
    let (key, data) = unsafe { (key.bytes(), data.bytes()) };
    let made = catch_unwind(|| hmac::sign(&hmac::Key::new(algorithm, key), data));
    // SAFETY: the library's own buffer, lent for the call.
    made.map_or(E_INVALID, |made| unsafe { hand_over(made.as_ref(), out, size) })
}

/// # Safety
/// `out` is null, or has room for `size` bytes.
unsafe fn hand_over(digest: &[u8], out: *mut u8, size: usize) -> i32 {
    if out.is_null() {
        return E_INVALID;
    }
    if size < digest.len() {
        return E_LIMIT;
    }
    // SAFETY: the caller's promise; a digest of ours lies elsewhere.
    unsafe { out.copy_from_nonoverlapping(digest.as_ptr(), digest.len()) };
    OK
}
