//! Whatever stands in a configuration file is read or refused, and a refusal quotes no value.
#![no_main]

use aldis_daemon::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = config::read::<serde_json::Value>("fuzz.toml", text, "ALDIS_FUZZ", std::iter::empty());
});
