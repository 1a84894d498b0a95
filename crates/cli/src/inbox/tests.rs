//! The inbox plays its script, and its ledger is a witness that others can trust.

use super::{Act, Inbox, RECIPIENTS, ReceivedSms};
use aldis_message::UnixMillis;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Only a failure takes that long.
const LIMIT: Duration = Duration::from_secs(10);
const ID: &str = "msg_00000000000000000000000000000001";
const TEXT: &str = "Your code is 123456";

async fn inbox() -> Inbox {
    Inbox::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

fn sms(to: &str) -> Value {
    json!({
        "id": ID, "to": to, "from": null, "text": TEXT, "segments": 1, "encoding": "gsm7",
        "validity_seconds": 180, "callback_url": null, "attempt": 1,
    })
}

async fn post(inbox: &Inbox, message: &Value) -> reqwest::Result<reqwest::Response> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/messages", inbox.url());
    client.post(url).json(message).send().await
}

/// What the sandbox carrier is tested with is what it will get.
#[tokio::test]
async fn the_carriers_fixtures_are_the_inboxs_answers() {
    let inbox = inbox().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/sandbox/fixtures");
    let mut seen = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let fixture: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        // Other files are for `aldis carrier check`.
        let Some(recipient) = fixture["recipient"].as_str().map(str::to_owned) else {
            continue;
        };

        let answer = post(&inbox, &sms(&recipient)).await.unwrap();

        let status = answer.status().as_u16();
        let wait = answer.headers().get("retry-after").cloned();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        assert_eq!(
            (json!(status), &body),
            (fixture["status"].clone(), &fixture["body"]),
            "{}",
            path.display()
        );
        let wait = wait.map(|seconds| seconds.to_str().unwrap().to_owned());
        assert_eq!(wait.as_deref(), fixture["headers"]["retry-after"].as_str());
        seen.insert(recipient);
    }
    for script in RECIPIENTS {
        let answers_at_once = matches!(script.act, Act::Accept | Act::Refuse { .. } | Act::Garble);
        assert_eq!(
            seen.contains(script.recipient),
            answers_at_once,
            "{}",
            script.recipient
        );
    }
}

/// The ledger has it although the caller never hears of it.
#[tokio::test]
async fn a_lost_answer_is_in_the_ledger() {
    let ledger = tempfile::NamedTempFile::new().unwrap();
    let began = aldis_daemon::clock::now();
    let inbox = Inbox::start_with_ledger((Ipv4Addr::LOCALHOST, 0).into(), ledger.path())
        .await
        .unwrap();
    assert!(post(&inbox, &sms("+12025550121")).await.is_err());
    assert!(post(&inbox, &sms("+12025550100")).await.is_ok());

    let written = std::fs::read_to_string(ledger.path()).unwrap();
    let lines: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["id"], &lines[0]["attempt"], &lines[0]["to"]),
        (&json!(ID), &json!(1), &json!("+12025550121"))
    );
    let at = UnixMillis::from_millis(lines[0]["at_unix_ms"].as_u64().unwrap());
    assert!(at >= began && at <= aldis_daemon::clock::now());
    assert!(!written.contains(TEXT));
}

#[tokio::test]
async fn trouble_passes_for_the_message_that_comes_again() {
    let inbox = inbox().await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(
            post(&inbox, &sms("+12025550124"))
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    assert_eq!(statuses, [503, 201, 201]);
    let mut another = sms("+12025550124");
    another["id"] = json!("msg_00000000000000000000000000000002");
    assert_eq!(post(&inbox, &another).await.unwrap().status(), 503);
}

#[tokio::test]
async fn whoever_waits_hears_of_what_arrives() {
    let inbox = inbox().await;
    let two = |messages: &[ReceivedSms]| messages.len() == 2;
    let (enough, first, _) = tokio::join!(inbox.wait_for(two, LIMIT), inbox.next_message(LIMIT), async {
        post(&inbox, &sms("+12025550100")).await.unwrap();
        post(&inbox, &sms("+12025550150")).await.unwrap()
    });
    assert!(enough);
    assert_eq!(first.unwrap().to, "+12025550100");
    assert_eq!(inbox.next_message(LIMIT).await.unwrap().to, "+12025550150");
    assert_eq!(inbox.next_message(Duration::ZERO).await, None);
    let three = |messages: &[ReceivedSms]| messages.len() == 3;
    assert!(!inbox.wait_for(three, Duration::ZERO).await);
}

/// Expected signatures by Python: `hmac.new(b"sandbox-receipt-secret", body, "sha256")`.
#[tokio::test]
async fn receipts_are_posted_and_signed() {
    let inbox = inbox().await;
    for (recipient, state, signature) in [
        (
            "+12025550130",
            "delivered",
            "5c3107cec17dcf2d7bc370cc28928ce1e602d21d4272b83369c52ae13ac9ac62",
        ),
        (
            "+12025550131",
            "undelivered",
            "eb42d777fa495358a684c1ed82a38c38a9f7317e613219e8e62b82a724daf90b",
        ),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut message = sms(recipient);
        message["callback_url"] = json!(format!("http://{}/receipts", listener.local_addr().unwrap()));

        let answer = post(&inbox, &message).await.unwrap();
        assert_eq!(answer.status(), 201);

        let receipt = tokio::time::timeout(LIMIT, called_back(&listener)).await.unwrap();
        let body = format!(r#"{{"id":"sandbox-{ID}","state":"{state}"}}"#);
        assert!(receipt.starts_with("POST /receipts HTTP/1.1\r\n"), "{receipt}");
        assert!(receipt.ends_with(&format!("\r\n\r\n{body}")), "{receipt}");
        assert!(
            receipt.contains(&format!("x-sandbox-signature: {signature}\r\n")),
            "{receipt}"
        );
    }
}

/// The next request, up to the brace that ends its body.
async fn called_back(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert!(stream.read_buf(&mut request).await.unwrap() > 0, "it ends early");
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn what_is_no_message_is_not_kept() {
    let inbox = inbox().await;
    let answer = post(&inbox, &json!({ "to": "+12025550100" })).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(inbox.messages(), []);
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let refused = Inbox::start((Ipv4Addr::UNSPECIFIED, 0).into()).await;
    assert_eq!(refused.err().unwrap().kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn neither_number_nor_text_is_shown() {
    let inbox = inbox().await;
    post(&inbox, &sms("+12025550100")).await.unwrap();
    let shown = format!("{:?}", inbox.messages());
    assert!(shown.contains(ID), "{shown}");
    assert!(
        !shown.contains("2025550100") && !shown.contains("123456"),
        "{shown}"
    );
}
