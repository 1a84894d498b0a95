//! Secrets, numbers and texts leave the kit in requests only: not through `Debug`, not in a
//! complaint about settings.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "carriers/acme.rs"]
mod acme;

use acme::Acme;
use aldis_carrier::serde_json::{Value, json};
use aldis_carrier::testing::{Answer, Bench, Callback, TestMessage};
use aldis_carrier::{
    About, Carrier, Event, Instance, Message, Outcome, Request, Response, Secret, SettingsError, Step,
    Webhook, WebhookRequest,
};
use proptest::prelude::*;
use std::sync::Mutex;

const PLANTED: &str = "planted-173205";

#[test]
fn from_debug() {
    let shown = [
        format!("{:?}", Secret::new(PLANTED)),
        format!(
            "{:?}",
            Request::post_form(PLANTED, [(PLANTED, PLANTED)])
                .bearer(PLANTED)
                .state(PLANTED)
        ),
        format!(
            "{:?}",
            Request::post_json("https://x.example", &json!({ "text": PLANTED })).query([("to", PLANTED)])
        ),
        format!(
            "{:?}",
            Step::Send(Request::get(PLANTED).basic_auth(PLANTED, PLANTED))
        ),
        format!("{:?}", Event::inbound(PLANTED, PLANTED, PLANTED)),
        format!("{:?}", Webhook::verified([Event::opted_out(PLANTED, PLANTED)])),
        format!("{:?}", TestMessage::new(PLANTED, PLANTED)),
    ];
    for shown in shown {
        assert!(
            !shown.contains("173205") && !shown.contains("cGxhbnRlZC"),
            "{shown}"
        );
    }
}

/// Shows everything it is given.
struct Gossip(Mutex<Vec<String>>);

impl Gossip {
    fn note(&self, what: &dyn std::fmt::Debug) {
        self.0.lock().expect("a lock").push(format!("{what:?}"));
    }

    fn all(&self) -> String {
        self.0.lock().expect("a lock").concat()
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

impl Carrier for Gossip {
    type Settings = Nothing;
    const ABOUT: About = About::new("gossip", "1.0.0").with_webhook();
    fn new(_: Nothing, _: &Instance) -> Result<Self, SettingsError> {
        Ok(Self(Mutex::default()))
    }
    fn submit(&self, message: &Message<'_>) -> Step {
        self.note(message);
        Request::get("https://x.example").into()
    }
    fn on_response(&self, message: &Message<'_>, response: &Response<'_>) -> Step {
        self.note(message);
        self.note(response);
        Outcome::accepted([self.all()]).into()
    }
    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        self.note(request);
        Webhook::verified([Event::receipt(self.all(), aldis_carrier::ReceiptState::Sent)])
    }
}

#[test]
fn from_debug_of_what_a_carrier_is_lent() {
    let carrier = Bench::<Gossip>::new(&json!({}), &[]).expect("an instance");
    let mut message = TestMessage::new(PLANTED, PLANTED);
    message.from = Some(PLANTED.to_owned());
    message.callback_url = Some(PLANTED.to_owned());
    message.idempotency_key = Some(PLANTED.to_owned());
    message.attributes = vec![(PLANTED.to_owned(), PLANTED.to_owned())];
    let answer = Answer::new(200, PLANTED).header("x-token", PLANTED);
    let shown = carrier
        .attempt(&message, [answer])
        .expect("an end")
        .outcome
        .carrier_ids
        .concat();
    assert!(shown.contains("Message") && shown.contains("Response"), "{shown}");
    assert!(!shown.contains(PLANTED), "{shown}");

    let callback = Callback::post(PLANTED, PLANTED).header("x-signature", PLANTED);
    let Webhook::Verified { events, .. } = carrier.webhook(&callback).expect("a verdict") else {
        panic!("verified");
    };
    assert!(events[0].carrier_id.contains("WebhookRequest"), "{events:?}");
    assert!(!events[0].carrier_id.contains(PLANTED), "{events:?}");
}

fn complaint(settings: &Value, secrets: &[(&str, &str)]) -> SettingsError {
    match Bench::<Acme>::new(settings, secrets) {
        Err(error) => error,
        Ok(_) => panic!("taken: {settings}"),
    }
}

#[test]
fn from_complaints_about_settings() {
    let key = [("api_key", "k3y")];
    let cases = [
        (
            complaint(&json!({ "base_url": { "deep": PLANTED } }), &key),
            "base_url",
        ),
        (complaint(&json!({ "limit": PLANTED }), &key), "limit"),
        (complaint(&json!({ "region": PLANTED }), &key), "region"),
        (complaint(&json!({ "accounts": PLANTED }), &key), "accounts"),
        (
            complaint(
                &json!({ "accounts": [{ "name": "a" }, { "name": [PLANTED] }] }),
                &key,
            ),
            "accounts[1].name",
        ),
        (
            complaint(&json!({ "accounts": [{ "nam": PLANTED }] }), &key),
            "accounts[0].nam",
        ),
        (complaint(&json!({ "limit": 173_205 }), &key), "limit"),
        (complaint(&json!({ "typo": PLANTED }), &key), "typo"),
        (complaint(&json!({ "tag": PLANTED }), &key), "tag"),
        (complaint(&json!({ "tag": "\"173205\"" }), &key), "tag"),
        (
            complaint(&json!({}), &[("api_key", "k3y"), ("tag", PLANTED)]),
            "tag",
        ),
        (complaint(&json!(PLANTED), &key), "api_key"),
        (complaint(&json!({}), &[("limit", PLANTED)]), "limit"),
        (complaint(&json!({}), &[("api_key", "x")]), "api_key"),
        (complaint(&json!({}), &[("a.b.c", PLANTED)]), "a"),
        (complaint(&json!({}), &[]), "api_key"),
    ];
    for (error, key) in cases {
        assert_eq!(error.key, key, "{error:?}");
        assert!(!error.reason.is_empty(), "{error:?}");
        assert!(!format!("{error:?}").contains("173205"), "{error:?}");
    }
}

/// An author's own words are worth having, as long as they hide nothing behind them.
#[test]
fn a_complaint_without_a_value_is_passed_on() {
    let error = complaint(&json!({ "tag": "x".repeat(100) }), &[("api_key", "k3y")]);
    assert_eq!(
        (error.key.as_str(), error.reason.as_str()),
        ("tag", "has more than 4 letters")
    );
}

#[test]
fn in_the_schema_they_are_marked() {
    let descriptor = Bench::<Acme>::descriptor();
    let schema = &descriptor["config_schema"];
    assert_eq!(schema["properties"]["api_key"]["x-secret"], true, "{schema}");
    assert_eq!(schema["properties"]["api_key"]["type"], "string", "{schema}");
    let account = &schema["$defs"]["Account"]["properties"]["token"];
    assert!(account.to_string().contains("\"x-secret\":true"), "{account}");
    assert_ne!(schema["properties"]["base_url"]["x-secret"], true, "{schema}");
}

#[test]
fn in_requests_they_are_marked() {
    let request = Request::get("https://x.example")
        .basic_auth("user", PLANTED)
        .bearer(PLANTED)
        .secret_header("x-key", PLANTED)
        .header("accept", "text/plain");
    let marks: Vec<_> = request
        .headers
        .iter()
        .map(|header| (header.name.as_str(), header.secret))
        .collect();
    assert_eq!(
        marks,
        [
            ("authorization", true),
            ("authorization", true),
            ("x-key", true),
            ("accept", false)
        ]
    );
}

proptest! {
    /// Whatever text stands in the wrong place, the complaint does not repeat it.
    #[test]
    fn no_complaint_quotes_a_value(value in "[a-zA-Z0-9+/=\"\\\\, ]{6,40}") {
        for key in ["limit", "region", "accounts", "tag"] {
            let error = complaint(&json!({ key: value }), &[("api_key", "k3y")]);
            prop_assert!(!error.reason.contains(value.as_str()), "{}", error.reason);
        }
    }
}
