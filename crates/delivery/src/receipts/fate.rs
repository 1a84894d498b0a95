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

/// The fate of an attempt with so many carrier ids, of a message of so many segments. `told` is in the order it came.
pub fn fate<'a>(ids: u32, segments: u32, told: impl IntoIterator<Item = &'a Told>) -> Fate {
    // The first final word on a part stays: a carrier that contradicts itself is not followed.
    let mut parts: BTreeMap<(&str, u32), bool> = BTreeMap::new();
    let mut numbered = false;
    let mut taken = false;
    for told in told {
        numbered |= told.part > 0;
        taken |= told.state != ReceiptState::Unknown;
        if told.state.is_arrival() || told.is_final {
            parts
                .entry((&told.carrier_id, told.part))
                .or_insert_with(|| told.state.is_arrival());
        }
    }
    if parts.values().any(|arrived| !arrived) {
        return Fate::Failed;
    }
    // An id for each part, or one for all: then the parts have numbers, or one receipt is for the whole.
    let (arrived, expected) = if ids > 1 {
        let ids_told: BTreeSet<_> = parts.keys().map(|(id, _)| id).collect();
        (ids_told.len(), ids)
    } else {
        (parts.len(), if numbered { segments } else { 1 })
    };
    let expected = usize::try_from(expected.max(1)).unwrap_or(usize::MAX);
    if arrived >= expected {
        Fate::Arrived
    } else if taken {
        Fate::Taken
    } else {
        Fate::Silent
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
