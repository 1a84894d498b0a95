//! A call-back: who called, then what it says.

mod trust;

use crate::find::{Check, Find, Said, json_path};
use crate::lint::Lint;
use crate::table::{Table, as_code, words};
use crate::template;
use crate::text::{Given, Place, Text, Texts, of_callback, plain};
use aldis_carrier::{Class, Event, ReceiptState, Reply, Webhook, WebhookRequest};
use minijinja::Value;
use serde_json::{Map, Value as Json};
use serde_json_path::JsonPath;
use std::collections::BTreeMap;
use trust::Proof;

/// `template.receipt`, ready.
pub(crate) struct Reading {
    methods: Vec<String>,
    trust: Vec<Proof>,
    each: Option<JsonPath>,
    when: Option<Check>,
    id: Find,
    state: Find,
    states: Table<ReceiptState>,
    code: Option<Find>,
    codes: Table<Class>,
    reply: Option<Answer>,
    handshake: Option<Handshake>,
}

struct Handshake {
    when: Check,
    found: BTreeMap<String, Find>,
    reply: Answer,
}

/// What to answer.
struct Answer {
    status: u16,
    body: Body,
}

enum Body {
    Text(Option<Text>),
    Json(Map<String, Json>, BTreeMap<String, Text>),
}

impl Reading {
    pub(crate) fn new(lint: &mut Lint<'_>, template: &template::Receipt) -> Option<Self> {
        if template.trust.is_empty() {
            lint.note(
                "receipt.trust",
                "is missing: anybody could say that a message was delivered. Where the carrier signs nothing, put a \
                 secret into the call-back's URL and ask for it here",
            );
        }
        if template.states.is_empty() {
            lint.note(
                "receipt.states",
                "is missing: which word means that a message was delivered?",
            );
        }
        let trust = template.trust.iter().enumerate();
        let trust = trust.filter_map(|(at, trust)| Proof::new(lint, &format!("receipt.trust.{at}"), trust));
        let trust = trust.collect();
        let methods = match template.methods.as_slice() {
            [] => vec!["POST".to_owned()],
            methods => methods.to_vec(),
        };
        let each = template.each.as_ref();
        let each = each.and_then(|path| json_path(lint, "receipt.each", path));
        let when = template.when.as_ref();
        let when = when.and_then(|when| Check::new(lint, "receipt.when", when, Place::Callback));
        let mut find = |name: &str, selector: &Option<template::Selector>, needed: bool| {
            let key = format!("receipt.{name}");
            if selector.is_none() && needed {
                lint.note(&key, "is missing: where in the call-back is it?");
            }
            Find::new(lint, &key, selector.as_ref()?, Place::Callback)
        };
        let (id, state) = (
            find("id", &template.id, true),
            find("state", &template.state, true),
        );
        let code = find("code", &template.code, false);
        let states = Table::new(lint, "receipt.states", words(&template.states, |state| state.0));
        let codes = Table::new(lint, "receipt.codes", words(&template.codes, |refusal| refusal.0));
        let reply = template.reply.as_ref();
        let reply = reply.and_then(|reply| Answer::new(lint, "receipt.reply", reply));
        let handshake = template.handshake.as_ref();
        let handshake = handshake.and_then(|handshake| Handshake::new(lint, handshake));
        Some(Self {
            methods,
            trust,
            each,
            when,
            id: id?,
            state: state?,
            states,
            code,
            codes,
            reply,
            handshake,
        })
    }

    /// Verifies first, reads after.
    pub(crate) fn read(&self, texts: &Texts, given: &Given, request: &WebhookRequest<'_>) -> Webhook {
        let with = of_callback(given, BTreeMap::new(), request.now_unix_ms());
        let url = request.external_url();
        let query = url.split_once('?').map(|(_, query)| query.split('#').next());
        let query: Vec<_> = form_urlencoded::parse(query.flatten().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        let (body, form) = (String::from_utf8_lossy(request.body()), request.form());
        let json = serde_json::from_slice::<Json>(request.body()).ok();
        let said = Said {
            json: json.as_ref(),
            body: &body,
            header: &|name| request.header(name).map(str::to_owned),
            query: &query,
            form: &form,
            with: &with,
        };
        if !self.methods.iter().any(|method| method == request.method()) {
            return Webhook::Rejected;
        }
        // All are tried: how long it takes says nothing about which one failed.
        let proofs = self
            .trust
            .iter()
            .map(|proof| proof.holds(texts, given, request, &said));
        if proofs.filter(|holds| !holds).count() > 0 || self.trust.is_empty() {
            return Webhook::Rejected;
        }
        if let Some(handshake) = &self.handshake
            && handshake.when.holds(texts, &said)
        {
            return handshake.answer(texts, given, request, &said);
        }
        let events: Vec<_> = match (&self.each, &json) {
            (None, _) => self.event(texts, &said).into_iter().collect(),
            (Some(each), Some(json)) => {
                let receipts = each.query(json).all().into_iter();
                receipts
                    .filter_map(|receipt| {
                        let json = Some(receipt);
                        self.event(texts, &Said { json, ..said })
                    })
                    .collect()
            }
            (Some(_), None) => Vec::new(),
        };
        let webhook = Webhook::verified(events);
        match &self.reply {
            Some(reply) => webhook.with_reply(reply.write(texts, &with)),
            None => webhook,
        }
    }

    /// `None` for what is no receipt.
    fn event(&self, texts: &Texts, said: &Said<'_>) -> Option<Event> {
        let fits = |when: &Check| when.holds(texts, said);
        if !self.when.as_ref().is_none_or(fits) {
            return None;
        }
        let id = self.id.first(texts, said)?;
        let word = self.state.first(texts, said)?;
        let known = self.states.find(&word);
        let state = known
            .as_ref()
            .map_or(ReceiptState::Unknown, |known| known.meaning);
        let event = Event::receipt(id, state);
        let failed = [
            ReceiptState::Undelivered,
            ReceiptState::Rejected,
            ReceiptState::Expired,
        ];
        if !failed.contains(&state) {
            return Some(event);
        }
        // Where no code says more, the state's own word may.
        let code = self.code.as_ref().and_then(|code| code.first(texts, said));
        let (code, known) = match code {
            Some(code) => (code, None),
            None => (word, known),
        };
        let reason = self.codes.find(&code);
        let class = reason.as_ref().map_or(Class::Temporary, |reason| reason.meaning);
        let code = match &reason {
            Some(_) => as_code(code, reason.as_ref()),
            None => as_code(code, known.as_ref()),
        };
        Some(event.because(class, code))
    }
}

impl Handshake {
    fn new(lint: &mut Lint<'_>, template: &template::Handshake) -> Option<Self> {
        Some(Self {
            when: Check::new(lint, "receipt.handshake.when", &template.when, Place::Callback)?,
            found: found(lint, "receipt.handshake.found", &template.found),
            reply: Answer::new(lint, "receipt.handshake.reply", &template.reply)?,
        })
    }

    fn answer(&self, texts: &Texts, given: &Given, request: &WebhookRequest<'_>, said: &Said<'_>) -> Webhook {
        let with = of_callback(given, values(&self.found, texts, said), request.now_unix_ms());
        Webhook::verified([]).with_reply(self.reply.write(texts, &with))
    }
}

fn found(
    lint: &mut Lint<'_>,
    key: &str,
    template: &BTreeMap<String, template::Selector>,
) -> BTreeMap<String, Find> {
    let found = template.iter().filter_map(|(name, selector)| {
        let find = Find::new(lint, &format!("{key}.{name}"), selector, Place::Callback)?;
        Some((name.clone(), find))
    });
    found.collect()
}

fn values(found: &BTreeMap<String, Find>, texts: &Texts, said: &Said<'_>) -> BTreeMap<String, String> {
    let values = found.iter();
    values
        .filter_map(|(name, find)| Some((name.clone(), find.first(texts, said)?)))
        .collect()
}

impl Answer {
    fn new(lint: &mut Lint<'_>, key: &str, template: &template::Reply) -> Option<Self> {
        let body = match (&template.text, &template.json) {
            (Some(_), Some(_)) => {
                lint.note(key, "has a text or json, not both");
                return None;
            }
            (Some(source), None) => Body::Text(Some(lint.text(
                &format!("{key}.text"),
                source,
                Place::Callback,
            )?)),
            (None, None) => Body::Text(None),
            (None, Some(Json::Object(members))) => {
                let texts = members.iter().filter_map(|(name, value)| {
                    let text = lint.text(&format!("{key}.json.{name}"), value.as_str()?, Place::Callback)?;
                    Some((name.clone(), text))
                });
                let texts = texts.collect();
                Body::Json(members.clone(), texts)
            }
            (None, Some(_)) => {
                lint.note(&format!("{key}.json"), "is an object");
                return None;
            }
        };
        let status = template.status.unwrap_or(200);
        if !(200..300).contains(&status) {
            lint.note(
                &format!("{key}.status"),
                "is 200 to 299: anything else asks the carrier to call again",
            );
        }
        Some(Self { status, body })
    }

    fn write(&self, texts: &Texts, with: &Value) -> Reply {
        match &self.body {
            Body::Text(text) => {
                let text = text
                    .as_ref()
                    .and_then(|text| texts.text(text, with).ok().flatten());
                Reply::new(self.status, "text/plain", text.unwrap_or_default())
            }
            Body::Json(members, filled) => {
                let mut members = members.clone();
                for (name, text) in filled {
                    let value = texts.value(text, with).ok().flatten().unwrap_or_default();
                    members.insert(name.clone(), plain(value).map_or(Json::Null, Json::String));
                }
                Reply::new(self.status, "application/json", Json::Object(members).to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests;
