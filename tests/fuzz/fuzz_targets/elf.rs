//! Whatever lies in a plugin folder is looked at without a panic.
#![no_main]

use aldis_carrier_host::Isolation;
use aldis_carrier_host::elf::faults;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = faults(bytes, Isolation::Worker);
    let _ = faults(bytes, Isolation::InProcess);
});
