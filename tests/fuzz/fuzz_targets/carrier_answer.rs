//! Whatever a carrier's API answers has a class, and only a 2xx is ever taken for a yes.
#![no_main]

use aldis_carrier::Class;
use aldis_carrier::testing::{Answer, Bench, TestMessage};
use aldis_carrier_twilio::Twilio;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|answer: (u16, &[u8])| {
    let settings = json!({ "account_sid": "AC00000000000000000000000000000000", "from": "+12025550199" });
    let twilio = Bench::<Twilio>::new(&settings, &[("auth_token", "planted")]).expect("good settings");
    let message = TestMessage::new("+12025550100", "Hello");
    let status = 100 + answer.0 % 500;
    let outcome = twilio
        .attempt(&message, [Answer::new(status, answer.1)])
        .expect("a word")
        .outcome;
    assert!(outcome.class != Class::Accepted || (200..300).contains(&status));
});
