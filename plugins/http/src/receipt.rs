//! A call-back: who called, then what it says.

mod reply;
mod report;
mod trust;

use crate::find::{Body, Check, Find, Said, json_path};
use crate::lint::Lint;
use crate::template;
use crate::text::{Given, Place, Texts, of_callback};
use aldis_carrier::{Event, Reply, Webhook, WebhookRequest};
use reply::Answer;
use report::{Report, Told};
use serde_json_path::JsonPath;
use std::collections::BTreeMap;
use trust::Proof;

/// `template.receipt`, ready.
pub(crate) struct Reading {
    methods: Vec<String>,
    trust: Vec<Proof>,
    each: Option<JsonPath>,
    report: Report,
    reply: Option<Answer>,
    handshake: Option<Handshake>,
}

struct Handshake {
    when: Check,
    found: BTreeMap<String, Find>,
    reply: Answer,
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
        trust::advise(lint, &template.trust);
        let trust = template.trust.iter().enumerate();
        let trust = trust.filter_map(|(at, trust)| Proof::new(lint, &format!("receipt.trust.{at}"), trust));
        let trust = trust.collect();
        let methods = match template.methods.as_slice() {
            [] => vec!["POST".to_owned()],
            methods => methods.to_vec(),
        };
        let each = template.each.as_ref();
        let each = each.and_then(|path| json_path(lint, "receipt.each", path));
        let report = Report::new(lint, template);
        let reply = template.reply.as_ref();
        let reply = reply.and_then(|reply| Answer::new(lint, "receipt.reply", reply));
        let handshake = template.handshake.as_ref();
        let handshake = handshake.and_then(|handshake| Handshake::new(lint, handshake));
        Some(Self {
            methods,
            trust,
            each,
            report: report?,
            reply,
            handshake,
        })
    }

    /// Verifies first, reads after: of what nobody can prove, no more is read than the proof itself needs.
    pub(crate) fn read(&self, texts: &Texts, given: &Given, request: &WebhookRequest<'_>) -> Webhook {
        self.read_body(texts, given, request, &Body::new(request.body()))
    }

    fn read_body(
        &self,
        texts: &Texts,
        given: &Given,
        request: &WebhookRequest<'_>,
        body: &Body<'_>,
    ) -> Webhook {
        if !self.methods.iter().any(|method| method == request.method()) {
            return Webhook::Rejected;
        }
        let with = of_callback(given, BTreeMap::new(), request.now_unix_ms());
        let url = request.external_url();
        let query = url.split_once('?').map(|(_, query)| query.split('#').next());
        let query: Vec<_> = form_urlencoded::parse(query.flatten().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        let said = Said {
            body,
            one: None,
            header: &|name| request.header(name).map(str::to_owned),
            query: &query,
            with: &with,
        };
        if !self.is_proved(texts, given, request, &said) {
            return Webhook::Rejected;
        }
        if let Some(handshake) = &self.handshake
            && handshake.when.holds(texts, &said)
        {
            return handshake.answer(texts, given, request, &said);
        }
        let (events, unread) = self.events(texts, &said);
        let webhook = Webhook::verified(events);
        if unread {
            // It comes again, or the carrier's own log says so, and the metric of the edge's answers.
            return webhook.with_reply(Reply::new(UNREAD, "text/plain", "no receipt could be read"));
        }
        match &self.reply {
            Some(reply) => webhook.with_reply(reply.write(texts, &with)),
            None => webhook,
        }
    }

    /// Returns whether all proofs hold. Those that need nothing of the body come first, so that a caller without a secret
    /// has no body read; of each kind all are tried: how long it takes says nothing about which one failed.
    fn is_proved(&self, texts: &Texts, given: &Given, request: &WebhookRequest<'_>, said: &Said<'_>) -> bool {
        let all_hold = |reading: bool| {
            let proofs = self.trust.iter().filter(|proof| proof.reads_body() == reading);
            let holds = proofs.map(|proof| proof.holds(texts, given, request, said));
            holds.filter(|holds| !holds).count() == 0
        };
        !self.trust.is_empty() && all_hold(false) && all_hold(true)
    }

    /// What it tells, and whether some of it could not be read.
    fn events(&self, texts: &Texts, said: &Said<'_>) -> (Vec<Event>, bool) {
        let json = self.each.as_ref().and_then(|_| said.body.json());
        let told: Vec<_> = match (&self.each, json) {
            (None, _) => vec![self.report.read(texts, said)],
            (Some(each), Some(json)) => {
                let receipts = each.query(json).all().into_iter();
                receipts
                    .map(|receipt| {
                        let one = Some(receipt);
                        self.report.read(texts, &Said { one, ..*said })
                    })
                    .collect()
            }
            (Some(_), None) => Vec::new(),
        };
        let unread = told.is_empty() || told.iter().any(|told| matches!(told, Told::Unread));
        let events = told.into_iter().filter_map(|told| match told {
            Told::Receipt(event) => Some(*event),
            Told::Nothing | Told::Unread => None,
        });
        (events.collect(), unread)
    }
}

/// A call-back that the carrier signed and we cannot read: "the instructions contained in the request" are beyond us
/// (RFC 9110 section 15.5.21).
const UNREAD: u16 = 422;

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

#[cfg(test)]
mod tests;
