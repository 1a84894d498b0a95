//! One receipt: which message, what became of it, why, when, for how much.

use crate::find::{Check, Find, Said};
use crate::lint::Lint;
use crate::moment;
use crate::table::{Table, as_code, words};
use crate::template::{self, Selector};
use crate::text::{Place, Texts};
use aldis_carrier::{Class, Event, Price, ReceiptState};

/// Where everything is in a receipt.
pub(super) struct Report {
    when: Option<Check>,
    id: Find,
    state: Find,
    states: Table<ReceiptState>,
    code: Option<Find>,
    codes: Table<Class>,
    part: Option<Find>,
    first_part: u32,
    time: Option<Find>,
    price: Option<(Find, Find)>,
}

/// What one part of a call-back is.
pub(super) enum Told {
    Receipt(Box<Event>),
    /// Something else.
    Nothing,
    /// A receipt without an id or a state.
    Unread,
}

impl Report {
    pub(super) fn new(lint: &mut Lint<'_>, template: &template::Receipt) -> Option<Self> {
        judge(lint, template);
        let when = template.when.as_ref();
        let when = when.and_then(|when| Check::new(lint, "receipt.when", when, Place::Callback));
        let mut find = |name: &str, selector: Option<&Selector>| {
            Find::new(lint, &format!("receipt.{name}"), selector?, Place::Callback)
        };
        let (id, state) = (
            find("id", template.id.as_ref()),
            find("state", template.state.as_ref()),
        );
        let code = find("code", template.code.as_ref());
        let (part, time) = (
            find("part", template.part.as_ref()),
            find("time", template.time.as_ref()),
        );
        let price = template.price.as_ref();
        let amount = find("price.amount", price.map(|price| &price.amount));
        let currency = find("price.currency", price.map(|price| &price.currency));
        Some(Self {
            when,
            id: id?,
            state: state?,
            states: Table::new(lint, "receipt.states", words(&template.states, |state| state.0)),
            code,
            codes: Table::new(lint, "receipt.codes", words(&template.codes, |refusal| refusal.0)),
            part,
            first_part: template.first_part.unwrap_or(1),
            time,
            price: amount.zip(currency),
        })
    }

    pub(super) fn read(&self, texts: &Texts, said: &Said<'_>) -> Told {
        let fits = |when: &Check| when.holds(texts, said);
        if !self.when.as_ref().is_none_or(fits) {
            return Told::Nothing;
        }
        let first = |find: &Option<Find>| find.as_ref()?.first(texts, said);
        let (id, word) = (self.id.first(texts, said), self.state.first(texts, said));
        let (Some(id), Some(word)) = (id, word) else {
            return Told::Unread;
        };
        let mut event = self.judged(id, word, first(&self.code));
        let part = first(&self.part).and_then(|part| part.parse::<u32>().ok());
        event.part = part.map_or(0, |part| part.saturating_sub(self.first_part));
        event.carrier_time_ms = first(&self.time).and_then(|time| moment::unix_ms(&time));
        let price = self.price.as_ref();
        event.price = price.and_then(|(amount, currency)| {
            price_of(&amount.first(texts, said)?, &currency.first(texts, said)?)
        });
        Told::Receipt(Box::new(event))
    }

    fn judged(&self, id: String, word: String, code: Option<String>) -> Event {
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
            return event;
        }
        // Where no code says more, the state's own word may.
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
        event.because(class, code)
    }
}

/// Refuses a template that finds no receipt in anything, or in everything the same.
fn judge(lint: &mut Lint<'_>, template: &template::Receipt) {
    for (name, selector) in [("id", &template.id), ("state", &template.state)] {
        let key = format!("receipt.{name}");
        match selector {
            None => lint.note(&key, "is missing: where in the call-back is it?"),
            Some(selector) if !selector.is_said() => {
                lint.note(&key, "is a text of ours: it is the same in every call-back");
            }
            Some(_) => {}
        }
    }
    let arrived = [ReceiptState::Delivered, ReceiptState::Read];
    if !template.states.values().any(|state| arrived.contains(&state.0)) {
        lint.note(
            "receipt.states",
            "has no word that means delivered: no message would ever arrive",
        );
    }
}

/// A decimal number of a currency, `0.0075` and `EUR`.
fn price_of(amount: &str, currency: &str) -> Option<Price> {
    let (sign, digits) = match amount.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, amount),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let millionths: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros = whole.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    let micros = micros.checked_add(millionths.parse().ok()?)?;
    let currency: [u8; 3] = currency.as_bytes().try_into().ok()?;
    currency.iter().all(u8::is_ascii_uppercase).then_some(Price {
        micros: sign * micros,
        currency,
        charged: true,
    })
}
