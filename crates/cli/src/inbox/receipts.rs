//! Receipts of the sandbox: posted to the message's call-back URL, signed.

use super::ReceivedSms;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign as hmac};
use std::fmt::Write as _;

/// Signs the receipts: `x-sandbox-signature` is the hexadecimal HMAC-SHA256 of the body.
pub const RECEIPT_SECRET: &str = "sandbox-receipt-secret";

/// Posts the receipt of an accepted message, if it asked for one. It may overtake the answer, as
/// a real carrier's may.
pub(super) fn send_soon(http: reqwest::Client, message: &ReceivedSms, state: &'static str) {
    let Some(url) = message.callback_url.clone() else {
        return;
    };
    let body = serde_json::json!({ "id": format!("sandbox-{}", message.id), "state": state }).to_string();
    let signature = sign(body.as_bytes());
    tokio::spawn(async move {
        let request = http
            .post(url)
            .header("content-type", "application/json")
            .header("x-sandbox-signature", signature);
        // A sandbox does not insist: whoever listens there has heard it or not.
        let _ = request.body(body).send().await;
    });
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
