//! Seals keys and fingerprints, so that they are of no use to whoever reads the store's file: a six-digit code under a
//! plain hash is guessed in a moment.
//!
//! They are sealed by a key of the store's own. It is made once, depends on nobody's token, and lies in a file beside the
//! store, so that a copy of the store alone does not have it. Before migration V4 keys were kept as they came, and
//! fingerprints were sealed by the client's token; those count on, for as long as that token is known.

use aldis_message::{ClientName, Idempotency, IdempotencyKey, NewMessage};
use aws_lc_rs::hmac;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

/// The seals of the fingerprints of messages that were accepted before migration V4: by client, from each of its
/// tokens.
pub type FormerSeals = BTreeMap<ClientName, Vec<hmac::Key>>;

/// The beginning of a sealed key, so that people can tell.
const SEALED: &str = "sealed-";

/// The store's own key, and the former ones.
pub(super) struct Seals {
    own: hmac::Key,
    former: RwLock<Arc<FormerSeals>>,
}

impl Seals {
    pub(super) fn new(key: &[u8]) -> Self {
        Self {
            own: hmac::Key::new(hmac::HMAC_SHA256, key),
            former: RwLock::default(),
        }
    }

    /// Adds former seals. One that was known stays so while the process lives: a token that was taken away still sealed
    /// what it sealed.
    pub(super) fn know(&self, seals: FormerSeals) {
        let mut former = self.former.write().unwrap_or_else(PoisonError::into_inner);
        let all = Arc::make_mut(&mut former);
        for (client, keys) in seals {
            let known = all.entry(client).or_default();
            for key in keys {
                if !known.iter().any(|other| same(other, &key)) {
                    known.push(key);
                }
            }
        }
    }

    /// An idempotency key as the store has it.
    pub(super) fn key(&self, client: &ClientName, key: &IdempotencyKey) -> String {
        let tag = self.tag("key", &[client.as_str(), key.as_str()]);
        tag.as_ref().iter().fold(SEALED.to_owned(), |mut text, byte| {
            // A `String` takes everything.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// A call of a client, as the store has it. One without an id is every call with this key that has none.
    pub(super) fn call(&self, client: &ClientName, idempotency: &Idempotency) -> Vec<u8> {
        let call = idempotency.call.as_ref().map_or("", IdempotencyKey::as_str);
        let parts = [client.as_str(), idempotency.key.as_str(), call];
        self.tag("call", &parts).as_ref().to_vec()
    }

    /// The seal of all that makes two requests the same one.
    pub(super) fn fingerprint(&self, message: &NewMessage) -> Vec<u8> {
        fingerprint_of(message, &self.own)
    }

    /// Tells whether a fingerprint in a row is that of this message. `sealed`: by the store's own key; else by a token.
    pub(super) fn matches(
        &self,
        client: &ClientName,
        message: &NewMessage,
        print: &[u8],
        sealed: bool,
    ) -> bool {
        if sealed {
            return self.fingerprint(message) == print;
        }
        let former = Arc::clone(&self.former.read().unwrap_or_else(PoisonError::into_inner));
        let keys = former.get(client).into_iter().flatten();
        keys.into_iter().any(|key| fingerprint_of(message, key) == print)
    }

    fn tag(&self, what: &str, parts: &[&str]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.own);
        for part in [&[what], parts].concat() {
            add(&mut context, Some(part));
        }
        context.sign()
    }

    /// Checks that the file beside the store holds the key that sealed what is in it, and warns of another one.
    pub(super) fn check(&self, connection: &Connection) -> rusqlite::Result<()> {
        let tag = self.tag("mark", &[]);
        let mark: &[u8] = tag.as_ref();
        let kept: Option<bool> = connection
            .query_row("SELECT mark FROM seal", [], |row| {
                // A damaged row is another mark.
                Ok(row.get_ref(0)?.as_bytes().is_ok_and(|kept| kept == mark))
            })
            .optional()?;
        if kept == Some(true) {
            return Ok(());
        }
        if kept.is_some() {
            tracing::warn!(
                "the key file beside the store is not the one that its idempotency keys were sealed with: \
                 requests that came before are not recognised any more"
            );
        }
        let change = "INSERT OR REPLACE INTO seal (only, mark) VALUES (1, ?1)";
        connection.execute(change, [mark]).map(drop)
    }
}

fn same(one: &hmac::Key, other: &hmac::Key) -> bool {
    hmac::sign(one, b"same").as_ref() == hmac::sign(other, b"same").as_ref()
}

/// The fingerprint does not depend on the deadline: a repeated time-to-live moves it.
fn fingerprint_of(message: &NewMessage, seal: &hmac::Key) -> Vec<u8> {
    let mut context = hmac::Context::with_key(seal);
    let mut part = |text: Option<&str>| add(&mut context, text);
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

/// Adds a part, its length first, so that no two lists of parts read the same.
fn add(context: &mut hmac::Context, text: Option<&str>) {
    context.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
    context.update(text.unwrap_or_default().as_bytes());
}
