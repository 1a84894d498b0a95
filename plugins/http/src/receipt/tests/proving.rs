//! A call-back that nobody can prove is read no further than the proof needs; a proof that never ages is warned of.

use super::{BODY, URL};
use crate::config::{Api, Settings};
use crate::find::Body;
use crate::signing::{hex, sign};
use crate::template::{Algorithm, Encoding, HmacKind, KeyEncoding};
use aldis_carrier::testing::{Bench, Callback};
use aldis_carrier::{
    About, Carrier, Instance, Message, Outcome, Reply, Response, SettingsError, Step, Webhook, WebhookRequest,
};
use serde_json::{Value, json};

/// A carrier by template that says of each call-back whether its body was read.
struct Probe(Api);

impl Carrier for Probe {
    type Settings = Settings;
    const ABOUT: About = About::new("probe", "1.0.0").with_webhook();

    fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
        Api::new(settings).map(Self)
    }

    fn submit(&self, _: &Message<'_>) -> Step {
        Outcome::refused(aldis_carrier::Class::BadRequest, self.0.advice.join("; ")).into()
    }

    fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
        response.fallback().into()
    }

    fn webhook(&self, request: &WebhookRequest<'_>) -> Webhook {
        let body = Body::new(request.body());
        let reading = self.0.reading.as_ref().expect("receipts");
        let verdict = reading.read_body(&self.0.texts, &self.0.given, request, &body);
        let word = match verdict {
            Webhook::Verified { .. } => "believed",
            _ if body.is_unread() => "unread",
            _ => "read",
        };
        Webhook::verified([]).with_reply(Reply::new(200, "text/plain", word))
    }
}

fn probe(trust: &Value) -> Bench<Probe> {
    let settings = json!({
        "base_url": "https://api.acme.example",
        "template": {
            "request": { "url": "{{ base_url }}/sms", "form": { "to": "{{ to.e164 }}" } },
            "answer": { "id": { "json": "$.id" }, "statuses": { "400": "bad_request", "504": "temporary" } },
            "receipt": {
                "trust": trust,
                "each": "$.results[*]",
                "id": { "json": "$.id" },
                "state": { "json": "$.status" },
                "states": { "DELIVERED": "delivered" },
            },
        },
    });
    Bench::new(&settings, &[("secrets.key", "planted-key")])
        .unwrap_or_else(|error| panic!("{}: {}", error.key, error.reason))
}

fn word(probe: &Bench<Probe>, callback: &Callback) -> String {
    match probe.webhook(callback).unwrap() {
        Webhook::Verified {
            reply: Some(reply), ..
        } => String::from_utf8(reply.body).unwrap(),
        _ => panic!("a probe always answers"),
    }
}

fn signature() -> String {
    let kind = HmacKind {
        algorithm: Algorithm::Sha256,
        key_encoding: KeyEncoding::Text,
        encoding: Encoding::Hex,
    };
    sign(kind, "planted-key", BODY.as_bytes()).unwrap()
}

#[test]
fn the_body_is_read_after_the_proof() {
    let by_header = json!({ "header": { "name": "x-key", "value": "{{ secrets.key }}" } });
    let by_query = json!({ "query": { "name": "token", "value": "{{ secrets.key }}" } });
    let by_hmac = json!({ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "x-signature" } } });
    let by_either = json!({ "any_of": [by_header, by_hmac] });
    for trust in [&by_header, &by_query, &by_hmac, &by_either] {
        let probe = probe(&json!([trust]));
        let forged = Callback::post(URL, BODY).header("x-signature", &hex(&[0; 32]));
        assert_eq!(word(&probe, &forged), "unread", "{trust}");
        let right = Callback::post(&format!("{URL}?token=planted-key"), BODY)
            .header("x-key", "planted-key")
            .header("x-signature", &signature());
        assert_eq!(word(&probe, &right), "believed", "{trust}");
    }
}

/// A signature in the body has to be looked for there, but not for a caller who does not know the other secret.
#[test]
fn a_proof_in_the_body_comes_after_the_others() {
    let in_body = json!({ "hmac": { "key": "{{ secrets.key }}", "signature": { "json": "$.signature" } } });
    let by_header = json!({ "header": { "name": "x-key", "value": "{{ secrets.key }}" } });
    let both = probe(&json!([in_body, by_header]));
    assert_eq!(word(&both, &Callback::post(URL, BODY)), "unread");
    assert_eq!(
        word(&both, &Callback::post(URL, BODY).header("x-key", "planted-key")),
        "read"
    );
}

fn advice(trust: &Value) -> String {
    let message = aldis_carrier::testing::TestMessage::new("+12025550100", "Hello");
    match probe(&json!([trust])).submit(&message).unwrap() {
        Step::Done(outcome) => outcome.code,
        _ => panic!("a probe sends nothing"),
    }
}

#[test]
fn a_proof_that_never_ages_is_warned_of() {
    let hmac = |more: &Value| {
        let mut hmac = json!({ "key": "{{ secrets.key }}", "signature": { "header": "x-signature" } });
        let more = more.as_object().unwrap().clone();
        hmac.as_object_mut().unwrap().extend(more);
        json!({ "hmac": hmac })
    };
    let header = json!({ "header": { "name": "x-key", "value": "{{ secrets.key }}" } });
    let timed = json!({
        "over": "{{ found.at }}.{{ body }}", "found": { "at": { "header": "x-at" } }, "timestamp": { "header": "x-at" },
    });
    let url = json!({ "over": "{{ method }} {{ url }} {{ body }}" });
    for trust in [
        hmac(&json!({})),
        json!({ "any_of": [hmac(&timed), hmac(&json!({}))] }),
    ] {
        assert!(
            advice(&trust).contains("template.receipt.trust: the signature covers neither"),
            "{trust}"
        );
    }
    for trust in [
        hmac(&timed),
        hmac(&url),
        json!({ "any_of": [hmac(&timed), hmac(&url)] }),
        header,
    ] {
        assert!(!advice(&trust).contains("receipt.trust"), "{trust}");
    }
}

/// The setting has no effect without an idempotency key.
#[test]
fn a_gateways_silence_that_is_called_temporary_is_warned_of() {
    let header = json!({ "header": { "name": "x-key", "value": "{{ secrets.key }}" } });
    assert!(advice(&header).contains("template.answer.statuses.504: counts as ambiguous"));
}
