//! Accepting a message: one transaction that decides whether it is new, replaces older codes, and
//! writes the row together with the intent of its first attempt.

use super::{Held, Lease, Open};
use aldis_message::{
    Attributes, CarrierName, ClientName, DeliveryStatus, Idempotency, MessageClass, MessageId, NewMessage,
    Reason, UnixMillis,
};
use aws_lc_rs::hmac;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A message at the door.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The message and its new id.
    pub held: Arc<Held>,
    /// What shall happen to it first.
    pub first: First,
    /// The present moment.
    pub now: UnixMillis,
}

/// What happens to a message first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// It is sent through this carrier; the intent is part of the same commit.
    Send(CarrierName),
    /// It stays in the accepting task's hand and waits.
    Hold,
    /// The scheduler looks at it at this moment, or at its deadline if that is sooner.
    Leave(UnixMillis),
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
}

pub(super) const KNOWN: &str = "SELECT id, idempotency_until, fingerprint FROM messages
    WHERE client = ?1 AND idempotency_key = ?2 AND idempotency_key IS NOT NULL";

pub(super) const SUPERSEDE: &str = "UPDATE messages SET (state, reason) =
       (SELECT CASE WHEN count(*) = 0 THEN 'cancelled' ELSE 'unknown' END,
               CASE WHEN count(*) = 0 THEN 'superseded' ELSE 'outcome_unknown' END
        FROM attempts WHERE message = messages.id AND outcome = 'ambiguous'),
       updated_at = ?4, owner = NULL, next_at = NULL, body = NULL, attributes = NULL
    WHERE state = 'queued' AND class = 'otp' AND recipient = ?1 AND client = ?2 AND tenant IS ?3";

/// What makes fingerprints of a client's messages useless to whoever reads the file: a six-digit
/// code under a plain hash is guessed in a moment. Keyed by each client's token, which is not in the
/// file; another token is another client to its old keys.
pub type Seals = BTreeMap<ClientName, hmac::Key>;

pub(super) fn accept(
    connection: &Connection,
    owner: &Arc<str>,
    seals: &Seals,
    arrival: &Arrival,
) -> rusqlite::Result<Accepted> {
    let Held { id, client, message } = arrival.held.as_ref();
    let mut fingerprint = None;
    if let Some(idempotency) = &message.idempotency {
        let ours = fingerprint.insert(fingerprint_of(message, seals.get(client)));
        if let Some(known) = known(connection, client, idempotency, ours, arrival.now)? {
            return Ok(known);
        }
    }
    if arrival.first == First::Refuse {
        return Ok(Accepted::Refused);
    }
    let superseded = supersede(connection, client, message, arrival.now)?;
    let open = match &arrival.first {
        First::Send(carrier) => {
            let suppressed = is_suppressed(connection, carrier, message.to.expose(), arrival.now)?;
            (!suppressed).then(|| Open {
                number: 1,
                carrier: carrier.clone(),
            })
        }
        First::Hold | First::Leave(_) | First::Refuse => None,
    };
    insert(connection, owner, arrival, open.as_ref(), fingerprint.as_deref())?;
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

/// The message this key stands for. A key whose window is over is given back in passing.
fn known(
    connection: &Connection,
    client: &ClientName,
    idempotency: &Idempotency,
    fingerprint: &[u8],
    now: UnixMillis,
) -> rusqlite::Result<Option<Accepted>> {
    let found = connection
        .prepare_cached(KNOWN)?
        .query_row(params![client.as_str(), idempotency.key.as_str()], |row| {
            Ok((
                super::record::word::<MessageId>(row, 0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })
        .optional()?;
    let Some((id, until, before)) = found else {
        return Ok(None);
    };
    if until <= millis(now) {
        connection
            .prepare_cached(
                "UPDATE messages SET idempotency_key = NULL, idempotency_until = NULL, fingerprint = NULL
                 WHERE id = ?1",
            )?
            .execute([id.to_string()])?;
        return Ok(None);
    }
    Ok(Some(if before == fingerprint {
        Accepted::Replayed(id)
    } else {
        Accepted::Conflict(id)
    }))
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
    fingerprint: Option<&[u8]>,
) -> rusqlite::Result<()> {
    let Held { id, client, message } = arrival.held.as_ref();
    let (state, reason, owner, next_at) = match (&arrival.first, open) {
        (First::Send(_), Some(_)) => (DeliveryStatus::Sending, None, Some(owner), None),
        (First::Send(_), None) => (DeliveryStatus::Failed, Some(Reason::OptedOut), None, None),
        (First::Hold | First::Refuse, _) => (DeliveryStatus::Queued, None, Some(owner), None),
        (First::Leave(at), _) => (
            DeliveryStatus::Queued,
            None,
            None,
            Some(millis((*at).min(message.deadline.moment()))),
        ),
    };
    let live = reason.is_none();
    let until = message
        .idempotency
        .as_ref()
        .map(|idempotency| millis(arrival.now.plus(idempotency.window)));
    connection
        .prepare_cached(
            "INSERT INTO messages (id, client, tenant, class, accept, recipient, masked, sender, body, attributes,
                encoding, segments, state, reason, created_at, deadline, updated_at, next_at, owner, attempts,
                idempotency_key, idempotency_until, fingerprint)
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
            next_at,
            owner,
            open.map_or(0, |open| open.number),
            message.idempotency.as_ref().map(|idempotency| idempotency.key.as_str()),
            until,
            fingerprint,
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

/// All that makes two requests the same one. Not the deadline: a repeated time-to-live moves it.
fn fingerprint_of(message: &NewMessage, seal: Option<&hmac::Key>) -> Vec<u8> {
    let unsealed = || hmac::Key::new(hmac::HMAC_SHA256, &[]);
    let seal = seal.cloned().unwrap_or_else(unsealed);
    let mut context = hmac::Context::with_key(&seal);
    let mut part = |text: Option<&str>| {
        // Length first, so that no two lists of parts read the same.
        context.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        context.update(text.unwrap_or_default().as_bytes());
    };
    part(Some(message.to.expose()));
    part(message.sender.as_ref().map(aldis_message::Sender::expose));
    part(Some(message.body.expose()));
    part(message.tenant.as_ref().map(aldis_message::TenantName::as_str));
    part(Some(message.class.as_str()));
    part(Some(message.accept.as_str()));
    for (key, value) in message.attributes.iter() {
        part(Some(key));
        part(Some(value));
    }
    context.sign().as_ref().to_vec()
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
