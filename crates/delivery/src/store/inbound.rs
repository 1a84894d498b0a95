//! What people write to us, and who told which carrier to stop.

use super::accept::millis;
use aldis_message::{CarrierName, UnixMillis};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeMap;
use std::time::Duration;

/// A message to us. Has no `Debug`: it is somebody's words and number.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The carrier's id, if it gives one.
    pub carrier_id: String,
    /// Which part under that id.
    pub part: u32,
    /// Who wrote it.
    pub sender: String,
    /// To which number of ours.
    pub recipient: String,
    /// What it says.
    pub text: String,
    /// More, by the carrier's own names.
    pub attributes: BTreeMap<String, String>,
    /// When, by the carrier's clock.
    pub carrier_time: Option<UnixMillis>,
    /// What it means for what we send.
    pub wish: Wish,
}

/// What somebody wants of us from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing was said of it.
    None,
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
}

/// Keeps one; false if it had been told before.
pub(super) fn keep(
    connection: &Connection,
    carrier: &CarrierName,
    inbound: &Inbound,
    now: UnixMillis,
) -> rusqlite::Result<bool> {
    let attributes =
        (!inbound.attributes.is_empty()).then(|| serde_json::json!(inbound.attributes).to_string());
    let new = connection
        .prepare_cached(
            "INSERT INTO inbound (carrier, carrier_id, part, sender, recipient, body, attributes, opt_out, carrier_time,
                received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            carrier.as_str(),
            inbound.carrier_id,
            inbound.part,
            inbound.sender,
            inbound.recipient,
            inbound.text,
            attributes,
            inbound.wish == Wish::Stop,
            inbound.carrier_time.map(millis),
            millis(now)
        ])?
        > 0;
    match inbound.wish {
        Wish::None => {}
        Wish::Stop => suppress(connection, carrier, &inbound.sender, None)?,
        Wish::Start => {
            connection
                .prepare_cached("DELETE FROM suppressions WHERE carrier = ?1 AND recipient = ?2")?
                .execute(params![carrier.as_str(), inbound.sender])?;
        }
    }
    Ok(new)
}

/// How long an opted-out recipient is not offered to that carrier again, where it was the carrier that said so.
const SUPPRESSED_FOR: Duration = Duration::from_hours(24);

/// The carrier said that the recipient of this message opted out.
pub(super) fn suppress_for_now(
    connection: &Connection,
    carrier: &CarrierName,
    message: &str,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    let recipient: Option<String> = connection
        .prepare_cached("SELECT recipient FROM messages WHERE id = ?1")?
        .query_row([message], |row| Ok(row.get(0).ok()))
        .optional()?
        .flatten();
    recipient.map_or(Ok(()), |recipient| {
        suppress(connection, carrier, &recipient, Some(now.plus(SUPPRESSED_FOR)))
    })
}

/// This recipient gets nothing more through this carrier; `None`: until they say otherwise.
fn suppress(
    connection: &Connection,
    carrier: &CarrierName,
    recipient: &str,
    until: Option<UnixMillis>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO suppressions (carrier, recipient, until) VALUES (?1, ?2, ?3)
             ON CONFLICT (carrier, recipient) DO UPDATE SET until = max(until, excluded.until)",
        )?
        .execute(params![
            carrier.as_str(),
            recipient,
            until.map_or(i64::MAX, millis)
        ])?;
    Ok(())
}
