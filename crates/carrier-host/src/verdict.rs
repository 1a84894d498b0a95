//! From what a library read out of a call-back or a session to events the host may believe.

use crate::border::calls::Verdict;
use crate::border::{RawEvent, RawReply};
use crate::broken::Broken;
use crate::callback::{CallbackReply, CallbackVerdict, CarrierEvent};
use crate::judge::price;
use crate::limits;
use aldis_carrier::{Class, EventKind, Proof, ReceiptState};

/// Checks the numbers; the error ends a sentence about the library.
pub(crate) fn believe(verdict: Verdict) -> Result<CallbackVerdict, Broken> {
    match verdict {
        Verdict::Unverified => Ok(CallbackVerdict::Unverified),
        Verdict::Rejected => Ok(CallbackVerdict::Rejected),
        Verdict::Verified(events, reply) => {
            let events = events.into_iter().map(event).collect::<Result<_, _>>()?;
            Ok(CallbackVerdict::Verified {
                events,
                reply: reply.map(self::reply).transpose()?,
            })
        }
    }
}

/// An event with numbers that mean something.
pub(crate) fn event(raw: RawEvent) -> Result<CarrierEvent, String> {
    fits(&raw)?;
    let kind = EventKind::from_number(raw.kind).filter(|kind| *kind != EventKind::Session);
    let kind = kind.ok_or_else(|| unknown("kind", raw.kind))?;
    let class = Class::from_number(raw.class).filter(|class| *class != Class::PluginFault);
    let class = class.ok_or_else(|| unknown("class", raw.class))?;
    let proof = Proof::from_flags(raw.flags).ok_or_else(|| unknown("flags", raw.flags))?;
    Ok(CarrierEvent {
        kind,
        proof,
        state: ReceiptState::from_number(raw.state).ok_or_else(|| unknown("state", raw.state))?,
        class: (class != Class::Accepted).then_some(class),
        is_final: raw.is_final,
        carrier_id: raw.carrier_id,
        part: raw.part,
        from: raw.from,
        to: raw.to,
        text: raw.text,
        code: (!raw.code.is_empty()).then_some(raw.code),
        carrier_time_unix_ms: (raw.carrier_time_ms > 0).then_some(raw.carrier_time_ms),
        mccmnc: (!raw.mccmnc.is_empty()).then_some(raw.mccmnc),
        // What a receipt names was charged.
        price: price(1, raw.price_micros, raw.currency),
        attributes: raw.attributes,
    })
}

/// Nothing of it is larger than what a carrier says.
fn fits(raw: &RawEvent) -> Result<(), String> {
    let pairs = raw.attributes.iter().flat_map(|(key, value)| [key, value]);
    let attributes = pairs.map(|text| ("attribute", text, limits::ATTRIBUTE));
    let texts = [
        ("id", &raw.carrier_id, limits::ID),
        ("sender", &raw.from, limits::ID),
        ("recipient", &raw.to, limits::ID),
        ("network", &raw.mccmnc, limits::ID),
        ("code", &raw.code, limits::ATTRIBUTE),
        ("text", &raw.text, limits::TEXT),
    ];
    let mut all = texts.into_iter().chain(attributes);
    if let Some((what, text, most)) = all.find(|(_, text, most)| text.len() > *most) {
        let length = text.len();
        return Err(format!(
            "told an event with {what} of {length} bytes; {most} are allowed"
        ));
    }
    if raw.attributes.len() > limits::ATTRIBUTES {
        let count = raw.attributes.len();
        let most = limits::ATTRIBUTES;
        return Err(format!(
            "told an event with {count} attributes; {most} are allowed"
        ));
    }
    Ok(())
}

fn unknown(what: &str, number: u32) -> String {
    format!("told an event of the unknown {what} {number}")
}

fn reply(raw: RawReply) -> Result<CallbackReply, String> {
    let status = u16::try_from(raw.status)
        .ok()
        .filter(|status| (200..600).contains(status));
    let status = status.ok_or_else(|| format!("answers a call-back with the status {}", raw.status))?;
    let lengths = raw.headers.iter().map(|(name, value)| name.len() + value.len());
    let length = lengths.sum::<usize>() + raw.body.len();
    if length > limits::REPLY {
        return Err(format!(
            "answers a call-back with {length} bytes; {} are allowed",
            limits::REPLY
        ));
    }
    Ok(CallbackReply {
        status,
        headers: raw.headers,
        body: raw.body.into(),
    })
}
