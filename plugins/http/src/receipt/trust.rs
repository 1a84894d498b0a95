//! What proves that a call-back comes from the carrier.

use super::{found, values};
use crate::find::{Find, Said};
use crate::lint::Lint;
use crate::signing;
use crate::template::{self, HmacKind, Trust};
use crate::text::{Given, Place, Text, Texts, of_callback};
use aldis_carrier::WebhookRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use minijinja::context;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One proof, ready.
pub(super) enum Proof {
    Basic(Text, Text),
    Header(String, Text),
    Query(String, Text),
    Hmac(Box<Signature>),
    Sources(Vec<IpNet>),
}

pub(super) struct Signature {
    key: Text,
    kind: HmacKind,
    over: Option<Text>,
    header: String,
    /// What stands around the signature in its header.
    around: (String, String),
    found: BTreeMap<String, Find>,
    timestamp: Option<Find>,
    within_s: u64,
}

/// How far a timestamp may be from now, as the makers of webhook signatures commonly have it.
const WITHIN_S: u64 = 300;

impl Proof {
    pub(super) fn new(lint: &mut Lint<'_>, key: &str, trust: &Trust) -> Option<Self> {
        Some(match trust {
            Trust::Basic(login) => Self::Basic(
                secret(lint, &format!("{key}.basic.user"), &login.user)?,
                secret(lint, &format!("{key}.basic.password"), &login.password)?,
            ),
            Trust::Header(pair) => Self::Header(
                pair.name.clone(),
                secret(lint, &format!("{key}.header.value"), &pair.value)?,
            ),
            Trust::Query(pair) => Self::Query(
                pair.name.clone(),
                secret(lint, &format!("{key}.query.value"), &pair.value)?,
            ),
            Trust::Hmac(hmac) => {
                let signature = Signature::new(lint, &format!("{key}.hmac"), hmac)?;
                Self::Hmac(Box::new(signature))
            }
            Trust::Sources(networks) => Self::Sources(sources(lint, &format!("{key}.sources"), networks)),
        })
    }

    pub(super) fn holds(
        &self,
        texts: &Texts,
        given: &Given,
        request: &WebhookRequest<'_>,
        said: &Said<'_>,
    ) -> bool {
        let text = |text: &Text| texts.text(text, said.with).ok().flatten();
        // Nothing is never a secret.
        let is = |shown: &str, text: Option<String>| {
            text.is_some_and(|secret| {
                !secret.is_empty() && signing::same(shown.as_bytes(), secret.as_bytes())
            })
        };
        match self {
            Self::Basic(user, password) => {
                let shown = request
                    .header("authorization")
                    .and_then(login)
                    .unwrap_or_default();
                let login = text(user).zip(text(password));
                is(&shown, login.map(|(user, password)| format!("{user}:{password}")))
            }
            Self::Header(name, value) => is(request.header(name).unwrap_or_default(), text(value)),
            Self::Query(name, value) => {
                let mut shown = said.query.iter().filter(|(key, _)| key == name);
                let first = shown.next().map(|(_, value)| value.as_str());
                is(first.unwrap_or_default(), text(value))
            }
            Self::Hmac(signature) => signature.holds(texts, given, request, said),
            Self::Sources(networks) => {
                let address: Option<IpAddr> = request.remote_address().parse().ok();
                let address = address.map(|address| address.to_canonical());
                address.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
            }
        }
    }
}

/// `user:password` of `Authorization: Basic`.
fn login(header: &str) -> Option<String> {
    let (scheme, credentials) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()
}

/// A text to compare with, which must not be empty.
fn secret(lint: &mut Lint<'_>, key: &str, source: &str) -> Option<Text> {
    if source.is_empty() {
        lint.note(key, "is empty: nobody would be kept out");
    }
    lint.text(key, source, Place::Callback)
}

fn sources(lint: &mut Lint<'_>, key: &str, networks: &[String]) -> Vec<IpNet> {
    if networks.is_empty() {
        lint.note(key, "names no network: nobody could call back");
    }
    let mut read = Vec::new();
    for network in networks {
        let address = network.parse::<IpAddr>().map(IpNet::from);
        match network.parse().or(address) {
            Ok(network) => read.push(network),
            Err(_) => lint.note(
                key,
                "has an entry that is no network (192.0.2.0/24) and no address",
            ),
        }
    }
    read
}

impl Signature {
    fn new(lint: &mut Lint<'_>, key: &str, hmac: &template::Hmac) -> Option<Self> {
        let value = hmac.value.as_deref().unwrap_or(SIGNATURE);
        let Some((before, after)) = value.split_once(SIGNATURE) else {
            lint.note(
                &format!("{key}.value"),
                format!("has no {SIGNATURE} in it: where is the signature?"),
            );
            return None;
        };
        let over = hmac.over.as_ref();
        let timestamp = hmac.timestamp.as_ref();
        Some(Self {
            key: secret(lint, &format!("{key}.key"), &hmac.key)?,
            kind: hmac.kind,
            over: over.and_then(|over| lint.text(&format!("{key}.over"), over, Place::CallbackSigned)),
            header: hmac.header.clone(),
            around: (before.to_owned(), after.to_owned()),
            found: found(lint, &format!("{key}.found"), &hmac.found),
            timestamp: timestamp
                .and_then(|at| Find::new(lint, &format!("{key}.timestamp"), at, Place::Callback)),
            within_s: hmac.within_s.unwrap_or(WITHIN_S),
        })
    }

    fn holds(&self, texts: &Texts, given: &Given, request: &WebhookRequest<'_>, said: &Said<'_>) -> bool {
        let now_s = request.now_unix_ms() / 1_000;
        if let Some(timestamp) = &self.timestamp {
            let signed_at = timestamp.first(texts, said).and_then(|at| at.parse::<u64>().ok());
            if signed_at.is_none_or(|at| at.abs_diff(now_s) > self.within_s) {
                return false;
            }
        }
        let (before, after) = (self.around.0.as_str(), self.around.1.as_str());
        let signature = request.header(&self.header).map(str::trim);
        let signature = signature.and_then(|value| value.strip_prefix(before)?.strip_suffix(after));
        let Some(signature) = signature else { return false };
        let Ok(Some(key)) = texts.text(&self.key, said.with) else {
            return false;
        };
        match &self.over {
            None => signing::holds(self.kind, &key, request.body(), signature),
            Some(over) => {
                // A body that is no text has no place in one.
                let Ok(body) = std::str::from_utf8(request.body()) else {
                    return false;
                };
                let with = context! {
                    body => body,
                    url => request.external_url(),
                    method => request.method(),
                    ..of_callback(given, values(&self.found, texts, said), request.now_unix_ms())
                };
                let over = texts.text(over, &with).ok().flatten();
                over.is_some_and(|over| signing::holds(self.kind, &key, over.as_bytes(), signature))
            }
        }
    }
}

/// Where the signature stands in its header.
const SIGNATURE: &str = "{{ signature }}";
