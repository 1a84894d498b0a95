//! What Auth0 says in its call, and what it means for us: JSON in, a [`NewMessage`] out.
//!
//! Unknown members are stepped over at any depth and never kept. A fault names the member, never what it held: that
//! is a phone number or a code.

use crate::tenants::Tenant;
use aldis_message::{
    Attributes, Deadline, Idempotency, MessageBody, MessageClass, NewMessage, PhoneNumber, Sender, UnixMillis,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Carrier words are short; a browser's name may be long.
const LONGEST_NOTE: usize = 256;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why a body is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    #[error("the body is not a JSON object in UTF-8 that says each member once")]
    NotJson,
    #[error("the member {0} is missing")]
    Missing(&'static str),
    #[error("the member {0} is not a string")]
    NotText(&'static str),
    #[error("recipient: {0}")]
    Recipient(aldis_message::PhoneNumberError),
    #[error("sender: {0}")]
    Sender(aldis_message::SenderError),
    #[error("body: {0}")]
    Body(aldis_message::MessageBodyError),
}

impl BodyFault {
    /// The member at fault.
    pub(crate) fn field(self) -> Option<&'static str> {
        match self {
            Self::NotJson => None,
            Self::Missing(field) | Self::NotText(field) => Some(field),
            Self::Recipient(_) => Some("recipient"),
            Self::Sender(_) => Some("sender"),
            Self::Body(_) => Some("body"),
        }
    }
}

/// Reads the legacy gateway call. After this no raw string of it exists.
pub(crate) fn parse(
    bytes: &[u8],
    tenant: &Tenant,
    idempotency: Idempotency,
    now: UnixMillis,
) -> Result<NewMessage, BodyFault> {
    let call: Call =
        object(std::str::from_utf8(bytes).map_err(|_| BodyFault::NotJson)?).ok_or(BodyFault::NotJson)?;
    let recipient = text(call.recipient, "recipient")?.ok_or(BodyFault::Missing("recipient"))?;
    let body = text(call.body, "body")?.ok_or(BodyFault::Missing("body"))?;
    let sender = match text(call.sender, "sender")? {
        Some(sender) if !sender.is_empty() => Some(Sender::parse(&sender).map_err(BodyFault::Sender)?),
        _ => tenant.default_sender.clone(),
    };
    Ok(NewMessage {
        to: PhoneNumber::parse(&recipient, tenant.default_region).map_err(BodyFault::Recipient)?,
        sender,
        body: MessageBody::parse(body).map_err(BodyFault::Body)?,
        tenant: Some(tenant.name.clone()),
        class: MessageClass::Otp,
        accept: tenant.accept,
        idempotency: Some(idempotency),
        deadline: Deadline::at(now.plus(tenant.code_lifetime)),
        attributes: notes(call.req),
    })
}

/// The call; each member unread, so that only those we use are ever decoded. Null counts as absent.
#[derive(Deserialize)]
struct Call<'b> {
    #[serde(borrow)]
    recipient: Option<&'b RawValue>,
    #[serde(borrow)]
    body: Option<&'b RawValue>,
    #[serde(borrow)]
    sender: Option<&'b RawValue>,
    #[serde(borrow)]
    req: Option<&'b RawValue>,
}

/// `forward_req_info`: who asked Auth0 for the code. Both spellings of the browser's name are about:
/// `user-agent` from the connection, `user_agent` from an Action's event.
#[derive(Deserialize)]
struct Origin<'b> {
    #[serde(borrow)]
    ip: Option<&'b RawValue>,
    #[serde(borrow, rename = "user-agent")]
    user_agent: Option<&'b RawValue>,
    #[serde(borrow, rename = "user_agent")]
    action_user_agent: Option<&'b RawValue>,
}

/// Only an object will do; serde would take an array, member by member, too.
fn object<'b, T: Deserialize<'b>>(json: &'b str) -> Option<T> {
    let json = json
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(json)
        .trim_ascii_start();
    if json.starts_with('{') {
        serde_json::from_str(json).ok()
    } else {
        None
    }
}

fn text(member: Option<&RawValue>, name: &'static str) -> Result<Option<String>, BodyFault> {
    member
        .map(|raw| serde_json::from_str(raw.get()).map_err(|_| BodyFault::NotText(name)))
        .transpose()
}

/// Any other shape of `req` says nothing, and is no fault.
fn notes(req: Option<&RawValue>) -> Attributes {
    let Some(origin) = req.and_then(|raw| object::<Origin>(raw.get())) else {
        return Attributes::default();
    };
    let note = |member: Option<&RawValue>| tidy(&text(member, "req").ok()??);
    let notes = [
        ("end_user_ip", note(origin.ip)),
        (
            "end_user_agent",
            note(origin.user_agent).or_else(|| note(origin.action_user_agent)),
        ),
    ];
    let said = notes
        .into_iter()
        .filter_map(|(name, note)| Some((name.to_owned(), note?)));
    // Two short, clean entries always fit; were they refused, the SMS would still matter more.
    Attributes::parse(said).unwrap_or_default()
}

/// Whatever an end user's browser claimed, made harmless for logs and carriers.
fn tidy(note: &str) -> Option<String> {
    let mut tidied = String::new();
    for letter in note.chars().filter(|letter| !letter.is_control()) {
        if tidied.len() + letter.len_utf8() > LONGEST_NOTE {
            break;
        }
        tidied.push(letter);
    }
    (!tidied.is_empty()).then_some(tidied)
}
