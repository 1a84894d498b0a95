//! A status call-back: its signature, then what it says.

mod signature;

use crate::codes::class_of;
use crate::config::Account;
use aldis_carrier::{Class, Event, ReceiptState, Webhook, WebhookRequest};

/// Verifies first, reads after.
pub(crate) fn read(account: &Account, request: &WebhookRequest<'_>) -> Webhook {
    let (Some(token), Some(signature)) = (&account.auth_token, request.header("x-twilio-signature")) else {
        return Webhook::Unverified;
    };
    // Twilio signs the fields of a form one by one, so the proof needs them.
    let form = if is_json(request) {
        Vec::new()
    } else {
        request.form()
    };
    let call = signature::Call {
        url: request.external_url(),
        form: &form,
        body: request.body(),
    };
    if !signature::holds(token.expose(), &call, signature) {
        return Webhook::Rejected;
    }
    Webhook::verified(event(&form))
}

fn is_json(request: &WebhookRequest<'_>) -> bool {
    request
        .header("content-type")
        .is_some_and(|kind| kind.trim_start().starts_with("application/json"))
}

/// The event of a status call-back; none for a call-back of another kind.
fn event(form: &[(String, String)]) -> Option<Event> {
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let sid = field("MessageSid").or_else(|| field("SmsSid"))?;
    let state = state_of(field("MessageStatus").or_else(|| field("SmsStatus"))?);
    let event = Event::receipt(sid, state);
    Some(
        match field("ErrorCode")
            .and_then(|code| code.parse().ok())
            .filter(|code| *code != 0)
        {
            Some(code) => event.because(class_of(code).unwrap_or(Class::Temporary), code.to_string()),
            None => event,
        },
    )
}

/// Twilio's message statuses.
fn state_of(status: &str) -> ReceiptState {
    match status {
        "accepted" | "scheduled" | "queued" => ReceiptState::Queued,
        "sending" => ReceiptState::EnRoute,
        "sent" | "partially_delivered" => ReceiptState::Sent,
        "delivered" => ReceiptState::Delivered,
        "read" => ReceiptState::Read,
        "undelivered" => ReceiptState::Undelivered,
        "failed" => ReceiptState::Rejected,
        "canceled" => ReceiptState::Deleted,
        _ => ReceiptState::Unknown,
    }
}

#[cfg(test)]
mod tests;
