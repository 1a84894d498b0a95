//! What looks like a receipt, and may have been written by a person: it counts only for a message whose addresses it has,
//! and is a message to us otherwise. Which it is can be known later only, if it comes before the answer that has its id:
//! until then it is both.

use super::matching::{self, is_about};
use super::{Kept, Receipt, keep as keep_receipt};
use crate::receipts::proof::SenderProof;
use crate::store::accept::millis;
use crate::store::aside::Aside;
use crate::store::inbound::{self, Inbound};
use aldis_message::{CarrierName, OutcomeClass, UnixMillis};
use rusqlite::{Connection, params};

/// A text that is a receipt or a message to us.
#[derive(Clone, PartialEq, Eq)]
pub struct Unproven {
    /// What it says as a receipt.
    pub receipt: Receipt,
    /// Which messages its destination may be the sender of.
    pub sender: SenderProof,
    /// What it is otherwise, with the addresses that prove it or not.
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
    let found = matching::find(connection, carrier, &receipt.carrier_id, None)?;
    let addresses = (written.sender.as_str(), written.recipient.as_str());
    if let Some(found) = &found
        && is_about(connection, &found.message, addresses, *sender)?
    {
        return keep_receipt(connection, carrier, receipt, None, now, aside).map(Some);
    }
    inbound::keep(connection, carrier, written, now)?;
    let row = connection.last_insert_rowid();
    // Ids come round again: the one that is known may not be the one that is meant.
    if !receipt.carrier_id.is_empty() {
        connection
            .prepare_cached(
                "INSERT INTO receipts (carrier, carrier_id, part, state, final, class, code, carrier_time, received_at,
                    inbound, sender_proof)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                carrier.as_str(),
                receipt.carrier_id,
                receipt.part,
                receipt.state.as_str(),
                receipt.is_final,
                receipt.class.map(OutcomeClass::as_str),
                receipt.code,
                receipt.carrier_time.map(millis),
                millis(now),
                row,
                sender.as_str(),
            ])?;
    }
    Ok(None)
}
