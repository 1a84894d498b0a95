//! Accepting a message: one transaction that decides whether it is new, replaces older codes, and
//! writes the row together with the intent of its first attempt.

use super::keys::{self, Asked, Before};
use super::seals::Seals;
use super::{Held, Lease, Open};
use aldis_message::{
    Attributes, CarrierName, ClientName, DeliveryStatus, MessageClass, MessageId, NewMessage, Reason,
    UnixMillis,
};
use rusqlite::{Connection, params};
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A message at the door.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The message and its new id.
    pub held: Arc<Held>,
    /// The first thing that happens to it.
    pub first: First,
    /// The present moment.
    pub now: UnixMillis,
    /// The caller that waits for the answer.
    pub waits: Waits,
}

/// A caller, for as long as an answer can reach it. The default waits for ever.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    until: Option<Instant>,
    gone: CancellationToken,
}

impl Waits {
    /// A caller that waits until then, unless it leaves before.
    pub fn until(until: Instant, gone: CancellationToken) -> Self {
        Self {
            until: Some(until),
            gone,
        }
    }

    /// Tells whether nobody waits any more. Reads the clock itself: a batch may be long in coming, and what counts is
    /// the moment of the transaction.
    pub fn is_over(&self) -> bool {
        self.gone.is_cancelled() || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// What happens to a message first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// It is sent through this carrier; the intent is part of the same commit.
    Send(CarrierName),
    /// It stays in the accepting task's hand and waits.
    Hold,
    /// It is not taken; only an earlier request with the same key is looked for.
    Refuse,
}

/// What became of an arrival.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It is durable.
    New {
        /// The right to work on it.
        lease: Lease,
        /// The attempt to make now, unless it waits or the recipient opted out at that carrier.
        open: Option<Open>,
        /// How many queued codes it replaced.
        superseded: usize,
    },
    /// The same request came before: this is its message.
    Replayed(MessageId),
    /// The key came before with other content.
    Conflict(MessageId),
    /// Not taken, as [`First::Refuse`] asked; nothing was written.
    Refused,
    /// The message was not taken, because nobody waits for the answer any more; nothing was written.
    Deserted,
    /// The call was closed before, or is now: nothing was sent by it and nothing will be.
    Closed,
}

pub(super) const SUPERSEDE: &str = "UPDATE messages SET (state, reason) =
       (SELECT CASE WHEN count(*) = 0 THEN 'cancelled' ELSE 'unknown' END,
               CASE WHEN count(*) = 0 THEN 'superseded' ELSE 'outcome_unknown' END
        FROM attempts WHERE message = messages.id AND outcome = 'ambiguous'),
       updated_at = ?4, owner = NULL, next_at = NULL, body = NULL, attributes = NULL
    WHERE state = 'queued' AND class = 'otp' AND recipient = ?1 AND client = ?2 AND tenant IS ?3";

pub(super) fn accept(
    connection: &Connection,
    owner: &Arc<str>,
    seals: &Seals,
    arrival: &Arrival,
) -> rusqlite::Result<Accepted> {
    let Held { id, client, message } = arrival.held.as_ref();
    let asked = Asked::of(client, message, seals);
    let over = match &asked {
        Some(asked) => match asked.before(connection, arrival.now)? {
            Before::Known(known) => return Ok(known),
            Before::Over(over) => over,
        },
        None => Vec::new(),
    };
    if arrival.first == First::Refuse {
        return Ok(Accepted::Refused);
    }
    // Whoever has had another answer must not be sent an SMS after it.
    if arrival.waits.is_over() {
        return Ok(Accepted::Deserted);
    }
    if let Some(asked) = &asked
        && asked.is_closed(connection, arrival.now)?
    {
        return Ok(Accepted::Closed);
    }
    keys::release(connection, &over)?;
    let superseded = supersede(connection, client, message, arrival.now)?;
    let open = match &arrival.first {
        First::Send(carrier) => {
            let suppressed = is_suppressed(connection, carrier, message.to.expose(), arrival.now)?;
            (!suppressed).then(|| Open {
                number: 1,
                carrier: carrier.clone(),
            })
        }
        First::Hold | First::Refuse => None,
    };
    insert(connection, owner, arrival, open.as_ref(), asked.as_ref())?;
    if let Some(open) = &open {
        insert_attempt(connection, *id, open, arrival.now)?;
    }
    let lease = Lease {
        id: *id,
        owner: Arc::clone(owner),
        epoch: 0,
    };
    Ok(Accepted::New {
        lease,
        open,
        superseded,
    })
}

/// Newest wins: an older code that still waits would only confuse. One whose copy may be out
/// already ends as that.
fn supersede(
    connection: &Connection,
    client: &ClientName,
    message: &NewMessage,
    now: UnixMillis,
) -> rusqlite::Result<usize> {
    if message.class != MessageClass::Otp {
        return Ok(0);
    }
    connection.prepare_cached(SUPERSEDE)?.execute(params![
        message.to.expose(),
        client.as_str(),
        message.tenant.as_ref().map(aldis_message::TenantName::as_str),
        millis(now),
    ])
}

fn insert(
    connection: &Connection,
    owner: &str,
    arrival: &Arrival,
    open: Option<&Open>,
    asked: Option<&Asked<'_>>,
) -> rusqlite::Result<()> {
    let Held { id, client, message } = arrival.held.as_ref();
    let (state, reason, owner) = match (&arrival.first, open) {
        (First::Send(_), Some(_)) => (DeliveryStatus::Sending, None, Some(owner)),
        (First::Send(_), None) => (DeliveryStatus::Failed, Some(Reason::OptedOut), None),
        (First::Hold | First::Refuse, _) => (DeliveryStatus::Queued, None, Some(owner)),
    };
    let live = reason.is_none();
    let until = message
        .idempotency
        .as_ref()
        .map(|idempotency| millis(arrival.now.plus(idempotency.window)));
    connection
        .prepare_cached(
            "INSERT INTO messages (id, client, tenant, class, accept, recipient, masked, sender, body, attributes,
                encoding, segments, state, reason, created_at, deadline, updated_at, owner, attempts,
                idempotency_key, idempotency_until, fingerprint, call)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?15, ?17, ?18, ?19,
                ?20, ?21, ?22)",
        )?
        .execute(params![
            id.to_string(),
            client.as_str(),
            message.tenant.as_ref().map(aldis_message::TenantName::as_str),
            message.class.as_str(),
            message.accept.as_str(),
            message.to.expose(),
            message.to.masked(),
            message.sender.as_ref().map(aldis_message::Sender::expose),
            live.then(|| message.body.expose()),
            live.then(|| to_json(&message.attributes)).flatten(),
            message.body.segments().encoding().as_str(),
            message.body.segments().count(),
            state.as_str(),
            reason.map(Reason::as_str),
            millis(arrival.now),
            millis(message.deadline.moment()),
            owner,
            open.map_or(0, |open| open.number),
            asked.map(Asked::key),
            until,
            asked.map(Asked::fingerprint),
            asked.and_then(Asked::call),
        ])?;
    Ok(())
}

pub(super) fn insert_attempt(
    connection: &Connection,
    id: MessageId,
    open: &Open,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO attempts (message, number, carrier, started_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            id.to_string(),
            open.number,
            open.carrier.as_str(),
            millis(now)
        ])?;
    Ok(())
}

/// Whether this person told this carrier to stop, not long ago.
pub(super) fn is_suppressed(
    connection: &Connection,
    carrier: &CarrierName,
    recipient: &str,
    now: UnixMillis,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM suppressions WHERE carrier = ?1 AND recipient = ?2 AND until > ?3")?
        .exists(params![carrier.as_str(), recipient, millis(now)])
}

fn to_json(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let map: serde_json::Map<String, serde_json::Value> = attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    Some(serde_json::Value::Object(map).to_string())
}

/// As the store keeps moments. Beyond the year 292 million there is only "late".
pub(super) fn millis(moment: UnixMillis) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}
