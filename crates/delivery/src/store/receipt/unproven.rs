//! Keeps what looks like a receipt, and may have been written by a person: it counts only for a message whose addresses
//! it has, and is a message to us otherwise. Which it is can be known later only, if it comes before the answer that
//! has its id: until then it is both.

use super::matching::{self, is_about};
use super::{About, Kept, Receipt, insert, keep as keep_receipt};
use crate::receipts::proof::SenderProof;
use crate::store::aside::Aside;
use crate::store::inbound::{self, Inbound};
use aldis_message::{CarrierName, UnixMillis};
use rusqlite::Connection;

/// A text that is a receipt or a message to us.
#[derive(Clone, PartialEq, Eq)]
pub struct Unproven {
    /// The receipt that it is, if it is proved.
    pub receipt: Receipt,
    /// The messages of which its destination may be the sender.
    pub sender: SenderProof,
    /// The message to us that it is otherwise, with the addresses that prove it or not.
    pub inbound: Inbound,
}

/// Keeps one, as what it proves to be; `None`: as a message to us, and as a receipt that waits for its id.
pub(in crate::store) fn keep(
    connection: &Connection,
    carrier: &CarrierName,
    told: &Unproven,
    now: UnixMillis,
    aside: &Aside,
) -> rusqlite::Result<Option<Kept>> {
    let Unproven {
        receipt,
        sender,
        inbound: written,
    } = told;
    let addresses = (written.sender.as_str(), written.recipient.as_str());
    let is_proved = || match matching::find(connection, carrier, &receipt.carrier_id, None)? {
        Some(found) => is_about(connection, &found.message, addresses, *sender),
        None => Ok(false),
    };
    // A message that cannot be read proves nothing.
    if aside.one(connection, carrier, "matched with a text", is_proved)? == Some(true) {
        return keep_receipt(connection, carrier, receipt, None, now, aside).map(Some);
    }
    let is_new = inbound::keep(connection, carrier, written, now)?;
    // Ids come round again: the one that is known may not be the one that is meant.
    if is_new && !receipt.carrier_id.is_empty() {
        let about = About {
            unproven: Some((connection.last_insert_rowid(), *sender)),
            ..About::default()
        };
        insert(connection, carrier, receipt, &about, now)?;
    }
    Ok(None)
}
