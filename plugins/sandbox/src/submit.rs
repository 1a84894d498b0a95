//! A message into the inbox's request, and its answer into an outcome.

use crate::config::Settings;
use aldis_carrier::{Class, Encoding, Message, Outcome, Request, Response};
use serde::Deserialize;
use serde_json::json;

/// `POST /messages`.
pub(crate) fn request(settings: &Settings, message: &Message<'_>) -> Request {
    let encoding = match message.encoding() {
        Encoding::Ucs2 => "ucs2",
        _ => "gsm7",
    };
    let document = json!({
        "id": message.id(),
        "to": message.to(),
        "from": message.from().or(settings.sender.as_deref()),
        "text": message.text(),
        "segments": message.segments(),
        "encoding": encoding,
        "validity_seconds": message.validity().map(|validity| validity.as_secs()),
        "callback_url": message.callback_url(),
        "attempt": message.attempt(),
    });
    Request::post_json(
        format!("{}/messages", settings.base_url.trim_end_matches('/')),
        &document,
    )
}

/// The inbox's error codes; what is not here is classified by its status.
const CODES: [(&str, Class); 10] = [
    ("bad_request", Class::BadRequest),
    ("blocked", Class::Blocked),
    ("expired", Class::Expired),
    ("invalid_number", Class::InvalidNumber),
    ("no_funds", Class::NoFunds),
    ("opted_out", Class::OptedOut),
    ("sender_not_allowed", Class::SenderNotAllowed),
    ("too_long", Class::TooLong),
    ("unauthorized", Class::Unauthorized),
    ("unsupported", Class::Unsupported),
];

#[derive(Deserialize)]
struct Answer {
    id: Option<String>,
    segments: Option<u32>,
    error: Option<String>,
}

/// What the answer means.
pub(crate) fn outcome(response: &Response<'_>) -> Outcome {
    match response.json::<Answer>() {
        Some(Answer {
            id: Some(id),
            segments,
            ..
        }) if response.is_success() => {
            let outcome = Outcome::accepted([id]);
            segments.map_or(outcome.clone(), |segments| outcome.segments(segments))
        }
        Some(Answer {
            error: Some(code), ..
        }) if !response.is_success() => match CODES.iter().find(|(known, _)| *known == code) {
            Some((_, class)) => Outcome::refused(*class, code),
            None => Outcome {
                code,
                ..response.fallback()
            },
        },
        _ => response.fallback(),
    }
}

#[cfg(test)]
mod tests;
