//! A message to send and a message's life mean the same on both sides of the wire.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_delivery_api::wire::{self, SendMessageRequest, send_message_request::Expiry};
use aldis_delivery_api::{
    AttemptView, Callback, CallbackAnswer, ErrorKind, MessageView, ReceiptView, request_from_wire,
    request_into_wire, view_from_wire, view_into_wire,
};
use aldis_message::{
    AcceptMode, Attributes, CarrierName, Deadline, DeliveryStatus, Encoding, Idempotency, IdempotencyKey,
    MessageBody, MessageClass, MessageId, NewMessage, OutcomeClass, PhoneNumber, Reason, ReceiptState,
    Sender, TenantName, UnixMillis,
};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

fn minimal() -> SendMessageRequest {
    SendMessageRequest {
        to: "+1 202 555 0100".to_owned(),
        text: "hello".to_owned(),
        ..Default::default()
    }
}

fn moment() -> impl Strategy<Value = UnixMillis> {
    (0u64..1 << 42).prop_map(UnixMillis::from_millis)
}

fn message() -> impl Strategy<Value = NewMessage> {
    let word = "[!-~]{1,128}";
    let key = |text: String| IdempotencyKey::parse(&text).expect("a key");
    let idempotency =
        (word, 1u64..=86_400_000, of(word), of(word)).prop_map(move |(own, window, former, call)| {
            Idempotency {
                key: key(own),
                window: Duration::from_millis(window),
                former: former.map(key),
                call: call.map(key),
            }
        });
    let attributes = proptest::collection::btree_map("[a-z0-9._-]{1,64}", "[^\\p{Cc}]{0,100}", 0..5);
    (
        100u16..200,
        of(select(vec!["+12025550199", "40404", "Aldis & Co"])),
        "[a-zж€🙂 ]{7,300}x",
        of("[a-z0-9][a-z0-9_-]{0,62}"),
        select(MessageClass::ALL),
        select(AcceptMode::ALL),
        of(idempotency),
        0u64..172_800_000,
        attributes,
    )
        .prop_map(
            |(to, sender, text, tenant, class, accept, idempotency, left, attributes)| NewMessage {
                to: PhoneNumber::parse(&format!("+12025550{to}"), None).expect("a number"),
                sender: sender.map(|sender| Sender::parse(sender).expect("a sender")),
                body: MessageBody::parse(text).expect("a text"),
                tenant: tenant.map(|tenant| TenantName::parse(&tenant).expect("a name")),
                class,
                accept,
                idempotency,
                deadline: Deadline::at(NOW.plus(Duration::from_millis(left))),
                attributes: Attributes::parse(attributes).expect("attributes"),
            },
        )
}

fn attempt() -> impl Strategy<Value = AttemptView> {
    (
        1u32..20,
        "[a-z0-9][a-z0-9_-]{0,20}",
        of(select(OutcomeClass::ALL)),
        of("[A-Z0-9]{1,10}"),
        proptest::collection::vec("SM[0-9a-f]{8}", 0..3),
        moment(),
        of(moment()),
        proptest::collection::vec(receipt(), 0..3),
    )
        .prop_map(
            |(number, carrier, outcome, code, carrier_message_ids, started_at, finished_at, receipts)| {
                AttemptView {
                    number,
                    carrier: CarrierName::parse(&carrier).expect("a name"),
                    outcome,
                    code,
                    carrier_message_ids,
                    started_at,
                    finished_at,
                    receipts,
                }
            },
        )
}

fn receipt() -> impl Strategy<Value = ReceiptView> {
    (
        "SM[0-9a-f]{8}",
        select(ReceiptState::ALL),
        any::<bool>(),
        of(select(OutcomeClass::ALL)),
        of("[A-Z0-9]{1,10}"),
        of(moment()),
        moment(),
    )
        .prop_map(
            |(carrier_message_id, state, is_final, class, code, carrier_time, received_at)| ReceiptView {
                carrier_message_id,
                state,
                is_final,
                class,
                code,
                carrier_time,
                received_at,
            },
        )
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    proptest::collection::vec(("[a-z-]{1,20}", any::<Vec<u8>>()), 0..5)
}

fn view() -> impl Strategy<Value = MessageView> {
    let words = (
        select(DeliveryStatus::ALL),
        of(select(Reason::ALL)),
        select(MessageClass::ALL),
    );
    let times = (moment(), moment(), moment());
    let rest = (
        select(Encoding::ALL),
        any::<u16>(),
        of("[a-z0-9][a-z0-9_-]{0,62}"),
        any::<[u8; 10]>(),
    );
    (words, times, rest, proptest::collection::vec(attempt(), 0..4)).prop_map(
        |(words, times, rest, attempts)| MessageView {
            id: MessageId::from_parts(times.0, rest.3),
            to_masked: "+1******0100".to_owned(),
            status: words.0,
            reason: words.1,
            attempts,
            tenant: rest.2.map(|tenant| TenantName::parse(&tenant).expect("a name")),
            class: words.2,
            encoding: rest.0,
            segments: rest.1,
            created_at: times.0,
            deadline: times.1,
            updated_at: times.2,
        },
    )
}

proptest! {
    #[test]
    fn a_call_back_arrives_as_it_was_called(
        carrier in "[a-z0-9-]{1,20}",
        method in "(GET|POST)",
        external_url in "https://[a-z]{1,9}/[!-~]{0,99}",
        headers in headers(),
        body: Vec<u8>,
        remote_address in "[0-9.]{0,15}",
    ) {
        let call = Callback { carrier, method, external_url, headers, body, remote_address };
        prop_assert_eq!(Callback::from_wire(call.clone().into_wire()), call);
    }

    #[test]
    fn its_answer_comes_back(status in 0_u16..1000, headers in headers(), body: Vec<u8>) {
        let answer = CallbackAnswer { status, headers, body };
        let read = CallbackAnswer::from_wire(answer.clone().into_wire());
        prop_assert_eq!(read.ok(), (200..600).contains(&status).then_some(answer));
    }

    #[test]
    fn a_message_to_send_arrives_whole(message in message()) {
        let wire = request_into_wire(&message);
        prop_assert_eq!(request_from_wire(wire, NOW), Ok(message));
    }

    #[test]
    fn a_life_arrives_whole(view in view()) {
        prop_assert_eq!(view_from_wire(view_into_wire(view.clone())), Ok(view));
    }

    #[test]
    fn a_request_never_shows_its_number_or_text(message in message()) {
        let wire = request_into_wire(&message);
        let shown = format!("{wire:?} {:?}", tonic::Request::new(wire.clone()));
        prop_assert!(!shown.contains("2025550"), "{shown}");
        prop_assert!(!shown.contains(&wire.text), "{shown}");
    }
}

#[test]
fn what_is_not_said_has_its_documented_meaning() {
    let message = request_from_wire(minimal(), NOW).expect("a message");
    assert_eq!(message.to.expose(), "+12025550100");
    assert_eq!(
        (message.class, message.accept),
        (MessageClass::Notification, AcceptMode::Stored)
    );
    assert_eq!(message.deadline.remaining(NOW), Duration::from_hours(24));
    assert_eq!(
        (message.sender, message.tenant, message.idempotency),
        (None, None, None)
    );
    assert!(message.attributes.is_empty());

    let otp = SendMessageRequest {
        class: wire::MessageClass::Otp.into(),
        ..minimal()
    };
    let message = request_from_wire(otp, NOW).expect("a message");
    assert_eq!(message.deadline.remaining(NOW), Duration::from_mins(3));

    let keyed = SendMessageRequest {
        idempotency_key: "k".to_owned(),
        ..minimal()
    };
    let message = request_from_wire(keyed, NOW).expect("a message");
    assert_eq!(
        message.idempotency.map(|one| one.window),
        Some(Duration::from_hours(24))
    );

    let ttl = prost_types::Duration {
        seconds: 90,
        nanos: 500_000_000,
    };
    let brief = SendMessageRequest {
        expiry: Some(Expiry::Ttl(ttl)),
        ..minimal()
    };
    let message = request_from_wire(brief, NOW).expect("a message");
    assert_eq!(message.deadline.remaining(NOW), Duration::from_millis(90_500));
}

#[test]
fn a_deadline_that_has_passed_is_for_delivery_to_answer() {
    let past = prost_types::Timestamp { seconds: 1, nanos: 0 };
    let late = SendMessageRequest {
        expiry: Some(Expiry::Deadline(past)),
        ..minimal()
    };
    let message = request_from_wire(late, NOW).expect("a message");
    assert!(message.deadline.is_past(NOW));
}

type Spoil = fn(&mut SendMessageRequest);

/// What makes a request wrong, and the field that must be named.
const WRONG: &[(&str, Spoil)] = &[
    ("to", |request| request.to.clear()),
    ("to", |request| request.to = "2025550100".into()),
    ("text", |request| request.text.clear()),
    ("text", |request| request.text = "a".repeat(1601)),
    ("sender", |request| request.sender = "TwelveLetter".into()),
    ("tenant", |request| request.tenant = "Not A Name".into()),
    ("class", |request| request.class = 99),
    ("accept", |request| request.accept = -1),
    ("idempotency_key", |request| {
        request.idempotency_key = "a b".into();
    }),
    ("call_id", |request| {
        request.idempotency_key = "k".into();
        request.call_id = "a b".into();
    }),
    ("former_idempotency_key", |request| {
        request.idempotency_key = "k".into();
        request.former_idempotency_key = "k".repeat(129);
    }),
    ("idempotency_window", |request| {
        request.idempotency_window = Some(span(86_400, 1));
    }),
    ("idempotency_window", |request| {
        request.idempotency_window = Some(span(0, 0));
    }),
    ("attributes", |request| {
        request.attributes = [("K".to_owned(), "v".into())].into();
    }),
    ("ttl", |request| request.expiry = Some(Expiry::Ttl(span(0, 0)))),
    ("ttl", |request| request.expiry = Some(Expiry::Ttl(span(-1, 0)))),
    ("ttl", |request| {
        request.expiry = Some(Expiry::Ttl(span(172_800, 1)));
    }),
    ("ttl", |request| request.expiry = Some(Expiry::Ttl(span(1, -1)))),
    ("deadline", |request| {
        request.expiry = Some(Expiry::Deadline(at(-1, 0)));
    }),
    ("deadline", |request| {
        request.expiry = Some(Expiry::Deadline(at(1, 1_000_000_000)));
    }),
    ("deadline", |request| {
        request.expiry = Some(Expiry::Deadline(at(i64::MAX, 0)));
    }),
    ("deadline", |request| {
        request.expiry = Some(Expiry::Deadline(at(1_800_172_801, 0)));
    }),
];

fn span(seconds: i64, nanos: i32) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos }
}

fn at(seconds: i64, nanos: i32) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos }
}

#[test]
fn a_wrong_request_is_refused_by_field() {
    for (field, spoil) in WRONG {
        let mut request = minimal();
        spoil(&mut request);
        let error = request_from_wire(request, NOW).expect_err(field);
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{field}");
        assert_eq!(error.field.as_deref(), Some(*field));
        assert!(!error.to_string().contains("2025550100"), "{error}");
    }
}

#[test]
fn an_answer_of_a_version_to_come_is_not_guessed_at() {
    let whole = || wire::Message {
        id: "msg_017f22e279b07cc398c4dc0c0c07398f".to_owned(),
        state: wire::MessageState::Queued.into(),
        class: wire::MessageClass::Otp.into(),
        encoding: wire::Encoding::Gsm7.into(),
        created_at: Some(prost_types::Timestamp::default()),
        deadline: Some(prost_types::Timestamp::default()),
        updated_at: Some(prost_types::Timestamp::default()),
        ..Default::default()
    };
    assert!(view_from_wire(whole()).is_ok());
    let strange = [
        wire::Message {
            id: "x".to_owned(),
            ..whole()
        },
        wire::Message { state: 0, ..whole() },
        wire::Message { state: 77, ..whole() },
        wire::Message { class: 0, ..whole() },
        wire::Message {
            encoding: 9,
            ..whole()
        },
        wire::Message {
            reason: "new_word".to_owned(),
            ..whole()
        },
        wire::Message {
            segments: 70_000,
            ..whole()
        },
        wire::Message {
            created_at: None,
            ..whole()
        },
        wire::Message {
            attempts: vec![wire::Attempt::default()],
            ..whole()
        },
    ];
    for message in strange {
        assert_eq!(
            view_from_wire(message).expect_err("strange").kind,
            ErrorKind::Internal
        );
    }
}
