//! What the placeholders stand for.

use super::lookup::{always, lookup};
use aldis_carrier::{Encoding, Message, Secret, SenderKind};
use minijinja::{Value, context};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// What the operator gave an instance besides the template.
pub(crate) struct Given {
    pub(crate) base_url: String,
    /// The sender of messages that name none.
    pub(crate) sender: Option<String>,
    pub(crate) values: BTreeMap<String, Json>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// False: no receipts are asked for.
    pub(crate) receipts: bool,
}

/// Those of a request.
pub(crate) fn of_message(message: &Message<'_>, given: &Given) -> Value {
    let sender = message.from().or(given.sender.as_deref());
    let attributes = message.attributes();
    let attributes = attributes.map(|(name, value)| (name.to_owned(), Value::from(value)));
    context! {
        to => context! { e164 => message.to(), digits => message.to().trim_start_matches('+') },
        sender => sender,
        sender_kind => sender.map(|sender| sender_kind(message, sender)),
        text => message.text(),
        id => message.id(),
        callback_url => message.callback_url().filter(|_| given.receipts),
        parts => message.segments(),
        is_unicode => message.encoding() == Encoding::Ucs2,
        encoding => encoding(message.encoding()),
        validity_s => message.validity().map(|validity| validity.as_secs()),
        attempt => message.attempt(),
        idempotency_key => message.idempotency_key(),
        now => moment(message.now_unix_ms()),
        created => moment(created_unix_ms(message)),
        attributes => lookup(attributes),
        base_url => given.base_url.as_str(),
        ..of_instance(given)
    }
}

/// Those of a message that nobody sends, to try a template with.
pub(crate) fn of_nobody(given: &Given) -> Value {
    context! {
        to => context! { e164 => "+12025550100", digits => "12025550100" },
        sender => given.sender.as_deref().unwrap_or("+12025550199"),
        sender_kind => given.sender.as_deref().map_or("long_number", kind_of),
        text => "Your code is 123456",
        id => "msg_00000000000000000000000000000000",
        callback_url => given.receipts.then_some("https://sms.example.com/receipts?message=0"),
        parts => 1,
        is_unicode => false,
        encoding => "gsm7",
        validity_s => 180,
        attempt => 1,
        idempotency_key => "0",
        now => moment(0),
        created => moment(0),
        // A message may need one; then those without are refused.
        attributes => always("1"),
        base_url => given.base_url.as_str(),
        ..of_instance(given)
    }
}

/// Those of a call-back.
pub(crate) fn of_callback(given: &Given, found: BTreeMap<String, String>, now_unix_ms: u64) -> Value {
    let found = found.into_iter().map(|(name, value)| (name, Value::from(value)));
    context! {
        found => lookup(found),
        now => context! { unix => now_unix_ms / 1_000 },
        ..of_instance(given)
    }
}

fn of_instance(given: &Given) -> Value {
    let secrets = given.secrets.iter();
    let secrets = secrets.map(|(name, secret)| (name.clone(), Value::from(secret.expose())));
    let values = given.values.iter();
    let values = values.map(|(name, value)| (name.clone(), Value::from_serialize(value)));
    context! { values => lookup(values), secrets => lookup(secrets) }
}

/// The last second that HTTP can write (RFC 9110 section 5.6.7).
const LATEST_MS: u64 = 253_402_300_799_000;

fn moment(unix_ms: u64) -> Value {
    let unix_ms = unix_ms.min(LATEST_MS);
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(unix_ms));
    context! { unix => unix_ms / 1_000, http_date => date }
}

/// When the message was made, which its id tells, as that is a UUID of version 7 (RFC 9562 section 5.7). Of another id:
/// now.
fn created_unix_ms(message: &Message<'_>) -> u64 {
    let digits = message.id().strip_prefix("msg_").unwrap_or_default();
    let is_timed = digits.len() == 32 && digits.as_bytes().get(12) == Some(&b'7');
    let made = digits.get(..12).filter(|_| is_timed);
    let made = made.and_then(|made| u64::from_str_radix(made, 16).ok());
    made.map_or(message.now_unix_ms(), |made| made.min(message.now_unix_ms()))
}

fn sender_kind(message: &Message<'_>, sender: &str) -> &'static str {
    if message.from().is_none() {
        return kind_of(sender);
    }
    match message.from_kind() {
        SenderKind::Alphanumeric => "alphanumeric",
        SenderKind::ShortCode => "short_code",
        SenderKind::TollFree => "toll_free",
        _ => "long_number",
    }
}

/// The kind of the configured sender, as Aldis tells those of its callers apart: 3 to 8 digits are a short code.
fn kind_of(sender: &str) -> &'static str {
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return "alphanumeric";
    }
    match digits.len() {
        ..9 if digits == sender => "short_code",
        _ => "long_number",
    }
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
        Encoding::Binary => "binary",
        _ => "auto",
    }
}
