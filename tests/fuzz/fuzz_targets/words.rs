//! The words parse any text, and a text's segments put together are the text.
#![no_main]

use aldis_message::{MessageBody, PhoneNumber, Sender};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(number) = PhoneNumber::parse(text, None) {
        assert_eq!(PhoneNumber::parse(number.expose(), None).ok(), Some(number));
    }
    let _ = Sender::parse(text);
    if let Ok(body) = MessageBody::parse(text.to_owned()) {
        let joined: String = body
            .segments()
            .parts()
            .iter()
            .map(|part| &body.expose()[part.clone()])
            .collect();
        assert_eq!(joined, body.expose());
    }
});
