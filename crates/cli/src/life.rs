//! One message's life, for eyes and for machines. Never its text, never the full number.

use crate::moment::{date, rfc3339, span, time};
use crate::printer::Ink;
use aldis_delivery_api::{AttemptView, MessageView, ReceiptView};
use aldis_message::{DeliveryStatus, Encoding, OutcomeClass, Reason, TenantName, UnixMillis};
use serde_json::{Value, json};

/// The life as a small timeline.
pub(crate) fn timeline(view: &MessageView, ink: Ink) -> String {
    let mut lines = vec![heading(view, ink), subject(view, ink)];
    let accepted = format!(
        "accepted; not sent after {}, {} later",
        time(view.deadline),
        span(view.created_at.until(view.deadline))
    );
    lines.push(line(view, view.created_at, &accepted, ink));
    for attempt in &view.attempts {
        lines.push(line(view, attempt.started_at, &attempted(attempt, ink), ink));
    }
    let mut receipts: Vec<_> = view
        .attempts
        .iter()
        .flat_map(|attempt| &attempt.receipts)
        .collect();
    receipts.sort_by_key(|receipt| receipt.received_at);
    for receipt in receipts {
        lines.push(line(view, receipt.received_at, &told(receipt, ink), ink));
    }
    let reason = view
        .reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    lines.push(line(
        view,
        view.updated_at,
        &(state(view.status, ink) + &reason),
        ink,
    ));
    lines.join("\n")
}

fn heading(view: &MessageView, ink: Ink) -> String {
    format!(
        "{}  {}  {}",
        ink.bold(&view.id.to_string()),
        state(view.status, ink),
        ink.dim(&date(view.created_at))
    )
}

fn subject(view: &MessageView, ink: Ink) -> String {
    let tenant = view
        .tenant
        .as_ref()
        .map(|tenant| format!(", tenant {tenant}"))
        .unwrap_or_default();
    let encoding = match view.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    let plural = if view.segments == 1 { "" } else { "s" };
    let to = printable(&view.to_masked);
    ink.dim(&format!(
        "  {} to {to}{tenant}, {encoding}, {} segment{plural}",
        view.class, view.segments
    ))
}

/// When, how long after it was accepted, what.
fn line(view: &MessageView, moment: UnixMillis, what: &str, ink: Ink) -> String {
    let later = format!("+{}", span(view.created_at.until(moment)));
    format!(
        "  {}  {}  {what}",
        ink.dim(&time(moment)),
        ink.dim(&format!("{later:>9}"))
    )
}

fn attempted(attempt: &AttemptView, ink: Ink) -> String {
    let outcome = attempt
        .outcome
        .map_or_else(|| "under way".to_owned(), |outcome| outcome_word(outcome, ink));
    let mut parts = vec![format!(
        "attempt {} at {}: {outcome}",
        attempt.number, attempt.carrier
    )];
    parts.extend(
        attempt
            .code
            .as_deref()
            .map(|code| format!("code {}", printable(code))),
    );
    let took = attempt
        .finished_at
        .map(|finished| attempt.started_at.until(finished));
    parts.extend(took.map(|took| format!("took {}", span(took))));
    parts.extend(
        attempt
            .carrier_message_ids
            .iter()
            .map(|id| ink.dim(&printable(id))),
    );
    parts.join(", ")
}

fn told(receipt: &ReceiptView, ink: Ink) -> String {
    let state = receipt.state.as_str();
    let state = if receipt.state.is_arrival() {
        ink.green(state)
    } else if receipt.is_final {
        ink.red(state)
    } else {
        ink.yellow(state)
    };
    let class = receipt.class.map(|class| format!(", {}", class.as_str()));
    let code = receipt
        .code
        .as_deref()
        .map(|code| format!(", code {}", printable(code)));
    format!(
        "receipt: {state}{}{}, {}",
        class.unwrap_or_default(),
        code.unwrap_or_default(),
        ink.dim(&printable(&receipt.carrier_message_id))
    )
}

fn outcome_word(outcome: OutcomeClass, ink: Ink) -> String {
    let word = outcome.as_str().to_lowercase();
    match outcome {
        OutcomeClass::Accepted => ink.green(&word),
        OutcomeClass::Temporary | OutcomeClass::RateLimited | OutcomeClass::Ambiguous => ink.yellow(&word),
        _ => ink.red(&word),
    }
}

fn state(status: DeliveryStatus, ink: Ink) -> String {
    match status {
        DeliveryStatus::Submitted | DeliveryStatus::Delivered => ink.green(status.as_str()),
        DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Unknown => {
            ink.yellow(status.as_str())
        }
        DeliveryStatus::Undelivered
        | DeliveryStatus::Failed
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => ink.red(status.as_str()),
    }
}

/// Codes and ids are a carrier's words; a terminal would obey their control characters.
fn printable(words: &str) -> String {
    words
        .chars()
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect()
}

/// The life as JSON, with the names of `proto/`.
pub(crate) fn record(view: &MessageView) -> Value {
    let attempts: Vec<_> = view.attempts.iter().map(attempt_record).collect();
    json!({
        "id": view.id.to_string(),
        "to": view.to_masked,
        "state": view.status.as_str(),
        "reason": view.reason.map(Reason::as_str),
        "attempts": attempts,
        "tenant": view.tenant.as_ref().map(TenantName::as_str),
        "class": view.class.as_str(),
        "encoding": view.encoding.as_str(),
        "segments": view.segments,
        "created_at": rfc3339(view.created_at),
        "deadline": rfc3339(view.deadline),
        "updated_at": rfc3339(view.updated_at),
    })
}

fn attempt_record(attempt: &AttemptView) -> Value {
    json!({
        "number": attempt.number,
        "carrier": attempt.carrier.as_str(),
        "outcome": attempt.outcome.map(OutcomeClass::as_str),
        "code": attempt.code,
        "carrier_message_ids": attempt.carrier_message_ids,
        "started_at": rfc3339(attempt.started_at),
        "finished_at": attempt.finished_at.map(rfc3339),
        "receipts": attempt.receipts.iter().map(receipt_record).collect::<Vec<_>>(),
    })
}

fn receipt_record(receipt: &ReceiptView) -> Value {
    json!({
        "carrier_message_id": receipt.carrier_message_id,
        "state": receipt.state.as_str(),
        "final": receipt.is_final,
        "class": receipt.class.map(OutcomeClass::as_str),
        "code": receipt.code,
        "carrier_time": receipt.carrier_time.map(rfc3339),
        "received_at": rfc3339(receipt.received_at),
    })
}

#[cfg(test)]
mod tests;
