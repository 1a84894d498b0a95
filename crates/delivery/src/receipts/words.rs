//! The carrier border's words into ours. Pure.

use super::proof::SenderProof as OurProof;
use crate::carriers::code;
use crate::store::{Inbound, News, Receipt, Unproven, Wish};
use aldis_carrier_host::{CarrierEvent, Class, EventKind, Proof, SenderProof};
use aldis_message::{OutcomeClass, PhoneNumber, ReceiptState, UnixMillis};

/// Longer than any carrier's id; what is longer is cut on both sides of the match.
const LONGEST_ID: usize = 256;

/// What people answer to hear from us again (CTIA Messaging Principles 5.1.2; the carriers' own defaults).
const START: [&str; 2] = ["START", "UNSTOP"];

/// An event as the store keeps it.
pub(super) fn news(event: CarrierEvent) -> News {
    let carrier_id = cut(event.carrier_id);
    let carrier_time = event.carrier_time_unix_ms.map(UnixMillis::from_millis);
    if event.kind == EventKind::Receipt {
        let receipt = Receipt {
            carrier_id,
            part: event.part,
            state: ReceiptState::from_number(event.state.number()).unwrap_or(ReceiptState::Unknown),
            is_final: event.is_final,
            class: event.class.and_then(reason),
            code: event.code.map(code),
            carrier_time,
        };
        let sender = match event.proof {
            Proof::Carrier => return News::Receipt(receipt),
            Proof::Addresses(sender) => sender,
        };
        return News::Unproven(Unproven {
            receipt,
            sender: match sender {
                SenderProof::Named => OurProof::Named,
                SenderProof::Default => OurProof::Default,
                SenderProof::Any => OurProof::Any,
            },
            // As a message to us it has no id: the one it names is somebody's.
            inbound: Inbound {
                carrier_id: String::new(),
                part: 0,
                sender: number(event.from),
                recipient: number(event.to),
                text: event.text,
                attributes: event.attributes.into_iter().collect(),
                carrier_time: None,
                wish: Wish::None,
            },
        });
    }
    let wish = match event.kind {
        EventKind::OptOut => Wish::Stop,
        _ if START
            .iter()
            .any(|word| event.text.trim().eq_ignore_ascii_case(word)) =>
        {
            Wish::Start
        }
        _ => Wish::None,
    };
    News::Inbound(Inbound {
        carrier_id,
        part: event.part,
        sender: number(event.from),
        recipient: number(event.to),
        text: event.text,
        attributes: event.attributes.into_iter().collect(),
        carrier_time,
        wish,
    })
}

/// Why it was not delivered.
fn reason(class: Class) -> Option<OutcomeClass> {
    OutcomeClass::from_number(class.number()).filter(|class| *class != OutcomeClass::Accepted)
}

/// E.164 with `+`, as recipients are kept; carriers leave it out. What is no number (a short code, a name) stays.
fn number(text: String) -> String {
    let full = format!("+{}", text.trim_start_matches('+'));
    PhoneNumber::parse(&full, None).map_or(text, |number| number.expose().to_owned())
}

/// As both the answer's ids and the receipts' are kept.
pub(crate) fn cut(mut id: String) -> String {
    if id.len() > LONGEST_ID {
        let end = (0..=LONGEST_ID).rev().find(|end| id.is_char_boundary(*end));
        id.truncate(end.unwrap_or(0));
    }
    id
}

#[cfg(test)]
mod tests;
