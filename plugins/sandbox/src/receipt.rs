//! A call-back of the inbox: its signature, then what it says.

use crate::config::Settings;
use aldis_carrier::{Class, Event, ReceiptState, Webhook, WebhookRequest};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

#[derive(Deserialize)]
struct Receipt {
    id: String,
    state: String,
}

/// Verifies first, reads after.
pub(crate) fn read(settings: &Settings, request: &WebhookRequest<'_>) -> Webhook {
    let (Some(secret), Some(signature)) = (&settings.receipt_secret, request.header("x-sandbox-signature"))
    else {
        return Webhook::Unverified;
    };
    if !is_signed(secret.expose().as_bytes(), request.body(), signature) {
        return Webhook::Rejected;
    }
    let Ok(receipt) = serde_json::from_slice::<Receipt>(request.body()) else {
        return Webhook::Rejected;
    };
    let event = match receipt.state.as_str() {
        "delivered" => Event::receipt(receipt.id, ReceiptState::Delivered),
        "undelivered" => {
            Event::receipt(receipt.id, ReceiptState::Undelivered).because(Class::Temporary, receipt.state)
        }
        _ => Event::receipt(receipt.id, ReceiptState::Unknown),
    };
    Webhook::verified([event])
}

/// `x-sandbox-signature` is the hexadecimal HMAC-SHA256 of the body; compared in constant time.
fn is_signed(secret: &[u8], body: &[u8], signature: &str) -> bool {
    let Some(tag) = unhex(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&tag).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests;
