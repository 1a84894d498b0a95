//! What a placeholder may name.

use super::Given;
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// Where in a template a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before the request is made.
    Message,
    /// The address it is sent to.
    Url,
    /// When its URL and body are known.
    Signed,
    /// What is signed then.
    Over,
    /// Around the signature.
    Signature,
    /// In a call-back.
    Callback,
    /// In a call-back, where its signature is verified.
    CallbackSigned,
}

const OF_MESSAGE: &[&str] = &[
    "to.e164",
    "to.digits",
    "sender",
    "sender_kind",
    "text",
    "id",
    "callback_url",
    "parts",
    "is_unicode",
    "encoding",
    "validity_s",
    "attempt",
    "idempotency_key",
    "now.unix",
    "now.http_date",
    "created.unix",
    "created.http_date",
    "attributes",
    "base_url",
];
const OF_REQUEST: &[&str] = &[
    "request.method",
    "request.host",
    "request.path_and_query",
    "request.body",
    "request.body_sha256_base64",
    "request.body_sha256_hex",
];
const OF_CALLBACK: &[&str] = &["found", "now.unix"];

impl Place {
    fn words(self) -> impl Iterator<Item = &'static str> {
        let lists: &[&[&str]] = match self {
            Self::Message | Self::Url => &[OF_MESSAGE],
            Self::Signed | Self::Over => &[OF_MESSAGE, OF_REQUEST],
            Self::Signature => &[OF_MESSAGE, OF_REQUEST, &["signature"]],
            Self::Callback => &[OF_CALLBACK],
            Self::CallbackSigned => &[OF_CALLBACK, &["body", "url", "method"]],
        };
        lists.iter().copied().flatten().copied()
    }
}

/// What the texts of one place may name.
pub(crate) struct Scope<'a> {
    pub(crate) place: Place,
    pub(crate) given: &'a Given,
    /// What the preset says about the values and secrets it needs.
    pub(crate) wanted: &'a BTreeMap<String, String>,
}

impl Scope<'_> {
    /// Whether each name stands for something; the problem is one for the operator to mend.
    pub(super) fn check(&self, key: &str, used: &BTreeSet<String>) -> Result<(), Problem> {
        // Without receipts a text with the call-back's URL is absent, whatever else is in it.
        let absent = used.contains("callback_url") && !self.given.receipts;
        for name in used {
            let name = name.as_str();
            if let Some(value) = name.strip_prefix("values.") {
                self.is_given(key, name, absent || self.given.values.contains_key(value))?;
            } else if let Some(secret) = name.strip_prefix("secrets.") {
                self.is_given(key, name, absent || self.given.secrets.contains_key(secret))?;
            } else if !self.place.words().any(|word| is_within(name, word)) {
                let words: Vec<_> = self.place.words().collect();
                let words = words.join(", ");
                let reason =
                    format!("there is no {{{{ {name} }}}} here; there are {words}, values.*, secrets.*");
                return Err(Problem::new(key, reason));
            }
        }
        Ok(())
    }

    fn is_given(&self, key: &str, name: &str, given: bool) -> Result<(), Problem> {
        if given {
            return Ok(());
        }
        let why = self.wanted.get(name);
        let why = why.map_or_else(|| format!("template.{key} needs it"), Clone::clone);
        Err(Problem::setting(name, format!("is missing: {why}")))
    }
}

/// `attributes.entity_id` is within `attributes`; `to.dijits` is not within `to.digits`.
fn is_within(name: &str, word: &str) -> bool {
    let below = |rest: &str| rest.starts_with('.') && ["attributes", "found"].contains(&word);
    name == word || name.strip_prefix(word).is_some_and(below)
}
