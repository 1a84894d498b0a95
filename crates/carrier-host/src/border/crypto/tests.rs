//! Whatever is hashed, signed or encoded has the value that its standard gives.

use super::table;
use aldis_carrier::abi::{
    E_INVALID, E_LIMIT, HASH_SHA1, HASH_SHA256, HASH_SHA512, HOST_CRYPTO, HostCrypto, OK, Str,
};
use aldis_carrier::copying::copy;
use std::fmt::Write as _;

fn crypto() -> HostCrypto {
    // SAFETY: the table by this id has this type, and is static.
    unsafe { copy(table(HOST_CRYPTO.as_bytes()).cast::<HostCrypto>()) }.expect("a table")
}

/// What a function writes, in hexadecimal, or what it returns.
fn written(ask: impl FnOnce(*mut u8, usize) -> i32) -> Result<String, i32> {
    let mut out = [0_u8; 64];
    let answer = ask(out.as_mut_ptr(), out.len());
    if answer != OK {
        return Err(answer);
    }
    Ok(out.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string");
        hex
    }))
}

/// FIPS 180-4's \"abc\", and RFC 2202 and RFC 4231, second test case.
#[test]
fn the_published_vectors() {
    let (digest, hmac) = (crypto().digest.expect("digest"), crypto().hmac.expect("hmac"));
    for (algorithm, hash, signature) in [
        (
            HASH_SHA1,
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (
            HASH_SHA256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            HASH_SHA512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ] {
        // SAFETY: everything is lent for the call.
        let made = written(|out, size| unsafe { digest(algorithm, Str::of("abc"), out, size) });
        assert_eq!(made.as_ref().map(|made| &made[..hash.len()]), Ok(hash));
        let data = Str::of("what do ya want for nothing?");
        // SAFETY: as above.
        let made = written(|out, size| unsafe { hmac(algorithm, Str::of("Jefe"), data, out, size) });
        assert_eq!(made.as_ref().map(|made| &made[..signature.len()]), Ok(signature));
    }
}

#[test]
fn what_cannot_be_is_refused_and_nothing_written() {
    let (digest, hmac) = (crypto().digest.expect("digest"), crypto().hmac.expect("hmac"));
    let mut small = [7_u8; 31];
    let (out, size) = (small.as_mut_ptr(), small.len());
    // SAFETY: everything is lent for the call.
    unsafe {
        assert_eq!(digest(HASH_SHA256, Str::EMPTY, out, size), E_LIMIT);
        assert_eq!(hmac(HASH_SHA256, Str::EMPTY, Str::EMPTY, out, size), E_LIMIT);
        for unknown in [0, 4, u32::MAX] {
            assert_eq!(digest(unknown, Str::EMPTY, out, size), E_INVALID);
            assert_eq!(hmac(unknown, Str::EMPTY, Str::EMPTY, out, size), E_INVALID);
        }
        assert_eq!(digest(HASH_SHA1, Str::EMPTY, std::ptr::null_mut(), 64), E_INVALID);
    }
    assert_eq!(small, [7; 31]);
    assert!(table(b"aldis.host.crypto/2").is_null() && table(b"").is_null());
}
