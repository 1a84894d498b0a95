//! Every answer means what its file's name says, and the request is the one Twilio documents.
//!
//! `fixtures/` holds answers in the shape of the API's documentation and its SDK's test data; a
//! file is named `<outcome class>.<case>.json`.

use crate::Twilio;
use aldis_carrier::testing::{Answer, Bench, TestMessage};
use aldis_carrier::{Class, Step};
use serde_json::{Value, json};
use std::time::Duration;

const SID: &str = "AC00000000000000000000000000000000";

fn bench(settings: &Value) -> Bench<Twilio> {
    let mut all = json!({ "account_sid": SID });
    all.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    Bench::new(&all, &[("auth_token", "planted-token")]).unwrap()
}

fn class_named(name: &str) -> Class {
    let spelled = |class: &Class| {
        let mut snake = String::new();
        for (index, letter) in format!("{class:?}").chars().enumerate() {
            if letter.is_uppercase() && index > 0 {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        snake
    };
    *Class::ALL
        .iter()
        .find(|class| spelled(class) == name)
        .unwrap_or_else(|| panic!("no class {name}"))
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
    let twilio = bench(&json!({ "from": "+12025550199" }));
    let message = TestMessage::new("+12025550100", "Your code is 123456");
    let mut seen = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // For `aldis carrier check`.
        if ["settings", "message", "callback"].contains(&name.split('.').next().unwrap()) {
            continue;
        }
        let fixture: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (class, case) = name.split_once('.').unwrap();

        let outcome = twilio.attempt(&message, [answer(&fixture)]).unwrap().outcome;

        assert_eq!(outcome.class, class_named(class), "{name}");
        if let Some(code) = case
            .strip_suffix(".json")
            .and_then(|case| case.parse::<u32>().ok())
        {
            assert_eq!(outcome.code, code.to_string(), "{name}");
        }
        if let Some(after) = fixture["headers"]["retry-after"].as_str() {
            assert_eq!(
                outcome.retry_after,
                Some(Duration::from_secs(after.parse().unwrap())),
                "{name}"
            );
        }
        let accepted = outcome.class == Class::Accepted;
        assert_eq!(
            outcome.carrier_ids,
            if accepted {
                vec!["SM11111111111111111111111111111111"]
            } else {
                vec![]
            }
        );
        assert!(!outcome.detail.contains("2025550"), "{name}: {}", outcome.detail);
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} answers");
}

#[test]
fn no_answer_is_told_apart_by_whether_anything_was_sent() {
    let twilio = bench(&json!({ "from": "+12025550199" }));
    let message = TestMessage::new("+12025550100", "Hello");
    let class = |answer| twilio.attempt(&message, [answer]).unwrap().outcome.class;
    assert_eq!(class(Answer::not_sent()), Class::Temporary);
    assert_eq!(class(Answer::lost()), Class::Ambiguous);
}

/// Twilio's own words and a gateway's page alike: Twilio has no idempotency key, so a copy would be a second SMS.
#[test]
fn a_gateway_that_gave_up_may_have_handed_the_message_on() {
    let twilio = bench(&json!({ "from": "+12025550199" }));
    let message = TestMessage::new("+12025550100", "Hello");
    let class = |answer| twilio.attempt(&message, [answer]).unwrap().outcome.class;
    for status in [499, 502, 504, 520, 522, 524, 527, 530, 598, 599] {
        let page = "<html><title>Gateway Time-out</title></html>";
        assert_eq!(class(Answer::new(status, page)), Class::Ambiguous, "{status}");
        for code in [20500, 30008] {
            let words = Answer::json(status, &json!({ "code": code, "status": status }));
            assert_eq!(class(words), Class::Ambiguous, "{status} {code}");
        }
    }
    for status in [408, 425, 500, 503, 521, 523, 525, 526] {
        assert_eq!(class(Answer::new(status, "")), Class::Temporary, "{status}");
    }
}

/// The message exists; that it failed for a reason that passes does not say that no part of it arrived.
#[test]
fn what_failed_after_it_was_created_is_not_sent_again() {
    let twilio = bench(&json!({ "from": "+12025550199" }));
    let message = TestMessage::new("+12025550100", "Hello");
    for (code, class) in [
        (30003, Class::Ambiguous),
        (30008, Class::Ambiguous),
        (30009, Class::Ambiguous),
        (30007, Class::Blocked),
        (30001, Class::RateLimited),
    ] {
        let created = json!({ "sid": "SM11111111111111111111111111111111", "error_code": code });
        let attempt = twilio.attempt(&message, [Answer::json(201, &created)]).unwrap();
        assert_eq!(attempt.outcome.class, class, "{code}");
    }
}

fn form(twilio: &Bench<Twilio>, message: &TestMessage) -> Vec<(String, String)> {
    let Step::Send(request) = twilio.submit(message).unwrap() else {
        panic!("no request")
    };
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.url,
        format!("https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json")
    );
    let authorization = request
        .headers
        .iter()
        .find(|header| header.name == "authorization")
        .unwrap();
    assert!(authorization.secret);
    form_urlencoded::parse(&request.body).into_owned().collect()
}

#[test]
fn a_request_has_the_fields_twilio_documents_and_no_others() {
    let twilio = bench(&json!({ "from": "+12025550199", "smart_encoded": true }));
    let mut message = TestMessage::new("+12025550100", "Your code is 123456");
    message.validity = Some(Duration::from_mins(3));
    message.callback_url = Some("https://sms.example.com/carriers/twilio-us/receipts".to_owned());
    let expected = [
        ("To", "+12025550100"),
        ("From", "+12025550199"),
        ("Body", "Your code is 123456"),
        (
            "StatusCallback",
            "https://sms.example.com/carriers/twilio-us/receipts",
        ),
        ("ValidityPeriod", "180"),
        ("SmartEncoded", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form(&twilio, &message), expected);
}

#[test]
fn the_validity_keeps_to_twilios_bounds() {
    let twilio = bench(&json!({ "from": "+12025550199" }));
    for (asked, sent) in [
        (None, None),
        (Some(1), Some("1")),
        (Some(36_000), Some("36000")),
        (Some(36_001), Some("36000")),
        (Some(u64::from(u32::MAX)), Some("36000")),
    ] {
        let mut message = TestMessage::new("+12025550100", "Hello");
        message.validity = asked.map(Duration::from_secs);
        let fields = form(&twilio, &message);
        let period = fields.iter().find(|(name, _)| name == "ValidityPeriod");
        assert_eq!(period.map(|(_, value)| value.as_str()), sent, "{asked:?}");
    }
}

/// Expected values by Python's `base64`.
#[test]
fn the_account_or_an_api_key_logs_in() {
    let message = TestMessage::new("+12025550100", "Hello");
    let login = |settings: Value, secrets: &[(&str, &str)]| {
        let twilio = Bench::<Twilio>::new(&settings, secrets).unwrap();
        let Step::Send(request) = twilio.submit(&message).unwrap() else {
            panic!("no request")
        };
        let mut headers = request.headers.into_iter();
        headers
            .find(|header| header.name == "authorization")
            .unwrap()
            .value
    };
    assert_eq!(
        login(
            json!({ "account_sid": SID, "from": "+12025550199" }),
            &[("auth_token", "planted-token")]
        ),
        "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpwbGFudGVkLXRva2Vu"
    );
    assert_eq!(
        login(
            json!({ "account_sid": SID, "from": "+12025550199", "api_key_sid": SID.replace("AC", "SK") }),
            &[
                ("auth_token", "planted-token"),
                ("api_key_secret", "planted-secret")
            ]
        ),
        "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpwbGFudGVkLXNlY3JldA=="
    );
}

#[test]
fn a_message_s_own_sender_wins() {
    let message = TestMessage::new("+12025550100", "Hello \u{20ac}");
    let fields = form(&bench(&json!({ "from": "+12025550199" })), &message);
    assert!(fields.contains(&("From".into(), "+12025550199".into())));
    assert!(fields.contains(&("Body".into(), "Hello \u{20ac}".into())));

    let service = json!({ "messaging_service_sid": "MG00000000000000000000000000000000" });
    let fields = form(&bench(&service), &message);
    assert!(fields.iter().any(|(name, _)| name == "MessagingServiceSid"));
    assert!(!fields.iter().any(|(name, _)| name == "From"));

    let mut own = message;
    own.from = Some("Acme".to_owned());
    let fields = form(&bench(&service), &own);
    assert!(fields.contains(&("From".into(), "Acme".into())));
    assert!(!fields.iter().any(|(name, _)| name == "MessagingServiceSid"));
}

#[test]
fn wrong_settings_are_named() {
    let refused = |settings: Value, secrets: &[(&str, &str)]| {
        Bench::<Twilio>::new(&settings, secrets)
            .map(|_| ())
            .unwrap_err()
            .key
    };
    let token = [("auth_token", "planted-token")];
    let from = "+12025550199";
    assert_eq!(
        refused(json!({ "account_sid": "AC1", "from": from }), &token),
        "account_sid"
    );
    assert_eq!(
        refused(json!({ "account_sid": SID, "from": from }), &[]),
        "auth_token"
    );
    assert_eq!(refused(json!({ "account_sid": SID }), &token), "from");
    assert_eq!(
        refused(
            json!({ "account_sid": SID, "messaging_service_sid": "MG1" }),
            &token
        ),
        "messaging_service_sid"
    );
    assert_eq!(
        refused(json!({ "account_sid": SID, "form": from }), &token),
        "form"
    );
    let both = json!({
        "account_sid": SID, "from": from, "messaging_service_sid": "MG00000000000000000000000000000000"
    });
    assert_eq!(refused(both, &token), "from");
    let key = json!({ "account_sid": SID, "from": from, "api_key_sid": SID.replace("AC", "SK") });
    assert_eq!(refused(key, &token), "api_key_secret");
    let half = [("api_key_secret", "planted")];
    assert_eq!(
        refused(json!({ "account_sid": SID, "from": from }), &half),
        "api_key_sid"
    );
}
