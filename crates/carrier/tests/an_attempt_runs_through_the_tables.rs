//! Through the C tables a carrier gets what the host has, and the host what the carrier says:
//! messages, answers, several steps with their state, waits, call-backs, settings, secrets.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "carriers/acme.rs"]
mod acme;

use acme::Acme;
use aldis_carrier::serde_json::{Value, json};
use aldis_carrier::testing::{Answer, Bench, Callback, Fault, TestMessage};
use aldis_carrier::{Class, EventKind, Instance, ReceiptState, Reply, Request, Scope, Webhook};
use std::time::Duration;

const ALICE: &str = "+12025550100";

fn bench() -> Bench<Acme> {
    Bench::new(&json!({}), &[("api_key", "k3y")]).expect("an instance")
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    &request
        .headers
        .iter()
        .find(|header| header.name == name)
        .expect("the header")
        .value
}

#[test]
fn a_message_becomes_a_request_and_an_answer_an_outcome() {
    let attempt = bench()
        .attempt(
            &TestMessage::new(ALICE, "Grüße & 1+1"),
            [Answer::new(201, "id-7")],
        )
        .expect("an end");

    let [request] = &attempt.requests[..] else {
        panic!("one request")
    };
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        ("POST", "https://api.acme.example/sms")
    );
    assert_eq!(request.body, b"to=%2B12025550100&text=Gr%C3%BC%C3%9Fe+%26+1%2B1");
    assert_eq!(
        header(request, "content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(header(request, "authorization"), "Bearer k3y");
    assert_eq!(header(request, "x-instance"), "test");
    let secret: Vec<_> = request
        .headers
        .iter()
        .filter(|header| header.secret)
        .map(|header| &header.name)
        .collect();
    assert_eq!(secret, ["authorization"]);
    assert_eq!(
        (request.timeout, request.idempotent),
        (Some(Duration::from_secs(7)), true)
    );
    assert_eq!(request.state, b"first");
    assert_eq!(attempt.outcome.class, Class::Accepted);
    assert_eq!(attempt.outcome.carrier_ids, ["id-7"]);
    assert_eq!(attempt.outcome.segments, Some(2));
}

#[test]
fn a_second_step_knows_what_the_first_left() {
    let answers = [Answer::new(200, ""), Answer::new(200, "")];
    let attempt = bench()
        .attempt(&TestMessage::new(ALICE, "two steps"), answers)
        .expect("an end");
    assert_eq!(attempt.requests.len(), 2);
    assert_eq!(attempt.outcome.carrier_ids, ["after first"]);
}

#[test]
fn a_carrier_may_wait_or_end_at_once() {
    let carrier = bench();
    let mut message = TestMessage::new(ALICE, "wait");
    assert_eq!(
        carrier.attempt(&message, []).expect_err("it waits for ever"),
        Fault::TooManySteps
    );
    message.attempt = 2;
    let attempt = carrier
        .attempt(&message, [Answer::new(200, "id")])
        .expect("an end");
    assert_eq!((attempt.waited, attempt.requests.len()), (Duration::ZERO, 1));

    let refused = carrier
        .attempt(&TestMessage::new(ALICE, "refuse"), [])
        .expect("an end")
        .outcome;
    assert_eq!(
        (refused.class, refused.code.as_str(), refused.scope),
        (Class::Unsupported, "no", Scope::Message)
    );
}

#[test]
fn the_bench_finds_what_a_host_would_refuse() {
    let carrier = bench();
    let end = |text: &str| {
        carrier
            .attempt(&TestMessage::new(ALICE, text), vec![Answer::new(200, ""); 9])
            .map(|_| ())
    };
    assert_eq!(end("for ever"), Err(Fault::TooManySteps));
    assert!(matches!(
        end("long state"),
        Err(Fault::Failed(_) | Fault::Broken(_))
    ));
    assert!(matches!(end("fault"), Err(Fault::Failed(_) | Fault::Broken(_))));
    assert_eq!(
        carrier.attempt(&TestMessage::new(ALICE, "hello"), []).map(|_| ()),
        Err(Fault::NoAnswerLeft)
    );
    assert!(matches!(
        carrier.submit(&TestMessage::new("", "hello")),
        Err(Fault::Failed(_))
    ));
}

#[test]
fn a_callback_is_verified_read_and_answered() {
    let carrier = bench();
    let post = |body: &str| Callback::post("https://gateway.example/carriers/acme/receipts", body);
    let read = |body: &str| match carrier
        .webhook(&post(body).header("X-ACME-Key", "k3y"))
        .expect("a verdict")
    {
        Webhook::Verified { mut events, reply } => (events.remove(0), reply),
        other => panic!("{other:?}"),
    };

    let (receipt, reply) = read("id=a%2Fb");
    assert_eq!(
        (receipt.kind, receipt.state, receipt.is_final),
        (EventKind::Receipt, ReceiptState::Undelivered, true)
    );
    assert_eq!(
        (receipt.carrier_id.as_str(), receipt.code.as_str()),
        ("a/b", "30003")
    );
    assert_eq!(receipt.class, Some(Class::InvalidNumber));
    assert_eq!(receipt.carrier_time_ms, Some(post("").now_unix_ms));
    assert_eq!(reply, Some(Reply::new(202, "text/plain", "thanks")));

    let (inbound, _) = read("kind=inbound&from=%2B1&to=%2B2&text=hi+there");
    assert_eq!(
        (inbound.kind, inbound.text.as_str(), inbound.class),
        (EventKind::Inbound, "hi there", None)
    );
    assert_eq!(read("kind=stop&from=%2B1").0.kind, EventKind::OptOut);

    let unsigned = carrier.webhook(&post("id=1")).expect("a verdict");
    assert!(matches!(unsigned, Webhook::Unverified), "{unsigned:?}");
    let forged = carrier
        .webhook(&post("id=1").header("x-acme-key", "guess"))
        .expect("a verdict");
    assert!(matches!(forged, Webhook::Rejected), "{forged:?}");
}

#[test]
fn secrets_find_their_places() {
    let settings = json!({ "accounts": [{ "name": "x-a" }, { "name": "x-b" }], "region": "us", "limit": 9 });
    let secrets = [("api_key", "k3y"), ("accounts.1.token", "t0ken")];
    let carrier = Bench::<Acme>::new(&settings, &secrets).expect("an instance");
    let attempt = carrier
        .attempt(&TestMessage::new(ALICE, "hello"), [Answer::new(200, "id")])
        .expect("an end");
    let request = &attempt.requests[0];
    assert_eq!(header(request, "x-b"), "t0ken");
    assert_eq!(header(request, "x-a"), "");
    assert_eq!(
        (header(request, "x-region"), header(request, "x-limit")),
        ("Us", "9")
    );

    for path in ["accounts.2.token", "accounts.one.token", "accounts.0.name.deeper"] {
        let secrets = [("api_key", "k3y"), (path, "t0ken")];
        let error = Bench::<Acme>::new(&settings, &secrets).expect_err("no such place");
        assert_eq!(error.key, path);
    }
}

/// One library serves many instances, with other settings, at the same time.
#[test]
fn instances_never_mix() {
    let carriers: Vec<_> = (0..4)
        .map(|index| {
            let (name, key) = (format!("acme-{index}"), format!("key-{index}"));
            let instance = Instance {
                name: name.clone(),
                webhook_base_url: None,
                region: None,
            };
            let secrets = [("api_key", key.as_str())];
            (
                Bench::<Acme>::with_instance(&json!({}), &secrets, &instance).expect("an instance"),
                name,
                key,
            )
        })
        .collect();
    std::thread::scope(|scope| {
        for (carrier, name, key) in carriers.iter().chain(&carriers) {
            scope.spawn(move || {
                for round in 0..200 {
                    let id = format!("{name}-{round}");
                    let message = TestMessage::new(ALICE, &id);
                    let attempt = carrier
                        .attempt(&message, [Answer::new(200, id.as_str())])
                        .expect("an end");
                    assert_eq!(header(&attempt.requests[0], "x-instance"), name);
                    assert_eq!(
                        header(&attempt.requests[0], "authorization"),
                        format!("Bearer {key}")
                    );
                    assert_eq!(attempt.outcome.carrier_ids, [id]);
                }
            });
        }
    });
}

#[test]
fn the_descriptor_says_who_it_is() {
    let descriptor = Bench::<Acme>::descriptor();
    let expected = [
        ("id", json!("acme")),
        ("version", json!("1.2.3")),
        ("abi", json!({ "major": 1, "minor": 1 })),
        ("styles", json!(["http", "webhook"])),
        ("allowed_hosts", json!(["api.acme.example"])),
        ("capabilities", json!({ "idempotent": true, "max_segments": 10 })),
    ];
    for (key, value) in expected {
        assert_eq!(descriptor[key], value, "{key}");
    }
    let required: &Value = &descriptor["config_schema"]["required"];
    assert_eq!(required, &json!(["api_key"]));
    assert_eq!(descriptor["config_schema"]["additionalProperties"], false);
}
