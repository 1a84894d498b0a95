//! What a carrier tells after it took a message becomes the message's state, seen by whoever sent it: through the edge
//! unread, verified by the plugin, once, whenever it comes. What nobody signed is refused and counted.

use aldis_delivery_api::MessageView;
use aldis_message::{DeliveryStatus, ReceiptState};
use aldis_tests::eventually::eventually;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{Gateway, Setup, Tenant, peers};
use axum::Router;
use axum::http::StatusCode;
use reqwest::Response;
use std::collections::BTreeMap;

/// Sends to this recipient of the sandbox and waits for the state.
async fn sent_to(gateway: &Gateway, recipient: &str, state: DeliveryStatus) -> MessageView {
    let answer = gateway.sms(recipient, "271828").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    comes_to(gateway, &answer.message_id(), state).await
}

async fn comes_to(gateway: &Gateway, id: &str, state: DeliveryStatus) -> MessageView {
    eventually(&format!("{id} is {state}"), || async {
        Some(gateway.life(id).await).filter(|view| view.status == state)
    })
    .await
}

/// The values of a counter, by its labels as they stand.
async fn counted(gateway: &Gateway, counter: &str) -> BTreeMap<String, u64> {
    let metrics = gateway.page(gateway.at.delivery_admin, "/metrics").await;
    metrics
        .lines()
        .filter_map(|line| {
            line.strip_prefix(counter)?
                .strip_prefix("_total")?
                .rsplit_once(' ')
        })
        .map(|(labels, value)| (labels.to_owned(), value.parse().expect("a number")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn arrived_or_not() {
    let gateway = Gateway::start(Setup::default()).await;
    let arrived = sent_to(&gateway, "+12025550130", DeliveryStatus::Delivered).await;
    let receipt = &arrived.attempts[0].receipts[0];
    assert_eq!((receipt.state, receipt.is_final), (ReceiptState::Delivered, true));
    assert_eq!(
        arrived.attempts[0].carrier_message_ids,
        [receipt.carrier_message_id.as_str()]
    );
    let failed = sent_to(&gateway, "+12025550131", DeliveryStatus::Undelivered).await;
    assert_eq!(failed.attempts[0].receipts[0].state, ReceiptState::Undelivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_answer_and_without_one() {
    let gateway = Gateway::start(Setup::default()).await;
    sent_to(&gateway, "+12025550132", DeliveryStatus::Delivered).await;
    // Nobody knows the id, but the call-back's URL names the message. It may come while the caller still waits.
    let answer = gateway.sms("+12025550133", "271828").await;
    assert!(matches!(answer.status, 200 | 504), "{answer:?}");
    let found = comes_to(&gateway, &answer.message_id(), DeliveryStatus::Delivered).await;
    assert_eq!(found.reason, None);
    assert_eq!(found.attempts[0].receipts.len(), 1);
}

/// The receipt is told until it is durable: whatever moment `kill -9` comes at, each message ends as delivered.
#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_loses_no_receipt() {
    let mut gateway = Gateway::start(Setup::default()).await;
    let mut ids: Vec<String> = Vec::new();
    for round in 0..4 {
        let tokens: Vec<String> = (0..8).map(|_| gateway.tenant().token()).collect();
        let bodies: Vec<_> = (0..8)
            .map(|number| Tenant::body("+12025550130", &format!("{:06}", round * 8 + number)))
            .collect();
        let posts = tokens
            .iter()
            .zip(&bodies)
            .map(|(token, body)| gateway.try_post(token, body));
        for answer in futures_util::future::join_all(posts).await.into_iter().flatten() {
            if answer.status == 200 {
                ids.push(answer.message_id());
            }
        }
        gateway.delivery.kill_nine();
        gateway.delivery.exited().await;
        gateway.restart_delivery().await;
    }
    assert!(ids.len() >= 8, "{}", ids.len());
    for id in ids {
        let view = comes_to(&gateway, &id, DeliveryStatus::Delivered).await;
        assert_eq!(
            view.attempts.iter().flat_map(|attempt| &attempt.receipts).count(),
            1
        );
    }
}

const SID: &str = "SM11111111111111111111111111111111";
const TOKEN: &str = "planted-twilio-auth-token-0123456789";

/// Takes every message, always with the same id.
async fn twilio() -> String {
    let answer = format!(r#"{{"sid": "{SID}", "status": "queued", "num_segments": "1"}}"#);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let take = move || {
        let answer = answer.clone();
        async move { (StatusCode::CREATED, answer) }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    url
}

async fn call_back(url: &str, fields: &[(&str, &str)], signature: &str) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let form = reqwest::Url::parse_with_params("http://form/", fields).expect("a form");
    client
        .post(url)
        .header("x-twilio-signature", signature)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.query().unwrap_or_default().to_owned())
        .send()
        .await
        .expect("an answer")
}

/// A gateway whose carrier it is.
async fn through_twilio() -> Gateway {
    let settings = format!(
        "base_url = \"{}\"\naccount_sid = \"AC00000000000000000000000000000000\"\n\
         auth_token = {{ literal = \"{TOKEN}\" }}\nfrom = \"+12025550199\"",
        twilio().await
    );
    let carrier = CarrierSetup {
        plugin: "twilio".to_owned(),
        settings,
        ..CarrierSetup::sandbox("twilio-us")
    };
    Gateway::start(Setup {
        carriers: vec![carrier],
        ..Setup::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_by_twilios_own_sdk_and_by_nobody_else() {
    let gateway = through_twilio().await;
    let answer = gateway.sms("+12025550100", "271828").await;
    let id = answer.message_id();

    // Odd bytes in the query: signatures cover them as they stand.
    let url = format!(
        "http://{}/carriers/twilio-us/receipts?message={id}&odd=%2b%2B~a+b",
        gateway.at.edge
    );
    let fields = [
        ("MessageSid", SID),
        ("MessageStatus", "delivered"),
        ("To", "+12025550100"),
    ];
    let Some(mut sdk) = peers::python("twilio_receipt.py") else {
        return;
    };
    sdk.args([TOKEN, &url]);
    sdk.args(fields.map(|(name, value)| format!("{name}={value}")));
    let signature = peers::run(sdk, "").await;

    let mut forged = fields;
    forged[1].1 = "undelivered";
    let elsewhere = url.replace("%2b", "%2B");
    let flipped = signature.replace(signature.chars().next().expect("one"), "_");
    for (url, fields, signature) in [
        (&url, &forged, &signature),
        (&elsewhere, &fields, &signature),
        (&url, &fields, &flipped),
    ] {
        assert_eq!(call_back(url, fields, signature).await.status(), 403);
    }
    assert_eq!(gateway.life(&id).await.status, DeliveryStatus::Submitted);
    let refused = r#"{carrier="twilio-us",verdict="rejected"}"#;
    assert_eq!(counted(&gateway, "aldis_callbacks").await.get(refused), Some(&3));

    for told in 1..=2 {
        assert_eq!(
            call_back(&url, &fields, &signature).await.status(),
            200,
            "time {told}"
        );
        let view = gateway.life(&id).await;
        assert_eq!(
            (view.status, view.attempts[0].receipts.len()),
            (DeliveryStatus::Delivered, 1)
        );
    }
    // Signed, and no receipt: nothing is lost without a word.
    let Some(mut sdk) = peers::python("twilio_receipt.py") else {
        return;
    };
    sdk.args([TOKEN, &url, "Hello=there"]);
    let signature = peers::run(sdk, "").await;
    let ping = call_back(&url, &[("Hello", "there")], &signature).await;
    assert_eq!(ping.status(), 200);
    let callbacks = counted(&gateway, "aldis_callbacks").await;
    let count = |verdict: &str| {
        callbacks
            .get(&format!(r#"{{carrier="twilio-us",verdict="{verdict}"}}"#))
            .copied()
    };
    assert_eq!((count("verified"), count("empty")), (Some(2), Some(1)));
    for (line, times) in [("call-back refused", 1), ("could read nothing from it", 1)] {
        gateway.delivery.prints(line).await;
        let count = gateway.delivery.printed().matches(line).count();
        assert_eq!(count, times, "{line}");
    }
    let told = counted(&gateway, "aldis_told").await;
    let count = |what: &str| {
        told.get(&format!(r#"{{carrier="twilio-us",what="{what}"}}"#))
            .copied()
    };
    assert_eq!((count("changed"), count("repeated")), (Some(1), Some(1)));
}

/// Of those that could call back; SMPP tells over its own connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_is_not_asked_for_receipts_is_named_once() {
    let smpp = CarrierSetup {
        plugin: "smpp".to_owned(),
        settings:
            "host = \"127.0.0.1\"\nport = 9\nsystem_id = \"acme\"\npassword = { literal = \"pa55word\" }"
                .to_owned(),
        ..CarrierSetup::sandbox("smsc")
    };
    let setup = Setup {
        carriers: vec![CarrierSetup::sandbox("sandbox"), smpp],
        ..Setup::default()
    };
    let mut gateway = Gateway::start(setup).await;
    let warnings = |gateway: &Gateway| -> Vec<String> {
        let printed = gateway.delivery.printed();
        let lines = printed.lines().filter(|line| line.contains("callback_base_url"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(warnings(&gateway), [""; 0], "they are asked for");
    gateway.delivery.kill_nine();
    let file = gateway.delivery_toml();
    let text = std::fs::read_to_string(&file).expect("the settings");
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("callback_base_url"))
        .collect();
    std::fs::write(&file, without.join("\n")).expect("written");
    gateway.restart_delivery().await;
    gateway.delivery.prints("callback_base_url").await;
    let warned = warnings(&gateway);
    assert!(
        matches!(warned.as_slice(), [one] if one.contains("\"sandbox\"") && one.contains("WARN")),
        "{warned:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_is_narrow() {
    let gateway = Gateway::start(Setup::default()).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let at = |carrier: &str| format!("http://{}/carriers/{carrier}/receipts", gateway.at.edge);
    for (carrier, status) in [("nobody", 404), ("%FF", 404), ("..%2fsms", 404), ("sandbox", 403)] {
        let answer = client.get(at(carrier)).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{carrier}");
    }
    let answer = client.put(at("sandbox")).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["allow"].to_str().ok()),
        (405, Some("GET, POST"))
    );
    let large = client.post(at("sandbox")).body(vec![b'a'; 65 * 1024]);
    assert_eq!(large.send().await.expect("an answer").status(), 413);
    // Another client of delivery has no business there.
    let call = aldis_delivery_api::Callback {
        carrier: "sandbox".to_owned(),
        method: "POST".to_owned(),
        external_url: at("sandbox"),
        headers: Vec::new(),
        body: Vec::new(),
        remote_address: String::new(),
    };
    let error = gateway.as_service().callback(call).await.expect_err("a refusal");
    assert_eq!(error.code(), "permission_denied");
}
