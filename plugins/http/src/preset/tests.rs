//! Each preset speaks its carrier's API: the request it asks for, the answers it documents, its receipts.

use crate::Http;
use aldis_carrier::testing::{Answer, Bench, Callback, TestMessage};
use aldis_carrier::{Class, ReceiptState, Request, Webhook};
use serde_json::{Value, json};

const CALLBACK: &str = "https://sms.example.com/carriers/acme/receipts?message=msg_1";
/// `planted-access-key` in base64.
const ACCESS_KEY: &str = "cGxhbnRlZC1hY2Nlc3Mta2V5";

fn carrier(preset: &str) -> Bench<Http> {
    let (base_url, values, secrets): (&str, Value, &[(&str, &str)]) = match preset {
        "azure" => (
            "https://acme.communication.azure.com",
            json!({}),
            &[
                ("secrets.access_key", ACCESS_KEY),
                ("secrets.receipt_token", "t0ken"),
            ],
        ),
        "clicksend" => (
            "https://rest.clicksend.com",
            json!({ "username": "u" }),
            &[("secrets.api_key", "p"), ("secrets.receipt_token", "t0ken")],
        ),
        "46elks" => (
            "https://api.46elks.com",
            json!({ "username": "u" }),
            &[("secrets.password", "p"), ("secrets.receipt_password", "t0ken")],
        ),
        _ => (
            "http://127.0.0.1:13013",
            json!({ "username": "u" }),
            &[("secrets.password", "p"), ("secrets.receipt_token", "t0ken")],
        ),
    };
    let settings =
        json!({ "preset": preset, "base_url": base_url, "sender": "+12025550199", "values": values });
    Bench::new(&settings, secrets).unwrap_or_else(|error| panic!("{preset}: {}: {}", error.key, error.reason))
}

fn message() -> TestMessage {
    let mut message = TestMessage::new("+12025550100", "Your code is 123456");
    message.id = "msg_0123456789abcdef0123456789abcdef".to_owned();
    message.callback_url = Some(CALLBACK.to_owned());
    message.validity = Some(std::time::Duration::from_mins(3));
    message.now_unix_ms = 1_700_000_000_000; // Tue, 14 Nov 2023 22:13:20 GMT
    message
}

fn request(preset: &str, message: &TestMessage) -> Request {
    let attempt = carrier(preset).attempt(message, [Answer::new(500, "")]).unwrap();
    attempt.requests.into_iter().next().unwrap()
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    let found = request.headers.iter().find(|header| header.name == name);
    &found.unwrap_or_else(|| panic!("no {name}")).value
}

fn pairs(form: &[u8]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(form).into_owned().collect();
    pairs.sort();
    pairs
}

fn expect(form: &[u8], expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(pairs(form), expected);
}

/// What an answer means, as class and code or ids.
fn meaning(preset: &str, answer: Answer) -> (Class, String) {
    let outcome = carrier(preset).attempt(&message(), [answer]).unwrap().outcome;
    let word = if outcome.class == Class::Accepted {
        outcome.carrier_ids.join(",")
    } else {
        outcome.code
    };
    (outcome.class, word)
}

fn said(class: Class, word: &str) -> (Class, String) {
    (class, word.to_owned())
}

/// The only receipt of a call-back.
fn receipt(preset: &str, callback: &Callback) -> Option<(String, ReceiptState)> {
    match carrier(preset).webhook(callback).unwrap() {
        Webhook::Verified { events, .. } => {
            assert!(events.len() < 2);
            events
                .into_iter()
                .next()
                .map(|event| (event.carrier_id, event.state))
        }
        _ => panic!("{preset} does not believe its carrier"),
    }
}

#[test]
fn azure() {
    let request = request("azure", &message());
    assert_eq!(
        request.url,
        "https://acme.communication.azure.com/sms?api-version=2026-01-23"
    );
    assert!(request.idempotent);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let date = "Tue, 14 Nov 2023 22:13:20 GMT";
    assert_eq!(
        body,
        json!({
            "from": "+12025550199", "message": "Your code is 123456",
            "smsSendOptions": { "enableDeliveryReport": true, "tag": "msg_0123456789abcdef0123456789abcdef" },
            "smsRecipients": [{ "to": "+12025550100", "repeatabilityFirstSent": date,
                                "repeatabilityRequestId": "01234567-89ab-cdef-0123-456789abcdef" }],
        })
    );
    assert_eq!(header(&request, "x-ms-date"), date);
    // The documented string, signed again here by hand.
    let hash = header(&request, "x-ms-content-sha256");
    let host = "acme.communication.azure.com";
    let over = format!("POST\n/sms?api-version=2026-01-23\n{date};{host};{hash}");
    let kind = crate::template::HmacKind {
        algorithm: crate::template::Algorithm::Sha256,
        key_encoding: crate::template::KeyEncoding::Text,
        encoding: crate::template::Encoding::Base64,
    };
    let signature = crate::signing::sign(kind, "planted-access-key", over.as_bytes()).unwrap();
    assert_eq!(
        header(&request, "authorization"),
        format!("HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}")
    );
    let recipient = |status: u16, ok: bool| {
        let one =
            json!({ "to": "+12025550100", "messageId": "m1", "httpStatusCode": status, "successful": ok });
        Answer::json(202, &json!({ "value": [one] }))
    };
    assert_eq!(
        meaning("azure", recipient(202, true)),
        said(Class::Accepted, "m1")
    );
    assert_eq!(
        meaning("azure", recipient(400, false)),
        said(Class::BadRequest, "400")
    );
    assert_eq!(
        meaning("azure", recipient(503, false)),
        said(Class::Temporary, "503")
    );
    assert_eq!(
        meaning("azure", recipient(418, false)),
        said(Class::BadRequest, "418")
    );
    // Not "temporary" any more: a gateway within Azure that gave up may have handed it on.
    for status in [502, 504, 599] {
        assert_eq!(
            meaning("azure", recipient(status, false)),
            said(Class::Ambiguous, &status.to_string())
        );
    }
    assert_eq!(meaning("azure", recipient(202, false)).0, Class::Ambiguous);
    assert_eq!(meaning("azure", Answer::new(401, "")).0, Class::Unauthorized);
}

/// The first sending is when the message was made, which its id tells, however often it is sent.
#[test]
fn azure_is_asked_for_the_same_each_time() {
    let first_sent = |id: &str, minutes: u64| {
        let mut message = message();
        message.id = id.to_owned();
        message.now_unix_ms += minutes * 60_000;
        let body: Value = serde_json::from_slice(&request("azure", &message).body).unwrap();
        body["smsRecipients"][0]["repeatabilityFirstSent"].clone()
    };
    // 1,699,999,999,000 ms in the first 48 bits.
    let id = "msg_018bcfe564187000800000000000000f";
    for minutes in [0, 7] {
        assert_eq!(first_sent(id, minutes), "Tue, 14 Nov 2023 22:13:19 GMT");
    }
    let of_another_version = first_sent("msg_0123456789abcdef0123456789abcdef", 7);
    assert_eq!(of_another_version, "Tue, 14 Nov 2023 22:20:20 GMT");
}

/// A proxy gave up there, and nobody knows whether the carrier has the message. Kannel and Jasmin never say 504 themselves,
/// so only a proxy before them can.
#[test]
fn a_gateway_that_gave_up_is_ambiguous() {
    let pages = [
        "",
        "upstream request timeout",
        "<html><head><title>504 Gateway Time-out</title></head></html>",
        r#"{"message": "Endpoint request timed out"}"#,
    ];
    for preset in ["azure", "clicksend", "46elks", "kannel", "jasmin"] {
        for status in [499, 502, 504, 520, 522, 524, 527, 530, 598, 599] {
            for page in pages {
                assert_eq!(
                    meaning(preset, Answer::new(status, page)).0,
                    Class::Ambiguous,
                    "{preset} {status} {page}"
                );
            }
        }
        for status in [408, 425, 500, 503, 521, 523, 525, 526] {
            assert_eq!(
                meaning(preset, Answer::new(status, "")).0,
                Class::Temporary,
                "{preset} {status}"
            );
        }
    }
}

#[test]
fn azure_receipts_and_their_handshake() {
    let url = format!("{CALLBACK}&token=t0ken");
    let event = json!([{ "eventType": "Microsoft.Communication.SMSDeliveryReportReceived",
        "data": { "messageId": "m1", "deliveryStatus": "Delivered", "deliveryStatusDetails": "ok" } }]);
    let delivered = receipt("azure", &Callback::post(&url, event.to_string()));
    assert_eq!(delivered, Some(("m1".to_owned(), ReceiptState::Delivered)));
    let event =
        json!([{ "eventType": "Microsoft.Communication.SMSReceived", "data": { "messageId": "m1" } }]);
    assert_eq!(receipt("azure", &Callback::post(&url, event.to_string())), None);
    let first = json!([{ "data": { "validationCode": "512d38b6" } }]);
    let first = Callback::post(&url, first.to_string()).header("aeg-event-type", "SubscriptionValidation");
    let Webhook::Verified {
        reply: Some(reply), ..
    } = carrier("azure").webhook(&first).unwrap()
    else {
        panic!("it is not shaken");
    };
    assert_eq!(reply.body, br#"{"validationResponse":"512d38b6"}"#);
}

#[test]
fn clicksend() {
    let request = request("clicksend", &message());
    assert_eq!(request.url, "https://rest.clicksend.com/v3/sms/send");
    assert_eq!(header(&request, "authorization"), "Basic dTpw");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let one = json!({ "to": "+12025550100", "from": "+12025550199", "body": "Your code is 123456", "source": "aldis",
        "custom_string": "msg_0123456789abcdef0123456789abcdef" });
    assert_eq!(body, json!({ "messages": [one] }));
    let answer = |status: &str| {
        let one = json!({ "message_id": "m1", "status": status, "message_parts": 1 });
        let all = json!({ "http_code": 200, "response_code": "SUCCESS", "data": { "messages": [one] } });
        Answer::json(200, &all)
    };
    assert_eq!(
        meaning("clicksend", answer("SUCCESS")),
        said(Class::Accepted, "m1")
    );
    for (code, class) in [
        ("INVALID_RECIPIENT", Class::InvalidNumber),
        ("INSUFFICIENT_CREDIT", Class::NoFunds),
        ("COUNTRY_NOT_ENABLED", Class::Blocked),
    ] {
        assert_eq!(meaning("clicksend", answer(code)), said(class, code));
    }
    let locked = Answer::json(401, &json!({ "response_code": "UNAUTHORIZED", "data": null }));
    assert_eq!(
        meaning("clicksend", locked),
        said(Class::Unauthorized, "UNAUTHORIZED")
    );
    let callback = Callback::post(
        &format!("{CALLBACK}&token=t0ken"),
        "message_id=m1&status=Delivered",
    );
    assert_eq!(
        receipt("clicksend", &callback),
        Some(("m1".to_owned(), ReceiptState::Delivered))
    );
}

#[test]
fn forty_six_elks() {
    let request = request("46elks", &message());
    assert_eq!(request.url, "https://api.46elks.com/a1/sms");
    assert_eq!(header(&request, "authorization"), "Basic dTpw");
    let whendelivered = CALLBACK.replace("https://", "https://aldis:t0ken@");
    expect(
        &request.body,
        &[
            ("from", "+12025550199"),
            ("message", "Your code is 123456"),
            ("to", "+12025550100"),
            ("whendelivered", &whendelivered),
        ],
    );
    let created = json!({ "id": "s1", "status": "created", "parts": 1, "cost": 3500 });
    assert_eq!(
        meaning("46elks", Answer::json(200, &created)),
        said(Class::Accepted, "s1")
    );
    assert_eq!(
        meaning("46elks", Answer::new(403, "Not enough credits")).0,
        Class::NoFunds
    );
    assert_eq!(
        meaning("46elks", Answer::new(400, "Missing key from")).0,
        Class::BadRequest
    );
    let callback =
        Callback::post(CALLBACK, "id=s1&status=failed").header("authorization", "Basic YWxkaXM6dDBrZW4=");
    assert_eq!(
        receipt("46elks", &callback),
        Some(("s1".to_owned(), ReceiptState::Undelivered))
    );
}

mod gateways;
