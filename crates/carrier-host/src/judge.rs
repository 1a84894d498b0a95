//! The host's truth over a library's word. Pure.

use crate::border::RawOutcome;
use crate::limits;
use crate::redact::Redactor;
use crate::report::{Price, PriceKind, Report};
use aldis_carrier::{Class, Scope, Transport};
use std::time::Duration;

/// A carrier that asks for more has not understood SMS.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// One id for each part; no SMS has more.
const MOST_IDS: usize = 255;

/// What the host knows of an attempt, whatever the library says.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    /// Some request of the attempt may have reached the carrier.
    pub(crate) written: bool,
    /// HTTP status of the last answer; 0 = none.
    pub(crate) status: u16,
    /// The last request may have reached the carrier, and its answer was lost.
    pub(crate) answer_lost: bool,
    /// The answer to a request was lost, and another one was sent by the host or by the library: the answer is that to the
    /// second.
    pub(crate) repeated: bool,
    /// The API does once what the last request asks for, however often it comes.
    pub(crate) idempotent: bool,
}

impl Truth {
    /// Learns from one more exchange.
    pub(crate) fn learn(&mut self, transport: Transport, status: u16, written: bool) {
        self.written |= written;
        self.repeated |= self.answer_lost;
        self.status = status;
        self.answer_lost = written && matches!(transport, Transport::Timeout | Transport::Reset);
    }

    /// A gateway before the carrier gave up, and its status is all that the library goes by: it has no word of the
    /// carrier's for it. Libraries compiled before [`Class::of_status`] told 502 and 504 apart from 503 do so.
    fn gateway_gave_up(self, code: &str) -> bool {
        let says_nothing = self.status >= 400 && Class::of_status(self.status) == Class::Ambiguous;
        says_nothing && !self.idempotent && code == self.status.to_string()
    }
}

/// The report for an outcome that the library gave.
pub(crate) fn judge(raw: RawOutcome, truth: Truth, redactor: &Redactor<'_>) -> Result<Report, String> {
    let known = Class::from_number(raw.class).filter(|class| *class != Class::PluginFault);
    let said = known.ok_or_else(|| format!("ended with the unknown class {}", raw.class))?;
    let scope =
        Scope::from_number(raw.scope).ok_or_else(|| format!("ended with the unknown scope {}", raw.scope))?;
    // These two invite a second attempt; after a lost answer that may be a second SMS.
    let invites = matches!(said, Class::Temporary | Class::RateLimited);
    // "I am at it already", "there is no credit left": whatever is said of the second, the first may have been taken.
    // And without so much as a status nobody can have said no.
    let unanswered = truth.answer_lost && truth.status == 0;
    let gateway = truth.gateway_gave_up(&raw.code);
    let doubtful = (truth.repeated || unanswered) && said != Class::Accepted;
    let class = if invites && truth.answer_lost || gateway && said.asks_elsewhere() || doubtful {
        Class::Ambiguous
    } else {
        said
    };
    if let Some(long) = raw.carrier_ids.iter().find(|id| id.len() > limits::ID) {
        return Err(format!(
            "gave an id of {} bytes; {} are allowed",
            long.len(),
            limits::ID
        ));
    }
    let pause = Duration::from_millis(raw.retry_after_ms).min(LONGEST_PAUSE);
    Ok(Report {
        class,
        scope,
        retry_after: (!pause.is_zero()).then_some(pause),
        carrier_ids: raw
            .carrier_ids
            .into_iter()
            .filter(|id| !id.is_empty())
            .take(MOST_IDS)
            .collect(),
        code: text(&raw.code, redactor),
        detail: text(&raw.detail, redactor),
        segments: u16::try_from(raw.segments).ok().filter(|count| *count > 0),
        price: price(raw.price_kind, raw.price_micros, raw.currency),
        request_written: truth.written,
    })
}

/// The library broke the contract: before anything was sent that is all, afterwards nobody knows what the carrier did.
pub(crate) fn fault(broken: &str, truth: Truth) -> Report {
    let class = if truth.written {
        Class::Ambiguous
    } else {
        Class::PluginFault
    };
    let mut report = Report::bare(class, truth.written, format!("the carrier library {broken}"));
    report.code = (truth.status != 0).then(|| truth.status.to_string());
    report
}

/// The attempt's time is up.
pub(crate) fn out_of_time(truth: Truth) -> Report {
    let (class, detail) = if truth.written {
        (Class::Ambiguous, "no answer within the attempt's time")
    } else {
        (
            Class::Temporary,
            "the attempt's time was up before a request was written",
        )
    };
    let mut report = Report::bare(class, truth.written, detail);
    report.code = (truth.status != 0).then(|| truth.status.to_string());
    report
}

fn text(raw: &str, redactor: &Redactor<'_>) -> Option<String> {
    (!raw.is_empty()).then(|| redactor.clean(raw))
}

/// `None` when the library named no price, or not in a currency.
pub(crate) fn price(kind: u32, micros: i64, currency: [u8; 4]) -> Option<Price> {
    let kind = match kind {
        1 => PriceKind::Actual,
        2 => PriceKind::Estimate,
        _ => return None,
    };
    let letters = &currency[..3];
    let currency = std::str::from_utf8(letters)
        .ok()
        .filter(|_| letters.iter().all(u8::is_ascii_uppercase))?;
    Some(Price {
        micros,
        currency: currency.to_owned(),
        kind,
    })
}

#[cfg(test)]
mod tests;
