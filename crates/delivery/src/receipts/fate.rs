//! What a message's receipts say together. Pure.

use aldis_message::{DeliveryStatus, OutcomeClass, ReceiptState};
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// One receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Of which attempt.
    pub attempt: u32,
    /// The carrier's id it is about.
    pub carrier_id: String,
    /// Which part under that id.
    pub part: u32,
    /// What it says.
    pub state: ReceiptState,
    /// Nothing will follow.
    pub is_final: bool,
}

/// What receipts say of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing that is known.
    Silent,
    /// The carrier has it.
    Taken,
    /// Every part is on the handset.
    Arrived,
    /// A part will never be.
    Failed,
}

/// How the parts of an attempt are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The ids that the carrier's answer has. What receipts name besides is never waited for.
    pub ids: Vec<String>,
    /// How many the message has.
    pub segments: u32,
    /// The carrier gives each part of a message an id of its own.
    pub id_for_each: bool,
    /// The answer says that not all parts may have been taken: its ids may be those of some.
    pub of_some: bool,
}

/// The fate of an attempt. `told` is in the order it came.
pub fn fate<'a>(parts: &Parts, told: impl IntoIterator<Item = &'a Told>) -> Fate {
    // The first final word on a part stays: a carrier that contradicts itself is not followed.
    let mut ends: BTreeMap<(&str, u32), bool> = BTreeMap::new();
    let mut heard: BTreeSet<&str> = BTreeSet::new();
    let mut numbered = false;
    let mut taken = false;
    for told in told {
        heard.insert(&told.carrier_id);
        numbered |= told.part > 0;
        taken |= told.state != ReceiptState::Unknown;
        if told.state.is_arrival() || told.is_final {
            ends.entry((&told.carrier_id, told.part))
                .or_insert_with(|| told.state.is_arrival());
        }
    }
    if ends.values().any(|arrived| !arrived) {
        return Fate::Failed;
    }
    // Several parts may have one id.
    let ids: BTreeSet<&str> = parts.ids.iter().map(String::as_str).collect();
    let arrived: BTreeSet<&str> = ends.keys().map(|(id, _)| *id).collect();
    let count = |segments: u32| usize::try_from(segments).unwrap_or(usize::MAX).max(1);
    // The other parts may never have left: what is told of these says nothing of the whole, but that it failed.
    if parts.of_some && !ids.is_empty() && ids.len() < count(parts.segments) {
        return Fate::Silent;
    }
    let each_arrived = if ids.len() > 1 {
        // Told of by the answer's ids, or each part by one that is not among them.
        let by_answer = arrived.intersection(&ids).count();
        by_answer.max(arrived.len() - by_answer) >= ids.len()
    } else if numbered {
        let numbers: BTreeSet<u32> = ends.keys().map(|(_, part)| *part).collect();
        numbers.len() >= count(parts.segments)
    } else if ids.is_empty() {
        // No answer says how many ids there are. As many as were heard of; or, where the carrier is known to give each
        // part its own, as there are parts. Not without knowing that: the first receipt may be the only one.
        let known = if parts.id_for_each { parts.segments } else { 1 };
        arrived.len() >= heard.len().max(count(known))
    } else {
        // One receipt for the whole.
        !arrived.is_empty()
    };
    match (each_arrived, taken) {
        (true, _) => Fate::Arrived,
        (false, true) => Fate::Taken,
        (false, false) => Fate::Silent,
    }
}

/// What the message becomes, if anything changes. `last` is the fate of its last attempt, `others` are those before.
pub fn becomes(
    status: DeliveryStatus,
    last: Fate,
    others: impl IntoIterator<Item = Fate>,
) -> Option<DeliveryStatus> {
    use DeliveryStatus::{Delivered, Submitted, Undelivered, Unknown};
    if status.is_final() {
        return None;
    }
    let all: Vec<_> = others.into_iter().chain([last]).collect();
    if all.contains(&Fate::Arrived) {
        return Some(Delivered);
    }
    match (status, last) {
        // While it is still being sent, another attempt may yet arrive.
        (Submitted | Unknown, Fate::Failed) => Some(Undelivered),
        (Unknown, Fate::Taken) => Some(Submitted),
        _ => None,
    }
}

/// What the message becomes when the answer of an attempt that was given up as lost turns up after all. Only a yes
/// decides something: it ends the waiting for another try, so that no second copy is sent.
pub fn answered(status: DeliveryStatus, class: OutcomeClass) -> Option<DeliveryStatus> {
    use DeliveryStatus::{Queued, Submitted, Unknown};
    match (status, class) {
        (Queued | Unknown, OutcomeClass::Accepted) => Some(Submitted),
        _ => None,
    }
}

/// Whether a late answer is not to be kept: it says no more than is known, or a no although receipts say that the
/// carrier had it.
pub fn contradicts(late: OutcomeClass, fate: Fate) -> bool {
    match late {
        OutcomeClass::Accepted => false,
        OutcomeClass::Ambiguous | OutcomeClass::PluginFault => true,
        _ => fate != Fate::Silent,
    }
}
