//! A receipt (DLR) out of a `deliver_sm`: by its TLVs, and by its text in whatever dialect. Pure.

mod date;
mod dialect;
mod state;

use crate::address::stands_for_default;
use crate::config::{IdBase, Profile, Unmarked};
use crate::delivered::{Delivered, Tlvs};
use crate::{ids, inbound, text};
use aldis_carrier::{Class, Event, Proof, ReceiptState, SenderProof};
use dialect::Fields;

#[cfg(test)]
mod tests;

/// `esm_class` bits 5 to 2: an SMSC delivery receipt, or an intermediate notification [5.2.12].
const KIND: u8 = 0b0011_1100;
const RECEIPT: u8 = 0b0000_0100;
const INTERMEDIATE: u8 = 0b0010_0000;

/// The type of number of names [5.2.5].
const ALPHANUMERIC: u8 = 5;

/// The event of a receipt; `None`: it is a message of somebody.
pub(crate) fn read(delivered: &Delivered, profile: &Profile) -> Option<Event> {
    let fields = fields(delivered, profile);
    let kind = delivered.esm_class & KIND;
    let tlvs = &delivered.tlvs;
    let told = fields.state.as_deref().and_then(state::of_words);
    let marked = kind == RECEIPT || kind == INTERMEDIATE;
    let state = tlvs.message_state.and_then(state::of_number).or(told);
    // Some SMSCs forget to mark them; but whatever an SMSC did not mark, a person may have written. Without a state it tells
    // nothing, and what somebody wrote (STOP, perhaps) counts.
    let looks = state.is_some() && (tlvs.receipted_message_id.is_some() || fields.plain && told.is_some());
    let believed = looks && may_prove(delivered, profile.receipts_without_esm);
    if !marked && !believed {
        return None;
    }
    let state = state.unwrap_or(ReceiptState::Unknown);
    let mut event = Event::receipt(id(tlvs, &fields, profile.id_base), state);
    if kind == INTERMEDIATE {
        event.is_final = false;
    }
    let failed = event.is_final && !matches!(state, ReceiptState::Delivered | ReceiptState::Read);
    event.class = failed.then(|| class_of(state));
    event.code = match tlvs.network_error_code {
        Some((_, code)) => format!("{code:03}"),
        None => fields.error.unwrap_or_default(),
    };
    event.carrier_time_ms = fields
        .done
        .and_then(|date| date::unix_ms(&date, profile.utc_offset_minutes));
    if !marked {
        prove(&mut event, delivered, profile);
    }
    Some(event)
}

/// Returns whether the addresses of one that is not marked can be those of a message at all. A handset may send under a name,
/// and a name may look like a number: only the type of number tells them apart.
fn may_prove(delivered: &Delivered, unmarked: Unmarked) -> bool {
    // Unknown, international, national [5.2.5]: what a recipient's number may have.
    let is_number = delivered.source_ton <= 2;
    let is_a_name = delivered.destination.chars().any(char::is_alphabetic);
    match unmarked {
        Unmarked::Never => false,
        Unmarked::Any => true,
        Unmarked::Recipient => is_number,
        Unmarked::Matching => is_number && (delivered.destination_ton != ALPHANUMERIC || is_a_name),
    }
}

/// Says what it takes for one that is not marked to count. If it does not, it is the message that it would be as a text.
fn prove(event: &mut Event, delivered: &Delivered, profile: &Profile) {
    let written = inbound::read(delivered, profile);
    let sender = match profile.receipts_without_esm {
        Unmarked::Any | Unmarked::Never => return,
        Unmarked::Recipient => SenderProof::Any,
        Unmarked::Matching if stands_for_default(&written.to, profile) => SenderProof::Default,
        Unmarked::Matching => SenderProof::Named,
    };
    event.proof = Proof::Addresses(sender);
    (event.from, event.to) = (written.from, written.to);
    (event.text, event.attributes) = (written.text, written.attributes);
}

/// The first reading that has an id or a state. As ASCII before anything else: SMSCs write these texts so whatever they
/// say of `data_coding`, some copy that of the message; and GSM 03.38 has other characters in the place of `_` and `@`.
fn fields(delivered: &Delivered, profile: &Profile) -> Fields {
    let octets = delivered.user_data.as_slice();
    let ascii = || octets.iter().map(|octet| char::from(*octet)).collect();
    let said = || text::read(octets, delivered.data_coding, profile.default_alphabet).unwrap_or_default();
    let readings: [&dyn Fn() -> String; 3] = [&ascii, &said, &|| text::utf16(octets)];
    let all = readings.iter().map(|reading| dialect::fields(&reading()));
    let mut found = all.filter(|fields| fields.id.is_some() || fields.state.is_some());
    found.next().unwrap_or_default()
}

/// The TLV repeats the id of the answer [5.3.2.12]; the text is where vendors write it in another base.
fn id(tlvs: &Tlvs, fields: &Fields, base: IdBase) -> String {
    let tlv = tlvs
        .receipted_message_id
        .as_deref()
        .filter(|id| !id.trim().is_empty());
    match (tlv, fields.id.as_deref()) {
        (Some(_), Some(id)) if base != IdBase::Same => ids::of_text(id),
        (Some(id), _) => ids::of_answer(id, base),
        (None, Some(id)) => ids::of_text(id),
        (None, None) => String::new(),
    }
}

fn class_of(state: ReceiptState) -> Class {
    match state {
        ReceiptState::Expired => Class::Expired,
        ReceiptState::Rejected => Class::Blocked,
        _ => Class::Temporary,
    }
}
