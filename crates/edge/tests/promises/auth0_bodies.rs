//! Bodies, classes 25 and 26 of Auth0's contract: what Auth0 and its imitators send, and what becomes of it.

use crate::harness::delivery::Asked;
use crate::harness::edge::bearer;
use crate::harness::{Call, Edge, tenant};
use aldis_delivery_api::wire::{AcceptMode, MessageClass};
use serde_json::{Value, json};

/// What delivery was asked for this body, which must be taken.
async fn taken(edge: &Edge, body: impl AsRef<[u8]>) -> Asked {
    let body = body.as_ref();
    let answer = edge.hears(&Call::good().body(body)).await;
    assert_eq!(
        answer.status,
        200,
        "{}: {answer:?}",
        String::from_utf8_lossy(body)
    );
    edge.delivery.asked().pop().expect("one request")
}

/// The body of a message with one more member.
fn with(name: &str, value: impl Into<Value>) -> String {
    let mut body =
        json!({"recipient": "+12025550100", "body": "Your code is 314159", "sender": "+12025550199"});
    body[name] = value.into();
    body.to_string()
}

#[tokio::test]
async fn a_call_becomes_the_message_it_means() {
    let edge = Edge::with(&tenant(
        "acme",
        "code_lifetime = \"2m\"\nanswer_within = \"9s\"",
        &bearer(""),
    ))
    .await;
    let before = crate::harness::now();
    let Asked {
        request,
        token,
        timeout,
        ..
    } = taken(&edge, with("req", json!({"ip": "198.51.100.7"}))).await;
    assert_eq!(
        (&*request.to, &*request.text),
        ("+12025550100", "Your code is 314159")
    );
    assert_eq!((&*request.sender, &*request.tenant), ("+12025550199", "acme"));
    assert_eq!(
        (request.class(), request.accept()),
        (MessageClass::Otp, AcceptMode::Carrier)
    );
    assert_eq!(request.attributes["end_user_ip"], "198.51.100.7");
    let Some(aldis_delivery_api::wire::send_message_request::Expiry::Deadline(deadline)) = request.expiry
    else {
        panic!("an absolute deadline");
    };
    let lifetime = u64::try_from(deadline.seconds).expect("after 1970") - before;
    assert!((119..=122).contains(&lifetime), "{lifetime} s");
    assert!(
        (8000..=8800).contains(&timeout.as_millis()),
        "{timeout:?} is answer_within and a little for ourselves"
    );
    assert_eq!(token, format!("Bearer {}", crate::harness::edge::DELIVERY_TOKEN));
}

#[tokio::test]
async fn stored_is_said_to_delivery() {
    let edge = Edge::with(&tenant("acme", "accept = \"stored\"", &bearer(""))).await;
    assert_eq!(
        taken(&edge, with("x", 1)).await.request.accept(),
        AcceptMode::Stored
    );
}

#[tokio::test]
async fn class_25_who_asked_is_passed_on_if_it_can_be_understood() {
    let edge = Edge::start().await;
    let long = "x".repeat(5000);
    let cases = [
        (
            json!({"ip": "192.0.2.1", "user-agent": "Mozilla/5.0"}),
            "192.0.2.1",
            "Mozilla/5.0",
        ),
        (
            json!({"ip": "192.0.2.1", "user_agent": "Action/1"}),
            "192.0.2.1",
            "Action/1",
        ),
        (json!({"user-agent": "one", "user_agent": "two"}), "", "one"),
        (json!({"user-agent": "", "user_agent": "two"}), "", "two"),
        (json!({"ip": "2001:db8::1"}), "2001:db8::1", ""),
        (json!({"ip": "not an address"}), "not an address", ""),
        (json!({"ip": "", "user-agent": ""}), "", ""),
        (json!({"ip": 5, "user-agent": ["x"]}), "", ""),
        (
            json!({"user-agent": "a\r\nSet-Cookie: x\u{0}\u{1b}[31m\u{85}z"}),
            "",
            "aSet-Cookie: x[31mz",
        ),
        (json!({"user-agent": long}), "", &long[..256]),
        (
            json!({"geoip": {"cityName": "x"}, "language": "en", "ip": "192.0.2.1"}),
            "192.0.2.1",
            "",
        ),
        (json!({}), "", ""),
        (json!(null), "", ""),
        (json!("192.0.2.1"), "", ""),
        (json!(["192.0.2.1"]), "", ""),
        (json!(true), "", ""),
    ];
    for (req, ip, agent) in cases {
        let attributes = taken(&edge, with("req", req.clone())).await.request.attributes;
        let said = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        assert_eq!(
            (&*said("end_user_ip"), &*said("end_user_agent")),
            (ip, agent),
            "{req}"
        );
    }
    let wide = taken(&edge, with("req", json!({"user-agent": "\u{20ac}".repeat(200)}))).await;
    assert_eq!(
        wide.request.attributes["end_user_agent"],
        "\u{20ac}".repeat(85),
        "cut between letters"
    );
}

#[tokio::test]
async fn class_25_other_members_are_stepped_over() {
    let edge = Edge::start().await;
    let deep = format!(
        r#"{{"recipient":"+12025550100","body":"x","more":{}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let bodies = [
        with("code", "314159"),
        with("language", json!(null)),
        with(
            "connection",
            json!({"name": "sms", "options": [1, 2, {"x": "y"}]}),
        ),
        with("recipient ", "x"),
        with("", ""),
        deep,
        r#"{"recipient":"+12025550100","body":"x","n":1e999}"#.into(),
        r#"{"unknown":1,"recipient":"+12025550100","unknown":2,"body":"x"}"#.into(),
        r#"{"rec\u0069pient":"+12025550100","body":"x"}"#.into(),
        " \r\n\t{\"recipient\" : \"+12025550100\" , \"body\":\"x\" } \n".into(),
    ];
    for body in bodies {
        assert_eq!(taken(&edge, body).await.request.to, "+12025550100");
    }
}

#[tokio::test]
async fn class_26_a_number_in_any_dress() {
    let edge = Edge::start().await;
    for dress in [
        "+1 202 555 0100",
        "+1 (202) 555-0100",
        "0012025550100",
        "+1-202-555-0100",
        "+1.202.555.0100",
        " +12025550100 ",
    ] {
        assert_eq!(
            taken(&edge, with("recipient", dress)).await.request.to,
            "+12025550100",
            "{dress}"
        );
    }
    let british = Edge::with(&tenant("acme", "default_region = \"GB\"", &bearer(""))).await;
    assert_eq!(
        taken(&british, with("recipient", "020 7183 8750"))
            .await
            .request
            .to,
        "+442071838750"
    );
    assert_eq!(
        taken(&british, with("recipient", "+1 202 555 0100"))
            .await
            .request
            .to,
        "+12025550100"
    );
}

/// 400, the member's name, and nothing of what stood there.
async fn refused(edge: &Edge, body: impl AsRef<[u8]>, field: Option<&str>) {
    let answer = edge.hears(&Call::good().body(body.as_ref())).await;
    let shown = String::from_utf8_lossy(body.as_ref()).into_owned();
    assert_eq!(answer.status, 400, "{shown}: {answer:?}");
    let json = answer.json();
    assert_eq!(json["code"], "invalid_request", "{shown}");
    assert_eq!(json["field"].as_str(), field, "{shown}");
    assert!(
        !answer.text.contains("314159") && !answer.text.contains("2025550"),
        "{answer:?}"
    );
    assert!(edge.delivery.asked().is_empty(), "{shown}");
}

#[tokio::test]
async fn class_26_no_number_is_no_message() {
    let edge = Edge::start().await;
    let wrong = [
        "",
        " ",
        "2025550100",
        "+",
        "+1",
        "letters",
        "+1202555O100",
        "12345",
        "+1234567890123456",
        "+999123456789",
        "+1555",
        "+12025550100;ext=5",
        "\u{0}+12025550100",
        "+1202555\u{0}0100",
        "tel:+12025550100",
        "+19005550100",
    ];
    for recipient in wrong {
        refused(&edge, with("recipient", recipient), Some("recipient")).await;
    }
    for recipient in [
        json!(12_025_550_100_u64),
        json!(null),
        json!(["+12025550100"]),
        json!({"n": "+12025550100"}),
        json!(true),
    ] {
        refused(&edge, with("recipient", recipient), Some("recipient")).await;
    }
    refused(&edge, r#"{"body":"Your code is 314159"}"#, Some("recipient")).await;
}

#[tokio::test]
async fn class_26_texts_of_every_alphabet_but_not_of_every_length() {
    let edge = Edge::start().await;
    for text in [
        "x",
        "Your code: 314159 \u{1f512}",
        "{}[]~^|\\\u{20ac}",
        "two\nlines",
        "\u{41a}\u{43e}\u{434}",
        &"x".repeat(1600),
    ] {
        assert_eq!(taken(&edge, with("body", text)).await.request.text, text);
    }
    for text in ["", &"x".repeat(1601), &"x".repeat(5121), "a\u{0}b"] {
        refused(&edge, with("body", text), Some("body")).await;
    }
    for text in [
        json!(null),
        json!(314_159),
        json!(["x"]),
        json!({"text": "x"}),
        json!(false),
    ] {
        refused(&edge, with("body", text), Some("body")).await;
    }
    refused(&edge, r#"{"recipient":"+12025550100"}"#, Some("body")).await;
    refused(
        &edge,
        r#"{"recipient":"+12025550100","body":"\ud83d alone"}"#,
        Some("body"),
    )
    .await;
}

#[tokio::test]
async fn class_26_a_sender_or_the_default_one() {
    let edge = Edge::with(&tenant("acme", "default_sender = \"Acme\"", &bearer(""))).await;
    for sender in ["+12025550199", "12345", "Aldis", "Code4You", "ELEVENCHARS"] {
        assert_eq!(taken(&edge, with("sender", sender)).await.request.sender, sender);
    }
    assert_eq!(taken(&edge, with("sender", "")).await.request.sender, "Acme");
    assert_eq!(
        taken(&edge, with("sender", json!(null))).await.request.sender,
        "Acme"
    );
    assert_eq!(
        taken(&edge, r#"{"recipient":"+12025550100","body":"x"}"#)
            .await
            .request
            .sender,
        "Acme"
    );
    for sender in [
        json!("TwelveLetter"),
        json!("a\u{0}b"),
        json!("\u{1f512}"),
        json!(12345),
        json!([]),
        json!({}),
    ] {
        refused(&edge, with("sender", sender), Some("sender")).await;
    }
    let without = Edge::start().await;
    assert_eq!(
        taken(&without, r#"{"recipient":"+12025550100","body":"x"}"#)
            .await
            .request
            .sender,
        "",
        "the carrier's own"
    );
}

#[tokio::test]
async fn what_is_no_json_object_is_no_message() {
    let edge = Edge::start().await;
    let wrong = [
        "",
        " ",
        "{",
        "null",
        "[]",
        "\"x\"",
        "5",
        "{}x",
        r#"["+12025550100","Your code is 314159",null,null]"#,
        "recipient=%2B12025550100&body=314159",
        "{'recipient':'+12025550100'}",
        r#"{"recipient":"+12025550100","body":"x","recipient":"+12025550101"}"#,
        r#"{"recipient":"+12025550100","body":"x","body":"y"}"#,
        r#"{"recipient":"+12025550100","body":"x"} {}"#,
        r#"{"recipient":"+12025550100","body":"x",}"#,
    ];
    for body in wrong {
        refused(&edge, body, None).await;
    }
    refused(&edge, b"{\"recipient\":\"+12025550100\",\"body\":\"\xff\"}", None).await;
    refused(&edge, "{}", Some("recipient")).await;
}
