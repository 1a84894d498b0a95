//! What proves that a call-back comes from the carrier.

use super::{found, values};
use crate::find::{Find, Said};
use crate::lint::Lint;
use crate::moment;
use crate::signing;
use crate::template::{self, HmacKind, Selector, Trust};
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
    AnyOf(Vec<Proof>),
}

pub(super) struct Signature {
    key: Text,
    kind: HmacKind,
    over: Option<Text>,
    written: Find,
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
                lint.text(&format!("{key}.basic.user"), &login.user, Place::Callback)?,
                lint.secret(&format!("{key}.basic.password"), &login.password, Place::Callback)?,
            ),
            Trust::Header(pair) => Self::Header(
                pair.name.clone(),
                lint.secret(&format!("{key}.header.value"), &pair.value, Place::Callback)?,
            ),
            Trust::Query(pair) => Self::Query(
                pair.name.clone(),
                lint.secret(&format!("{key}.query.value"), &pair.value, Place::Callback)?,
            ),
            Trust::Hmac(hmac) => {
                let signature = Signature::new(lint, &format!("{key}.hmac"), hmac)?;
                Self::Hmac(Box::new(signature))
            }
            Trust::Sources(networks) => Self::Sources(sources(lint, &format!("{key}.sources"), networks)),
            Trust::AnyOf(trust) => {
                if trust.is_empty() {
                    lint.note(&format!("{key}.any_of"), "names nothing: nobody could call back");
                }
                let trust = trust.iter().enumerate();
                let proofs =
                    trust.filter_map(|(at, trust)| Self::new(lint, &format!("{key}.any_of.{at}"), trust));
                Self::AnyOf(proofs.collect())
            }
        })
    }

    /// Returns whether it looks into the body for more than to hash it.
    pub(super) fn reads_body(&self) -> bool {
        match self {
            Self::Hmac(signature) => {
                let found = signature.found.values().chain(&signature.timestamp);
                found.chain([&signature.written]).any(Find::reads_body)
            }
            Self::AnyOf(proofs) => proofs.iter().any(Self::reads_body),
            Self::Basic(..) | Self::Header(..) | Self::Query(..) | Self::Sources(_) => false,
        }
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
            Self::AnyOf(proofs) => {
                let proofs = proofs
                    .iter()
                    .map(|proof| proof.holds(texts, given, request, said));
                proofs.filter(|holds| *holds).count() > 0
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
    if IpNet::aggregate(&read)
        .iter()
        .any(|network| network.prefix_len() == 0)
    {
        lint.note(key, "lets everybody in");
    }
    read
}

impl Signature {
    fn new(lint: &mut Lint<'_>, key: &str, hmac: &template::Signed) -> Option<Self> {
        let mut find =
            |name: &str, selector| Find::new(lint, &format!("{key}.{name}"), selector, Place::Callback);
        let written = find("signature", &hmac.signature);
        let timestamp = hmac.timestamp.as_ref();
        let timestamp = timestamp.map(|at| find("timestamp", at));
        let over = hmac.over.as_ref();
        let over = over.map(|over| lint.text(&format!("{key}.over"), over, Place::CallbackSigned));
        if let Some(at) = &hmac.timestamp
            && !is_signed(at, hmac, over.as_ref().and_then(Option::as_ref))
        {
            lint.note(
                &format!("{key}.timestamp"),
                "is not part of what is signed, so anybody could write another: put it into found, by the same \
                 selector, and into over",
            );
        }
        let secret = lint.secret(&format!("{key}.key"), &hmac.key, Place::Callback);
        let found = found(lint, &format!("{key}.found"), &hmac.found);
        Some(Self {
            key: secret?,
            kind: hmac.kind,
            over: over.map_or(Some(None), |over| over.map(Some))?,
            written: written?,
            found,
            timestamp: timestamp.map_or(Some(None), |at| at.map(Some))?,
            within_s: hmac.within_s.unwrap_or(WITHIN_S),
        })
    }

    fn holds(&self, texts: &Texts, given: &Given, request: &WebhookRequest<'_>, said: &Said<'_>) -> bool {
        if let Some(timestamp) = &self.timestamp {
            let signed_at = timestamp.first(texts, said);
            let signed_at = signed_at.and_then(|at| moment::unix_ms(&at));
            let within_ms = self.within_s.saturating_mul(1_000);
            if signed_at.is_none_or(|at| at.abs_diff(request.now_unix_ms()) > within_ms) {
                return false;
            }
        }
        let signatures = self.written.all(texts, said);
        let Ok(Some(key)) = texts.text(&self.key, said.with) else {
            return false;
        };
        match &self.over {
            None => signing::holds(self.kind, &key, request.body(), &signatures),
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
                over.is_some_and(|over| signing::holds(self.kind, &key, over.as_bytes(), &signatures))
            }
        }
    }
}

/// Warns where a signed call-back could be repeated for ever: somebody who saw one may send it again at any time, and to
/// any address of this carrier.
pub(super) fn advise(lint: &mut Lint<'_>, trust: &[Trust]) {
    fn signs(trust: &Trust) -> bool {
        match trust {
            Trust::Hmac(_) => true,
            Trust::AnyOf(trust) => trust.iter().any(signs),
            _ => false,
        }
    }
    fn ages(trust: &Trust) -> bool {
        match trust {
            Trust::Hmac(hmac) => hmac.timestamp.is_some() || hmac.over.as_deref().is_some_and(names_url),
            // One without is enough to come in by.
            Trust::AnyOf(trust) => !trust.is_empty() && trust.iter().all(ages),
            _ => false,
        }
    }
    if trust.iter().any(signs) && !trust.iter().any(ages) {
        lint.advise(
            "receipt.trust",
            "the signature covers neither the call-back's URL nor a time: whoever saw one call-back can repeat it for \
             ever. Where the carrier signs them, put {{ url }} into over, or say where the timestamp is",
        );
    }
}

/// Returns whether a text has the call-back's URL in it.
fn names_url(over: &str) -> bool {
    let mut words =
        over.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '.');
    words.any(|word| word == "url")
}

/// Whether what is found there is part of what is signed.
fn is_signed(at: &Selector, hmac: &template::Signed, over: Option<&Text>) -> bool {
    let names = |name: &str| over.map_or(name == "body" && hmac.over.is_none(), |over| over.names(name));
    let mut found = hmac.found.iter().filter(|(_, selector)| *selector == at);
    found.any(|(name, _)| names(&format!("found.{name}")))
        || match at {
            Selector::Json(_) | Selector::Form(_) | Selector::Regex(_) => names("body"),
            Selector::Query(_) => names("url"),
            Selector::Part(part) => is_signed(&part.of, hmac, over),
            Selector::FirstOf(selectors) => selectors.iter().all(|at| is_signed(at, hmac, over)),
            Selector::Header(_) | Selector::Text(_) => false,
        }
}
