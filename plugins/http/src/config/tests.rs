//! A template that cannot work is refused at the start, and every fault is named by its place and with a way to mend it.

use crate::Http;
use aldis_carrier::testing::Bench;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "base_url": "https://api.acme.example",
        "values": { "account": "a1" },
        "receipts": false,
        "template": {
            "request": { "url": "{{ base_url }}/{{ values.account }}", "form": { "to": "{{ to.e164 }}", "text": "{{ text }}" } },
            "answer": { "id": { "json": "$.id" }, "code": { "json": "$.code" }, "codes": { "7": "invalid_number" } },
        },
    })
}

/// What is said of the good settings after this change to them.
fn complaint(pointer: &str, value: Value, secrets: &[(&str, &str)]) -> String {
    let mut settings = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    settings
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("no {parent}"))
        .as_object_mut()
        .unwrap()
        .insert(name.to_owned(), value);
    match Bench::<Http>::new(&settings, secrets) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => format!("{}: {}", error.key, error.reason),
    }
}

#[test]
fn the_good_one_is_taken() {
    assert!(Bench::<Http>::new(&good(), &[]).is_ok());
}

/// Where in the good settings | what stands there instead | what is said of it.
const FAULTS: &str = r#"
/template/request | {} | template.request.url: is missing
/template/request | null | template.request: is missing
/template/answer | null | template.answer: is missing
/template/answer/id | null | template.answer.accepted.when: is missing, and there is no answer.id
/template/answer/codes | {} | template.answer.codes: is missing, and there are no answer.statuses
/template/answer/code | null | template.answer.code: is missing
/template/answer/code | { "regex": "(" } | template.answer.code: is no regular expression
/template/answer/code | { "json": "code" } | template.answer.code: is no JSONPath (RFC 9535)
/template/answer/code | { "query": "code" } | query and form are fields of call-backs
/template/answer/codes/7 | "bad_number" | template.answer.codes.7: this is no class of refusal; there are temporary,
/template/answer/statuses | { "4xx": "bad_request" } | template.answer.statuses.4xx: is no HTTP status
/template/answer/accepted | { "when": { "at": { "json": "$.ok" } } } | exactly one of is and matches
/template/answer/accepted | { "status": [200, 404] } | template.answer.accepted.status: has one that is no success, 200 to 399
/template/answer/accepted | { "when": { "at": { "json": "$.ok" }, "is": [{}] } } | answer.accepted.when.is: has an entry that can never match
/template/answer/accepted | { "when": { "at": { "text": "{{ id }}" }, "is": ["m"] } } | answer.accepted.when.at: is a text of ours
/template/answer/id | { "text": "{{ id }}" } | there is no answer.id that the carrier gives
/template/answer/id | { "first_of": [{ "json": "$.id" }, { "text": "none" }] } | there is no answer.id that the carrier gives
/template/answer/id | { "first_of": [] } | template.answer.id: names nothing
/template/answer/code | { "text": "7" } | template.answer.code: is a text of ours
/template/answer/code | { "part": { "of": { "header": "x-error" }, "regex": "(" } } | template.answer.code.part.regex: is no regular expression
/template/answer/codes | { " 7": "blocked" } | template.answer.codes. 7: can never match
/template/request/url | "https://elsewhere.example/sms" | template.request.url: leads to another host
/template/request/url | "{{ base_url }}.elsewhere.example/{{ values.account }}" | template.request.url: leads to another host
/template/request/url | "{{ base_url }}{{ values.account }}" | template.request.url: leads to another host
/template/request/url | "{{ base_url ~ values.account }}" | template.request.url: leads to another host
/template/request/url | "{{ base_url }}/../{{ values.account }}" | template.request.url: cannot be filled in
/template/request/url | "{{ base_url }}/{{ values.account }}#x" | template.request.url: makes no URL that can be asked
/template/request/headers | { "Host": "x" } | template.request.headers.Host: is a header that Aldis writes itself
/template/request/headers | { "content-length": "1" } | is a header that Aldis writes itself
/template/request/headers | { "a b": "x" } | template.request.headers.a b: is no name of a header
/template/request/headers | { "authorization": "Bearer abc" } | template.request.headers.authorization: is in the clear
/template/request/auth | { "bearer": "abc" } | template.request.auth.bearer: is in the clear
/template/request/auth | { "basic": { "user": "a", "password": "abc" } } | template.request.auth.basic.password: is in the clear
/template/request/auth | { "header": { "name": "Transfer-Encoding", "value": "abc" } } | request.auth.header.name: is a header that Aldis
/template/request/method | "GET" | template.request.method: GET has no body
/template/request/method | "post" | template.request.method: is GET, POST, PUT or PATCH
/template/request/json | {} | a request has a form or json, not both
/template/request/form/to | "{{ to.dijits }}" | template.request.form.to: there is no {{ to.dijits }} here; there are to.e164,
/template/request/form/to | "{{ to.e164" | template.request.form.to: is no text with placeholders
/template/request/form/to | { "a": 1 } | template.request.form.to: is a text, a number, true or false
/template/request/form/cb | "{{ text \u007c with_login('a', 'b') }}" | template.request.form.cb: cannot be filled in, even for
/template/request/form/cb | "{{ text \u007c safe }}" | template.request.form.cb: cannot be filled in, even for
/template/request/form/cb | "x{{ callback_url }}" | template.request.form.cb: has an address in it that something is pasted to
/template/request/form/cb | "{{ callback_url ~ text }}" | template.request.form.cb: has an address in it
/template/request/form/cb | "{{ callback_url }}{{ text }}" | template.request.form.cb: goes on behind an address
/template/request/form/cb | "https://{{ text }}.example/" | template.request.form.cb: is an address with a placeholder in its host
/template/request/form/key | "{{ secrets.key }}" | secrets.key: is missing: template.request.form.key needs it
/template/request/form/key | "{{ request.body }}" | there is no {{ request.body }} here
/template/request/auth | { "hmac": { "key": "!", "header": "x" } } | template.request.auth.hmac.key: is in the clear
/template/request/auth | { "hmac": { "key": "!", "header": "x", "timestamp": { "header": "t" } } } | unknown field `timestamp`
/template/request/atuh | {} | template.request.atuh: unknown field
/values/acount | "a2" | values.acount: is set, but the template does not use it
/base_url | "https://api.acme.example/?a=" | base_url: is no address to go on from
/remove | ["request.form.too"] | remove: request.form.too is no key of the preset
/base_url | null | base_url: is missing
/preset | "twilio" | preset: 
"#;

#[test]
fn each_fault_is_named() {
    for line in FAULTS.lines().filter(|line| !line.is_empty()) {
        let mut parts = line.splitn(3, " | ");
        let mut part = || parts.next().expect("three parts");
        let (pointer, value, expected) = (part(), part(), part());
        let value = serde_json::from_str(value).expect("JSON");
        let said = complaint(pointer, value, &[]);
        assert!(said.contains(expected), "{line}: {said}");
    }
    let hmac = json!({ "hmac": { "key": "{{ secrets.key }}", "key_encoding": "base64", "header": "x" } });
    let said = complaint("/template/request/auth", hmac, &[("secrets.key", "!")]);
    assert!(
        said.contains("request.auth.hmac.key: cannot be filled in"),
        "{said}"
    );
    let said = complaint("/template", json!({}), &[("secrets.key", "planted-secret")]);
    assert!(!said.contains("planted-secret"), "{said}");
}

/// What stands in `receipt.trust` | what is said of it.
const PROOFS: &str = r#"
{ "sources": ["0.0.0.0/0"] } | sources: lets everybody in
{ "sources": ["192.0.2.1", "::/1", "8000::/1"] } | sources: lets everybody in
{ "sources": [] } | sources: names no network
{ "any_of": [] } | any_of: names nothing
{ "any_of": [{ "sources": ["::/0"] }] } | any_of.0.sources: lets everybody in
{ "header": { "name": "x-from", "value": "acme" } } | header.value: is in the clear
{ "query": { "name": "token", "value": "{{ found.token }}" } } | query.value: is in the clear
{ "basic": { "user": "{{ secrets.key }}", "password": "" } } | basic.password: is in the clear
{ "hmac": { "key": "abc", "signature": { "header": "s" } } } | hmac.key: is in the clear
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "header": "t" } } } | hmac.timestamp: is not part of what is signed
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "query": "t" } } } | hmac.timestamp: is not part of what is signed
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "json": "$.t" }, "over": "{{ url }}" } } | hmac.timestamp: is not part of what is signed
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "header": "t" }, "found": { "t": { "header": "t" } }, "over": "{{ body }}" } } | hmac.timestamp: is not part of what is signed
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "header": "t" }, "found": { "t": { "header": "u" } }, "over": "{{ found.t }}{{ body }}" } } | hmac.timestamp: is not part of what is signed
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "header": "t" }, "found": { "t": { "header": "t" } }, "over": "{{ found.t }}{{ body }}" } } | nothing
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "json": "$.t" } } } | nothing
{ "hmac": { "key": "{{ secrets.key }}", "signature": { "header": "s" }, "timestamp": { "query": "t" }, "over": "{{ url }}" } } | nothing
"#;

fn with_receipt(receipt: Value) -> String {
    let mut settings = good();
    settings["receipts"] = json!(true);
    settings["template"]["receipt"] = receipt;
    // Used once anyway, so that a proof without it is not refused for that.
    settings["template"]["request"]["form"]["key"] = json!("{{ secrets.key }}");
    match Bench::<Http>::new(&settings, &[("secrets.key", "planted-secret")]) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => format!("{}: {}", error.key, error.reason),
    }
}

#[test]
fn a_proof_that_proves_nothing_is_refused() {
    for line in PROOFS.lines().filter(|line| !line.is_empty()) {
        let (trust, expected) = line.split_once(" | ").expect("two parts");
        let trust: Value = serde_json::from_str(trust).expect("JSON");
        let said = with_receipt(json!({
            "id": { "form": "id" }, "state": { "form": "status" }, "states": { "D": "delivered" }, "trust": [trust],
        }));
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn a_receipt_that_never_says_delivered_or_always_the_same_is_refused() {
    let trust = json!([{ "sources": ["192.0.2.1"] }]);
    let said = with_receipt(json!({
        "id": { "text": "1" }, "state": { "form": "status" }, "states": { "F": "undelivered" }, "trust": trust,
    }));
    assert!(
        said.contains("receipt.states: has no word that means delivered"),
        "{said}"
    );
    assert!(said.contains("receipt.id: is a text of ours"), "{said}");
}

#[test]
fn receipts_need_a_proof_and_a_table() {
    let receipt = json!({ "id": { "form": "id" }, "state": { "form": "status" } });
    let mut settings = good();
    settings["receipts"] = json!(true);
    settings["template"]["receipt"] = receipt;
    let error = Bench::<Http>::new(&settings, &[]).map(drop).expect_err("refused");
    assert_eq!(error.key, "template.receipt.trust");
    assert!(error.reason.contains("anybody could say"), "{}", error.reason);
    assert!(
        error
            .reason
            .contains("; template.receipt.states: has no word that means delivered"),
        "{}",
        error.reason
    );

    let mut settings = good();
    settings["receipts"] = json!(true);
    settings["template"]["request"]["form"]["cb"] = json!("{{ callback_url }}");
    let error = Bench::<Http>::new(&settings, &[]).map(drop).expect_err("refused");
    assert_eq!(error.key, "template.receipt");
}

#[test]
fn a_preset_says_what_it_needs_and_may_be_changed_in_part() {
    let error = Bench::<Http>::new(&json!({ "preset": "clicksend", "receipts": false }), &[])
        .err()
        .unwrap();
    assert_eq!(error.key, "values.username");
    assert!(
        error.reason.contains("the account's user name"),
        "{}",
        error.reason
    );
    assert!(
        error.reason.contains("secrets.api_key: is missing"),
        "{}",
        error.reason
    );
}

mod overlay;
