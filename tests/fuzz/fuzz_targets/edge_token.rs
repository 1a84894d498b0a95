//! Whatever stands in an `Authorization` header is judged, and only a good signature is believed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(
        !aldis_edge::fuzzing::authorization(bytes),
        "believed without the secret"
    );
    let (header, claims) = bytes.split_at(bytes.len() / 2);
    aldis_edge::fuzzing::signed(header, claims);
    aldis_edge::fuzzing::signed(br#"{"alg":"HS256"}"#, bytes);
});
