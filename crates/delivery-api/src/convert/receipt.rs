//! A receipt, on the wire and off it.

use super::timestamp;
use super::view::{outcome, outcome_into_wire, required, unreadable};
use crate::{DeliveryError, ReceiptView, wire};
use aldis_message::ReceiptState;

pub(super) fn receipt_into_wire(receipt: ReceiptView) -> wire::Receipt {
    wire::Receipt {
        carrier_message_id: receipt.carrier_message_id,
        state: state_into_wire(receipt.state).into(),
        r#final: receipt.is_final,
        class: receipt
            .class
            .map_or(wire::AttemptOutcome::Unspecified, outcome_into_wire)
            .into(),
        code: receipt.code.unwrap_or_default(),
        carrier_time: receipt.carrier_time.map(timestamp),
        received_at: Some(timestamp(receipt.received_at)),
    }
}

pub(super) fn receipt_from_wire(receipt: wire::Receipt) -> Result<ReceiptView, DeliveryError> {
    let carrier_time = receipt
        .carrier_time
        .map(|at| required(Some(at), "attempts.receipts.carrier_time"))
        .transpose()?;
    Ok(ReceiptView {
        carrier_message_id: receipt.carrier_message_id,
        state: state(receipt.state).ok_or_else(|| unreadable("attempts.receipts.state"))?,
        is_final: receipt.r#final,
        // A newer delivery's word for a reason is no reason to refuse the message.
        class: outcome(receipt.class),
        code: Some(receipt.code).filter(|code| !code.is_empty()),
        carrier_time,
        received_at: required(receipt.received_at, "attempts.receipts.received_at")?,
    })
}

fn state_into_wire(state: ReceiptState) -> wire::ReceiptState {
    match state {
        ReceiptState::Unknown => wire::ReceiptState::Unknown,
        ReceiptState::Queued => wire::ReceiptState::Queued,
        ReceiptState::Sent => wire::ReceiptState::Sent,
        ReceiptState::EnRoute => wire::ReceiptState::EnRoute,
        ReceiptState::Delivered => wire::ReceiptState::Delivered,
        ReceiptState::Undelivered => wire::ReceiptState::Undelivered,
        ReceiptState::Expired => wire::ReceiptState::Expired,
        ReceiptState::Rejected => wire::ReceiptState::Rejected,
        ReceiptState::Deleted => wire::ReceiptState::Deleted,
        ReceiptState::Read => wire::ReceiptState::Read,
    }
}

fn state(number: i32) -> Option<ReceiptState> {
    ReceiptState::ALL
        .iter()
        .copied()
        .find(|state| i32::from(state_into_wire(*state)) == number)
}
