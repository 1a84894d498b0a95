//! The shape of a template, as it stands in `[carriers.settings.template]` and in `presets/`.
//!
//! Every text may hold placeholders, `{{ to.digits }}`; `README.md` lists them.

use crate::words::{Refusal, State};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How one carrier's API is spoken.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Template {
    /// A message into a request.
    pub(crate) request: Option<Request>,
    /// An answer into an outcome.
    pub(crate) answer: Option<Answer>,
    /// A call-back into receipts.
    pub(crate) receipt: Option<Receipt>,
}

/// The request that sends one message.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Request {
    /// `POST` if not said.
    pub(crate) method: Option<String>,
    /// Begins with `{{ base_url }}`.
    pub(crate) url: String,
    /// Added to the URL; a field whose value is absent is left out.
    pub(crate) query: Map<String, Value>,
    /// May also use `{{ request.body_sha256_base64 }}` and the like.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body, as `application/x-www-form-urlencoded`.
    pub(crate) form: Option<Map<String, Value>>,
    /// The body, as JSON. A text that is one placeholder keeps its type: `"{{ parts }}"` is a number.
    pub(crate) json: Option<Value>,
    /// How the carrier knows us.
    pub(crate) auth: Auth,
    /// The API sends a message once, however often it gets the same `{{ idempotency_key }}`.
    pub(crate) idempotent: bool,
}

/// How the carrier knows us.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Auth {
    /// It does not, or by a field of the request.
    #[default]
    None,
    /// `Authorization: Basic` (RFC 7617).
    Basic(Login),
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(String),
    /// A header of its own.
    Header(Pair),
    /// A field of the query.
    Query(Pair),
    /// A signature (RFC 2104).
    Hmac(Hmac),
}

/// User and password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// A name and a value.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A signature over a described text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hmac {
    /// What it is made with.
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) kind: HmacKind,
    /// What is signed. It may use `request.`: `method`, `host`, `path_and_query`, `body`, `body_sha256_base64`,
    /// `body_sha256_hex`. If not said: the body.
    pub(crate) over: Option<String>,
    /// The header it stands in.
    pub(crate) header: String,
    /// The header's whole value, with `{{ signature }}` in it. If not said: the signature alone.
    pub(crate) value: Option<String>,
}

/// How a signature is computed and written.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) struct HmacKind {
    #[serde(default)]
    pub(crate) algorithm: Algorithm,
    /// How the key is written.
    #[serde(default)]
    pub(crate) key_encoding: KeyEncoding,
    /// How the signature is written.
    #[serde(default)]
    pub(crate) encoding: Encoding,
}

/// The hash of an HMAC.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Algorithm {
    Sha1,
    #[default]
    Sha256,
    Sha512,
}

/// How a key is written.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyEncoding {
    /// Its bytes are the key.
    #[default]
    Text,
    Base64,
    Hex,
}

/// How a signature is written.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    #[default]
    Hex,
    Base64,
}

/// What an answer means.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Answer {
    /// What a success looks like.
    pub(crate) accepted: Accepted,
    /// Where the carrier's ids of the message are.
    pub(crate) id: Option<Selector>,
    /// Where the number of segments is.
    pub(crate) segments: Option<Selector>,
    /// Where the code of a refusal is.
    pub(crate) code: Option<Selector>,
    /// What a code means. `*` stands for anything: `EC_BLOCKED*`, `User * balance*`.
    pub(crate) codes: BTreeMap<String, Refusal>,
    /// What an HTTP status means, where no code says more.
    pub(crate) statuses: BTreeMap<String, Refusal>,
    /// What a code that is not listed means in a 2xx; `ambiguous` if not said: the carrier may have taken it.
    pub(crate) otherwise: Option<Refusal>,
    /// Where the carrier says when to come back, in seconds; the header `Retry-After` if not said.
    pub(crate) retry_after: Option<Selector>,
}

/// What a success looks like: one of these statuses, and the condition, and an id if `answer.id` is set.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Accepted {
    /// 200 to 399; every 2xx if not said.
    pub(crate) status: Vec<u16>,
    /// Needed where the carrier answers 2xx to what it refuses.
    pub(crate) when: Option<Condition>,
}

/// A value that is found, and is one of these or has this form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// Where to look.
    pub(crate) at: Selector,
    /// One of these, word for word.
    #[serde(default)]
    pub(crate) is: Vec<Value>,
    /// A regular expression that is found in it.
    pub(crate) matches: Option<String>,
}

/// Where a value is.
#[derive(Clone, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Selector {
    /// A `JSONPath` (RFC 9535) into the body: `$.messages[0].id`.
    Json(String),
    /// A header.
    Header(String),
    /// A regular expression over the body; its first group, or all of it.
    Regex(String),
    /// A field of a call-back's query.
    Query(String),
    /// A field of a call-back's form.
    Form(String),
    /// A text of ours: `{{ id }}`, where the carrier names none.
    Text(String),
    /// Something within another value.
    Part(Box<Part>),
    /// The first of these that finds something.
    FirstOf(Vec<Selector>),
}

impl Selector {
    /// Whether the carrier says it, and not we.
    pub(crate) fn is_said(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::FirstOf(selectors) => selectors.iter().all(Self::is_said),
            Self::Part(part) => part.of.is_said(),
            _ => true,
        }
    }
}

/// What a regular expression finds in a value: the first group, or all of it.
#[derive(Clone, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// The value.
    pub(crate) of: Selector,
    /// The regular expression.
    pub(crate) regex: String,
}

/// What a call-back means.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Receipt {
    /// `POST` if not said.
    pub(crate) methods: Vec<String>,
    /// What proves that the carrier called; all of it must hold.
    pub(crate) trust: Vec<Trust>,
    /// A `JSONPath` to each receipt, where one call-back has several; `json` selectors begin there.
    pub(crate) each: Option<String>,
    /// Only these are receipts.
    pub(crate) when: Option<Condition>,
    /// Where the id is that the answer gave.
    pub(crate) id: Option<Selector>,
    /// Where the state is.
    pub(crate) state: Option<Selector>,
    /// What a state means, with `*` as in `answer.codes`; any other is `unknown`.
    pub(crate) states: BTreeMap<String, State>,
    /// Where the reason of a failure is; the word of the state if not said, or not there.
    pub(crate) code: Option<Selector>,
    /// What a reason means.
    pub(crate) codes: BTreeMap<String, Refusal>,
    /// Where the number of the part is.
    pub(crate) part: Option<Selector>,
    /// What the carrier calls the first part; 1 if not said.
    pub(crate) first_part: Option<u32>,
    /// Where the time is: Unix time in seconds or milliseconds, or RFC 3339.
    pub(crate) time: Option<Selector>,
    /// Where the price is.
    pub(crate) price: Option<Price>,
    /// What the carrier wants to hear; 200 and nothing if not said.
    pub(crate) reply: Option<Reply>,
    /// A first call that wants an answer of its own.
    pub(crate) handshake: Option<Handshake>,
}

/// What the carrier takes for a message.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    /// Where the number is: `0.0075`.
    pub(crate) amount: Selector,
    /// Where the currency is (ISO 4217); a text of ours where it is always the same.
    pub(crate) currency: Selector,
}

/// What proves who called.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trust {
    /// `Authorization: Basic`.
    Basic(Login),
    /// A header with a secret.
    Header(Pair),
    /// A field of the query with a secret.
    Query(Pair),
    /// A signature.
    Hmac(Signed),
    /// Networks, `192.0.2.0/24`, as the edge sees them.
    Sources(Vec<String>),
    /// One of these is enough: two secrets, while one takes over from the other.
    AnyOf(Vec<Trust>),
}

/// A signature in a call-back (RFC 2104).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    /// What it is made with.
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) kind: HmacKind,
    /// Where it is; of several, one must hold.
    pub(crate) signature: Selector,
    /// What is signed. It may use `body`, `url`, `method` and what is `found`. If not said: the body.
    pub(crate) over: Option<String>,
    /// What `over` needs besides them.
    #[serde(default)]
    pub(crate) found: BTreeMap<String, Selector>,
    /// When it was signed: Unix time in seconds or milliseconds, or RFC 3339. It must be part of what is signed.
    pub(crate) timestamp: Option<Selector>,
    /// How far the timestamp may be from now; 300 if not said.
    pub(crate) within_s: Option<u64>,
}

/// An answer to a call-back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    /// 200 if not said.
    pub(crate) status: Option<u16>,
    /// The body as text.
    pub(crate) text: Option<String>,
    /// The body as JSON.
    pub(crate) json: Option<Value>,
}

/// A first call that wants an answer of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handshake {
    /// How it is known.
    pub(crate) when: Condition,
    /// What the answer repeats, as `{{ found.NAME }}`.
    #[serde(default)]
    pub(crate) found: BTreeMap<String, Selector>,
    /// The answer.
    pub(crate) reply: Reply,
}
