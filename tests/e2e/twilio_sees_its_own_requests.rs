//! The Twilio carrier asks as Twilio's own SDK does: the same loopback recorder gets both
//! requests, and they are compared field by field.

use aldis_tests::eventually::eventually;
use aldis_tests::setup::CarrierSetup;
use aldis_tests::{Gateway, Setup, peers};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const SID: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "planted-twilio-auth-token-0123456789";
/// From an account's answer, with invented ids.
const CREATED: &str = r#"{"sid": "SM11111111111111111111111111111111", "status": "queued", "num_segments": "1",
    "error_code": null, "error_message": null, "account_sid": "AC00000000000000000000000000000000"}"#;

/// What a request asked, with what may differ left out.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    method: String,
    path: String,
    authorization: String,
    content_type: String,
    form: BTreeMap<String, String>,
}

async fn recorder() -> (String, Arc<Mutex<Vec<Asked>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let records = Arc::clone(&seen);
    let record = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let records = Arc::clone(&records);
        async move {
            let header = |name: &str| {
                headers
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default()
                    .to_owned()
            };
            let form = reqwest::Url::parse(&format!("http://form/?{}", String::from_utf8_lossy(&body)))
                .expect("a form")
                .query_pairs()
                .into_owned()
                .collect();
            records.lock().expect("no panic").push(Asked {
                method: method.to_string(),
                path: uri.to_string(),
                authorization: header("authorization"),
                content_type: header("content-type")
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                form,
            });
            (
                StatusCode::CREATED,
                [("content-type", "application/json")],
                CREATED,
            )
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(record)).await });
    (url, seen)
}

async fn compare(sender_setting: &str, sender: &str, text: &str) {
    let (url, seen) = recorder().await;
    let Some(mut sdk) = peers::python("twilio_sdk.py") else {
        return;
    };
    sdk.args([&url, SID, TOKEN, "+12025550100", sender, text]);
    peers::run(sdk, "").await;

    let settings = format!(
        "base_url = \"{url}\"\naccount_sid = \"{SID}\"\nauth_token = {{ literal = \"{TOKEN}\" }}\n{sender_setting} = \"{sender}\""
    );
    let twilio = CarrierSetup {
        plugin: "twilio".to_owned(),
        settings,
        ..CarrierSetup::sandbox("twilio-us")
    };
    let gateway = Gateway::start(Setup {
        carriers: vec![twilio],
        ..Setup::default()
    })
    .await;
    let body = serde_json::json!({"recipient": "+12025550100", "body": text});
    let answer = gateway.post(&gateway.tenant().token(), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let (theirs, mut ours) = eventually("both requests", || async {
        let seen = seen.lock().expect("no panic");
        (seen.len() == 2).then(|| (seen[0].clone(), seen[1].clone()))
    })
    .await;
    // A code has a lifetime, which the SDK is not told.
    let validity: u32 = ours
        .form
        .remove("ValidityPeriod")
        .expect("a code has a validity")
        .parse()
        .expect("seconds");
    assert!((1..=36_000).contains(&validity));
    // Nor is it told where receipts shall go.
    let status_callback = ours.form.remove("StatusCallback").expect("receipts are wanted");
    let receipts = format!("http://{}/carriers/twilio-us/receipts?message=", gateway.at.edge);
    let (named, seal) = status_callback.split_once("&seal=").expect("a seal");
    assert_eq!(named, receipts + &answer.message_id());
    assert_eq!(seal.len(), 32, "{seal}");
    assert_eq!(ours, theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_as_sender() {
    compare("from", "+12025550199", "Your code is 141421 & \u{e9}\u{20ac} +%").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messaging_service_as_sender() {
    compare(
        "messaging_service_sid",
        "MG00000000000000000000000000000000",
        "Dein Code: 141422 \u{1f511}",
    )
    .await;
}
