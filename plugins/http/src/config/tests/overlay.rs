//! What an operator changes of a preset is changed as a whole or in part, as the thing is.

use crate::Http;
use crate::template::{Accepted, Answer, Receipt, Request, Template};
use aldis_carrier::testing::{Answer as Said, Bench, TestMessage};
use aldis_carrier::{Class, Request as Sent, SettingsError, Step};
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

/// The preset `clicksend` without receipts, with this template over it.
fn changed(template: &Value, remove: &[&str]) -> Result<Bench<Http>, SettingsError> {
    let settings = json!({
        "preset": "clicksend", "receipts": false, "values": { "username": "u" }, "template": template,
        "remove": remove,
    });
    Bench::new(&settings, &[("secrets.api_key", "k3y")])
}

fn sent(carrier: &Bench<Http>) -> Sent {
    match carrier
        .submit(&TestMessage::new("+12025550100", "Hello"))
        .unwrap()
    {
        Step::Send(request) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_of_words_is_added_to() {
    let carrier = changed(
        &json!({ "answer": { "codes": { "NEW_CODE": "opted_out" } } }),
        &[],
    )
    .unwrap();
    let class = |code: &str| {
        let answer = json!({ "data": { "messages": [{ "status": code, "message_id": "m" }] } });
        let attempt = carrier.attempt(&TestMessage::new("+12025550100", ""), [Said::json(200, &answer)]);
        attempt.unwrap().outcome.class
    };
    assert_eq!(class("NEW_CODE"), Class::OptedOut);
    assert_eq!(class("COUNTRY_NOT_ENABLED"), Class::Blocked);
}

/// One way to sign, one place to look, one condition: half of one with half of another would be none.
#[test]
fn what_is_one_thing_is_replaced_as_one() {
    let template = json!({
        "request": { "auth": { "header": { "name": "x-key", "value": "{{ values.username }}{{ secrets.api_key }}" } } },
        "answer": {
            "id": { "header": "x-id" },
            "accepted": { "when": { "at": { "header": "x-status" }, "matches": "^OK" } },
        },
    });
    let carrier = changed(&template, &[]).unwrap_or_else(|error| panic!("{}: {}", error.key, error.reason));
    let request = sent(&carrier);
    assert!(request.headers.iter().any(|header| header.name == "x-key"));
    assert!(
        request
            .headers
            .iter()
            .all(|header| header.name != "authorization")
    );
    let answer = Said::new(200, "").header("x-id", "m7").header("x-status", "OK.");
    let attempt = carrier
        .attempt(&TestMessage::new("+12025550100", ""), [answer])
        .unwrap();
    assert_eq!(attempt.outcome.carrier_ids, ["m7"]);
}

#[test]
fn a_body_is_of_one_kind() {
    let template = json!({ "request": { "form": { "to": "{{ to.e164 }}" } } });
    let request = sent(&changed(&template, &[]).unwrap());
    assert_eq!(request.body, b"to=%2B12025550100");
}

#[test]
fn a_key_of_the_preset_is_taken_out() {
    let nothing = json!({});
    let body = |carrier: &Bench<Http>| -> Value { serde_json::from_slice(&sent(carrier).body).unwrap() };
    assert!(body(&changed(&nothing, &[]).unwrap()).get("messages").is_some());
    let template = json!({ "request": { "json": { "to": "{{ to.e164 }}" } } });
    let carrier = changed(&template, &["request.json.messages", "answer.codes.THROTTLED"]).unwrap();
    assert_eq!(body(&carrier), json!({ "to": "+12025550100" }));
    let error = changed(&nothing, &["request.jsno"])
        .map(drop)
        .expect_err("refused");
    assert_eq!(error.key, "remove");
    let mut dotted = json!({ "answer": { "codes": { "Not routable. Never.": 1, "a": 2 } } });
    assert!(crate::preset::remove(
        "answer.codes.Not routable. Never.",
        &mut dotted
    ));
    assert_eq!(dotted, json!({ "answer": { "codes": { "a": 2 } } }));
}

/// The host looks at the settings by their schema first, and must not miss in a patch what the preset has.
#[test]
fn the_schema_wants_nothing_of_a_table_that_is_laid_over_another() {
    fn wanted<T: JsonSchema>() -> Option<Value> {
        schema_for!(T).get("required").cloned()
    }
    let all = [
        wanted::<Template>(),
        wanted::<Request>(),
        wanted::<Answer>(),
        wanted::<Accepted>(),
        wanted::<Receipt>(),
    ];
    assert!(all.iter().all(Option::is_none), "{all:?}");
}
