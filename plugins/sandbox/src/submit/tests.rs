//! Every answer means what its file's name says, and what is not understood is never taken for a yes.
//!
//! `fixtures/` holds what the inbox answers to a recipient; a file is named
//! `<outcome class>.<error code>.json`. A test of the inbox checks that it still answers so.

use crate::Sandbox;
use aldis_carrier::testing::{Answer, Bench, TestMessage};
use aldis_carrier::{Class, Encoding, Step};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

fn bench() -> Bench<Sandbox> {
    let settings = json!({ "base_url": "http://127.0.0.1:8026/", "sender": "Acme" });
    Bench::new(&settings, &[]).unwrap()
}

/// `InvalidNumber` as a file's name has it: `invalid_number`.
fn spelled(class: Class) -> String {
    let mut name = String::new();
    for letter in format!("{class:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn answer(fixture: &Value) -> Answer {
    let status = u16::try_from(fixture["status"].as_u64().unwrap()).unwrap();
    let body = match &fixture["body"] {
        Value::String(text) => text.clone(),
        document => document.to_string(),
    };
    let mut answer = Answer::new(status, body);
    for (name, value) in fixture["headers"].as_object().into_iter().flatten() {
        answer = answer.header(name, value.as_str().unwrap());
    }
    answer
}

#[test]
fn every_recorded_answer_means_what_its_name_says() {
    let mut seen = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap() {
        let path = file.unwrap().path();
        let fixture: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        // For `aldis carrier check`.
        if ["settings", "message", "callback"].contains(&name.split('.').next().unwrap()) {
            continue;
        }
        let class = name.split_once('.').unwrap().0;
        let message = TestMessage::new(fixture["recipient"].as_str().unwrap(), "Hello");

        let outcome = bench().attempt(&message, [answer(&fixture)]).unwrap().outcome;

        assert_eq!(spelled(outcome.class), class, "{name}");
        if let Some(code) = fixture["body"]["error"].as_str() {
            assert_eq!(outcome.code, code, "{name}");
        }
        let wait = fixture["headers"]["retry-after"].as_str();
        let wait = wait.map(|seconds| Duration::from_secs(seconds.parse().unwrap()));
        assert_eq!(outcome.retry_after, wait, "{name}");
        let id = fixture["body"]["id"].as_str();
        assert_eq!(outcome.carrier_ids, Vec::from_iter(id), "{name}");
        seen.insert(class.to_owned());
    }
    // `PluginFault` is the host's own word.
    let all = Class::ALL.iter().filter(|class| **class != Class::PluginFault);
    assert_eq!(seen, all.map(|class| spelled(*class)).collect());
}

#[test]
fn no_answer_is_told_apart_by_whether_anything_was_sent() {
    let message = TestMessage::new("+12025550121", "Hello");
    let class = |answer| bench().attempt(&message, [answer]).unwrap().outcome.class;
    assert_eq!(class(Answer::not_sent()), Class::Temporary);
    assert_eq!(class(Answer::lost()), Class::Ambiguous);
}

#[test]
fn the_inbox_is_told_all_it_wants_to_know() {
    let mut message = TestMessage::new("+12025550100", "Hello \u{1f511}");
    message.encoding = Encoding::Ucs2;
    message.validity = Some(Duration::from_mins(3));
    message.callback_url = Some("https://sms.example.com/carriers/sandbox/receipts".to_owned());
    let Step::Send(request) = bench().submit(&message).unwrap() else {
        panic!("no request")
    };
    assert_eq!(request.url, "http://127.0.0.1:8026/messages");
    let posted: Value = serde_json::from_slice(&request.body).unwrap();
    let expected = json!({
        "id": message.id, "to": "+12025550100", "from": "Acme", "text": "Hello \u{1f511}",
        "segments": 1, "encoding": "ucs2", "validity_seconds": 180,
        "callback_url": message.callback_url, "attempt": 1,
    });
    assert_eq!(posted, expected);
}
