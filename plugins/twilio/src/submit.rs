//! A message into `POST /2010-04-01/Accounts/{sid}/Messages.json`, and its answer into an outcome.

use crate::codes::class_of;
use crate::config::{Account, Sender};
use aldis_carrier::{Class, Message, Outcome, Request, Response};
use serde::Deserialize;

/// `ValidityPeriod` in seconds, by the Messages API.
const VALIDITY: (u64, u64) = (1, 36_000);

/// The request, field for field as Twilio's own SDK makes it.
pub(crate) fn request(account: &Account, message: &Message<'_>) -> Request {
    let mut fields = vec![("To", message.to().to_owned())];
    fields.push(match (message.from(), &account.sender) {
        (Some(from), _) => ("From", from.to_owned()),
        (None, Sender::From(from)) => ("From", from.clone()),
        (None, Sender::MessagingService(sid)) => ("MessagingServiceSid", sid.clone()),
    });
    fields.push(("Body", message.text().to_owned()));
    if let Some(url) = message.callback_url() {
        fields.push(("StatusCallback", url.to_owned()));
    }
    if let Some(validity) = message.validity().map(|validity| validity.as_secs()) {
        fields.push((
            "ValidityPeriod",
            validity.clamp(VALIDITY.0, VALIDITY.1).to_string(),
        ));
    }
    if let Some(smart) = account.smart_encoded {
        fields.push(("SmartEncoded", smart.to_string()));
    }
    let url = format!(
        "{}/2010-04-01/Accounts/{}/Messages.json",
        account.base_url, account.sid
    );
    Request::post_form(url, fields)
        .header("accept", "application/json")
        .basic_auth(&account.login.0, account.login.1.expose())
}

#[derive(Deserialize)]
struct Created {
    sid: String,
    num_segments: Option<String>,
    /// Set when the message was created only to fail.
    error_code: Option<u32>,
}

#[derive(Deserialize)]
struct Refused {
    code: u32,
}

/// What the answer means.
pub(crate) fn outcome(response: &Response<'_>) -> Outcome {
    if response.is_success() {
        return match response.json::<Created>() {
            Some(Created {
                error_code: Some(code),
                ..
            }) => refused(response, code),
            Some(created) if !created.sid.is_empty() => {
                let outcome = Outcome::accepted([created.sid]);
                // With a messaging service the count is "0" until a sender is chosen.
                match created
                    .num_segments
                    .and_then(|count| count.parse().ok())
                    .filter(|count| *count > 0)
                {
                    Some(count) => outcome.segments(count),
                    None => outcome,
                }
            }
            _ => response.fallback(),
        };
    }
    match response.json::<Refused>() {
        Some(Refused { code }) => refused(response, code),
        None => response.fallback(),
    }
}

fn refused(response: &Response<'_>, code: u32) -> Outcome {
    // Created, and yet with a code that is not listed: the fallback of 2xx is `Ambiguous`.
    let otherwise = response.fallback().class;
    let class = match class_of(code) {
        // What failed for now after Twilio created the message (30008, say) failed on its way, or not for certain; and
        // what a gateway made of an answer says nothing for certain either.
        Some(Class::Temporary) if otherwise == Class::Ambiguous => Class::Ambiguous,
        Some(known) => known,
        None => otherwise,
    };
    let outcome = Outcome::refused(class, code.to_string());
    match class {
        Class::RateLimited | Class::Temporary => outcome.retry_after(response.retry_after()),
        _ => outcome,
    }
}

#[cfg(test)]
mod tests;
