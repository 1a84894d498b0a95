//! Our words into the carrier border's, and back. Pure.

use super::{Handover, Outcome};
use crate::receipts::cut;
use crate::retry::{BROKEN_PAUSE, DEFAULT_PAUSE};
use crate::routing::PauseCause;
use aldis_carrier_host::{CarrierMessage, CarrierSender, Encoding, Report, Scope, SenderKind};
use aldis_message::{Encoding as OurEncoding, OutcomeClass, Sender, SenderKind as OurKind, UnixMillis};
use std::time::Duration;

/// Advice beyond these is not believed: zero would be no pause, and a day an outage by one header.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_hours(1));

/// A carrier's code is a few digits or one word.
const LONGEST_CODE: usize = 40;
/// More digits in a row than any carrier's code has, and as many as a phone number may have.
const MOST_DIGITS: usize = 7;

/// The message in the border's words. `last` is the time in which anything of it may be written: until the deadline, or
/// until the caller has an answer.
pub(super) fn message(
    handover: &Handover<'_>,
    deadline_left: Duration,
    last: Duration,
    now: UnixMillis,
    callbacks: Option<&str>,
) -> CarrierMessage {
    let message = &handover.held.message;
    let id = handover.held.id.to_string();
    CarrierMessage {
        to: message.to.expose().to_owned(),
        from: message.sender.as_ref().map(sender),
        text: message.body.expose().to_owned(),
        encoding: match message.body.segments().encoding() {
            OurEncoding::Gsm7 => Encoding::Gsm7,
            OurEncoding::Ucs2 => Encoding::Ucs2,
        },
        segments: message.body.segments().count(),
        attempt: handover.open.number,
        validity: Some(deadline_left),
        until_unix_ms: now.plus(last).as_millis(),
        deadline_unix_ms: now.plus(deadline_left).as_millis(),
        callback_url: callbacks.map(|base| {
            let carrier = &handover.open.carrier;
            handover.callback_urls.of(base, carrier, handover.held.id)
        }),
        idempotency_key: id.clone(),
        id,
        attributes: message
            .attributes
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn sender(sender: &Sender) -> CarrierSender {
    let kind = match sender.kind() {
        OurKind::Number => SenderKind::LongNumber,
        OurKind::ShortCode => SenderKind::ShortCode,
        OurKind::Alphanumeric => SenderKind::Alphanumeric,
    };
    CarrierSender {
        kind,
        address: sender.expose().to_owned(),
    }
}

pub(super) fn outcome(report: Report) -> Outcome {
    let class = OutcomeClass::from_number(report.class.number()).unwrap_or(OutcomeClass::PluginFault);
    let advice = report.retry_after.map(|advice| advice.clamp(PAUSES.0, PAUSES.1));
    let pause = match class {
        // One sender's or recipient's limit is no reason to spare the others; a message's own limit
        // is what carriers that do not say get, and there is no such thing. Nor is it the carrier that
        // complains when every place on its links is taken.
        OutcomeClass::RateLimited
            if report.request_written && matches!(report.scope, Scope::Message | Scope::Instance) =>
        {
            Some((advice.unwrap_or(DEFAULT_PAUSE), PauseCause::Throttled))
        }
        // Whatever the message: the account is refused.
        OutcomeClass::Unauthorized => Some((BROKEN_PAUSE, PauseCause::Unauthorized)),
        OutcomeClass::NoFunds => Some((BROKEN_PAUSE, PauseCause::NoFunds)),
        _ => None,
    };
    Outcome {
        class,
        retry_after: advice,
        code: report.code.map(code),
        carrier_ids: report.carrier_ids.into_iter().map(cut).collect(),
        pause,
    }
}

/// A code is logged and shown, so it must not be able to hold a number or a text.
pub(crate) fn code(code: String) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._:-/".contains(character);
    let digits = code
        .split(|character: char| !character.is_ascii_digit())
        .map(str::len)
        .max();
    if code.len() <= LONGEST_CODE && code.chars().all(plain) && digits.unwrap_or(0) <= MOST_DIGITS {
        code
    } else {
        "withheld".to_owned()
    }
}

#[cfg(test)]
mod tests;
