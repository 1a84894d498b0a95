//! Receipts of the sandbox: posted to the message's call-back URL, signed.

use super::ReceivedSms;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign as hmac};
use std::fmt::Write as _;
use std::time::Duration;

/// Signs the receipts: `x-sandbox-signature` is the hexadecimal HMAC-SHA256 of the body.
pub const RECEIPT_SECRET: &str = "sandbox-receipt-secret";

/// How long and how often a receipt is posted that nobody takes; real carriers go on for hours.
const INSIST: (Duration, Duration) = (Duration::from_secs(30), Duration::from_millis(200));

/// Posts the receipt of an accepted message, if it asked for one, until somebody takes or refuses it. It may overtake
/// the answer, as a real carrier's may.
pub(super) fn send_soon(http: reqwest::Client, message: &ReceivedSms, state: &'static str) {
    let message = message.clone();
    tokio::spawn(async move { send(http, &message, state).await });
}

/// As [`send_soon`], and ends when that is over.
pub(super) async fn send(http: reqwest::Client, message: &ReceivedSms, state: &str) {
    let Some(url) = message.callback_url.clone() else {
        return;
    };
    let body = serde_json::json!({ "id": format!("sandbox-{}", message.id), "state": state }).to_string();
    let signature = sign(body.as_bytes());
    let post = || {
        http.post(&url)
            .header("content-type", "application/json")
            .header("x-sandbox-signature", &signature)
            .body(body.clone())
            .send()
    };
    let (within, pause) = INSIST;
    let insisting = async {
        // Unreachable, or "try again".
        while !post()
            .await
            .is_ok_and(|answer| !answer.status().is_server_error())
        {
            tokio::time::sleep(pause).await;
        }
    };
    let _ = tokio::time::timeout(within, insisting).await;
}

fn sign(body: &[u8]) -> String {
    let tag = hmac(&Key::new(HMAC_SHA256, RECEIPT_SECRET.as_bytes()), body);
    let mut text = String::new();
    for byte in tag.as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
