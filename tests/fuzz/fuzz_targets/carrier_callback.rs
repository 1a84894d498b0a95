//! No call-back is believed whose signature was not made with the secret.
#![no_main]

use aldis_carrier::Webhook;
use aldis_carrier::testing::{Bench, Callback};
use aldis_carrier_twilio::Twilio;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|call: (&str, &[u8], &str)| {
    let settings = json!({ "account_sid": "AC00000000000000000000000000000000", "from": "+12025550199" });
    let twilio = Bench::<Twilio>::new(&settings, &[("auth_token", "planted")]).expect("good settings");
    let callback = Callback::post(call.0, call.1).header("X-Twilio-Signature", call.2);
    assert!(!matches!(twilio.webhook(&callback), Ok(Webhook::Verified { .. })));
});
