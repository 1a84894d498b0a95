//! Whatever stands in a gateway call's body is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    aldis_edge::fuzzing::body(bytes);
});
