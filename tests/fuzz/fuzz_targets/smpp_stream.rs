//! Whatever an SMSC sends is read without a panic, in either alphabet.
#![no_main]

use aldis_carrier_smpp::fuzzing::read_stream;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: (bool, &[u8])| {
    let (latin1, bytes) = input;
    let default_alphabet = if latin1 { "latin1" } else { "gsm" };
    let settings = json!({
        "host": "localhost", "system_id": "acme", "password": "made-up", "default_alphabet": default_alphabet,
    });
    if let Ok(settings) = serde_json::from_value(settings) {
        read_stream(settings, bytes);
    }
});
