//! Whatever a library makes its worker send is read or refused without a panic.
#![no_main]

use aldis_carrier_host::worker::count_frames;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = count_frames(bytes);
});
