//! A caller gets one answer in the time it gave, and nothing is asked twice that could be sent twice.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

mod again;
mod attach;
mod health;
mod stand_in;
mod time;
mod tls;
mod ways_in;

use aldis_delivery_api::{ClientToken, DeliveryClient, Endpoint};
use aldis_message::{
    AcceptMode, Attributes, Deadline, Idempotency, IdempotencyKey, MessageBody, MessageClass, NewMessage,
    PhoneNumber, UnixMillis,
};
use std::time::Duration;

/// Long enough that only a hang reaches it.
const PLENTY: Duration = Duration::from_mins(1);

fn endpoint(uri: &str) -> Endpoint {
    Endpoint {
        uri: uri.to_owned(),
        token: ClientToken::new("a-token"),
        tls: None,
        allow_plaintext: false,
    }
}

fn client(uri: &str) -> DeliveryClient {
    DeliveryClient::connect_lazy(&endpoint(uri)).expect("a usable endpoint")
}

fn message(key: Option<&str>) -> NewMessage {
    let idempotency =
        |key| Idempotency::new(IdempotencyKey::parse(key).expect("a key"), Duration::from_mins(1));
    NewMessage {
        to: PhoneNumber::parse("+12025550100", None).expect("a number"),
        sender: None,
        body: MessageBody::parse("Your code is 123456".to_owned()).expect("a text"),
        tenant: None,
        class: MessageClass::Otp,
        accept: AcceptMode::Carrier,
        idempotency: key.map(idempotency),
        deadline: Deadline::at(UnixMillis::from_millis(4_000_000_000_000)),
        attributes: Attributes::default(),
    }
}
