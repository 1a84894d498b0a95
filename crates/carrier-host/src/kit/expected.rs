//! What certain replies must mean, whoever the carrier is. Pure.

use super::ear::Ended;
use super::fixtures::class_word;
use super::letter::Reply;
use super::report::Fault;
use aldis_carrier::{Class, Transport};

/// A reply that every carrier's API gives one day, and what a library may make of it.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) reply: Reply,
    may: May,
    why: &'static str,
    /// The request was idempotent: to send it again does no harm.
    harmless: bool,
}

/// The classes that make sense.
enum May {
    Be(&'static [Class]),
    /// Anything but these.
    NotBe(&'static [Class]),
}

/// Every class that would have the message sent again, here or elsewhere, without asking anybody.
const RESENT: &[Class] = &[
    Class::Accepted,
    Class::Temporary,
    Class::RateLimited,
    Class::Expired,
    Class::SenderNotAllowed,
    Class::Unsupported,
];

const TWICE: &str =
    "the carrier may have taken it: any class but ambiguous sends a second SMS or loses the first";

/// Replies that every API gives one day; `bare_yes` if the author's own fixtures accept an empty body.
pub(super) fn cases(bare_yes: bool) -> Vec<Case> {
    let mut cases = refusals();
    cases.extend(half_a_yes(bare_yes));
    cases.extend(no_answers());
    cases
}

fn case(name: impl Into<String>, reply: Reply, may: May, why: &'static str) -> Case {
    Case {
        name: name.into(),
        reply,
        may,
        why,
        harmless: false,
    }
}

fn refusals() -> Vec<Case> {
    const OURS: &str = "our credentials were refused: the instance rests and somebody is told";
    const SLOW: &str =
        "the carrier asks us to slow down: the message keeps its place and no attempt is charged";
    const LATER: &str = "the carrier failed for now, and it is known not to have sent";
    const AGAIN: &str = "the server did not process the request and says that it may be sent again";
    const NO: &str =
        "a 4xx is a refusal: the carrier took nothing, and the same again would be refused again";
    let unauthorized = || May::Be(&[Class::Unauthorized]);
    let limited = || May::Be(&[Class::RateLimited]);
    let json = Reply::new(401, r#"{"error":"unauthorized"}"#);
    let mut cases = vec![
        case("401", Reply::new(401, ""), unauthorized(), OURS),
        case("401 in JSON", json, unauthorized(), OURS),
        case("429", Reply::new(429, ""), limited(), SLOW),
    ];
    let moments = [
        "7",
        "Tue, 14 Nov 2023 22:13:27 GMT",
        "soon",
        "99999999999999999999",
        "-1",
    ];
    cases.extend(moments.map(|after| {
        let reply = Reply::new(429, "{}").header("retry-after", after);
        case(format!("429 with Retry-After: {after}"), reply, limited(), SLOW)
    }));
    cases.extend([500, 503, 521, 523, 525, 526].map(|status| {
        let may = May::Be(&[Class::Temporary, Class::RateLimited, Class::Ambiguous]);
        let reply = Reply::new(status, "<html>out of service</html>");
        case(status.to_string(), reply, may, LATER)
    }));
    cases.extend([408, 425].map(|status| {
        let may = May::Be(&[Class::Temporary, Class::RateLimited]);
        case(status.to_string(), Reply::new(status, ""), may, AGAIN)
    }));
    cases.extend(gateways());
    cases.extend([400, 403, 404, 422].map(|status| {
        let may = May::NotBe(&[Class::Accepted, Class::Temporary, Class::Ambiguous]);
        case(status.to_string(), Reply::new(status, "no"), may, NO)
    }));
    let moved = Reply::new(302, "").header("location", "/");
    let why = "redirects are not followed: nothing was accepted";
    cases.push(case("302", moved, May::NotBe(&[Class::Accepted]), why));
    cases
}

/// A gateway between us and the carrier that gave up (`Response::fallback` has the sources).
fn gateways() -> impl Iterator<Item = Case> {
    const GAVE_UP: &str = "a gateway before the carrier gave up, and the carrier may have taken the message: any other \
                           class sends a second SMS or loses the first (temporary is right only with a request that is \
                           idempotent)";
    [502, 504, 520, 522, 524, 598, 599].into_iter().map(|status| {
        let reply = Reply::new(status, "<html>bad gateway</html>");
        Case {
            harmless: true,
            ..case(status.to_string(), reply, May::Be(&[Class::Ambiguous]), GAVE_UP)
        }
    })
}

/// A 2xx that cannot be understood.
fn half_a_yes(bare_yes: bool) -> Vec<Case> {
    let yes = |body: Vec<u8>| Reply::new(200, body).header("content-type", "application/json");
    let ambiguous = || May::Be(&[Class::Ambiguous]);
    let empty = if bare_yes {
        May::NotBe(&[Class::Temporary, Class::RateLimited])
    } else {
        ambiguous()
    };
    let mut cases = vec![case("200 without a body", yes(Vec::new()), empty, TWICE)];
    let bodies: [(&str, Vec<u8>); 5] = [
        ("200 with torn JSON", br#"{"id": "12"#.to_vec()),
        (
            "200 with a page of HTML",
            b"<html><body>Sign in to the WiFi</body></html>".to_vec(),
        ),
        (
            "200 with bytes that are no text",
            vec![0xFF, 0xFE, 0x00, 0x80, 0xC3],
        ),
        (
            "200 with 1 MB of JSON list",
            format!("[{}0]", "0,".repeat(524_000)).into_bytes(),
        ),
        ("200 with 1 MB of noise", vec![b'{'; 1 << 20]),
    ];
    cases.extend(bodies.map(|(name, body)| case(name, yes(body), ambiguous(), TWICE)));
    cases
}

fn no_answers() -> Vec<Case> {
    const UNSENT: &str = "nothing was sent: another attempt is harmless";
    const REFUSED: &str = "the host refused the address, so nothing was sent";
    let lost = [Transport::Timeout, Transport::Reset].map(|transport| {
        let name = format!("no answer ({transport:?}), request written");
        case(
            name,
            Reply::none(transport, true),
            May::Be(&[Class::Ambiguous]),
            TWICE,
        )
    });
    let mut cases = Vec::from(lost);
    let ways = [
        Transport::Dns,
        Transport::Connect,
        Transport::Tls,
        Transport::Timeout,
        Transport::Reset,
    ];
    cases.extend(ways.map(|transport| {
        let name = format!("no answer ({transport:?}), nothing written");
        case(
            name,
            Reply::none(transport, false),
            May::Be(&[Class::Temporary]),
            UNSENT,
        )
    }));
    let large = Reply::none(Transport::TooLarge, true);
    cases.push(case(
        "an answer that is too large",
        large,
        May::NotBe(RESENT),
        TWICE,
    ));
    let blocked = Reply::none(Transport::Blocked, false);
    let may = May::NotBe(&[Class::Accepted, Class::Ambiguous]);
    cases.push(case("an address that is blocked", blocked, may, REFUSED));
    cases
}

impl Case {
    /// The fault, if the outcome makes no sense. `idempotent`: the API sends once, however often it is asked.
    pub(super) fn judge(&self, ended: &Ended, idempotent: bool) -> Option<Fault> {
        let class = Class::from_number(ended.class);
        if self.harmless && idempotent && matches!(class, Some(Class::Temporary | Class::RateLimited)) {
            return None;
        }
        let fits = match (&self.may, class) {
            (_, None) => false,
            (May::Be(right), Some(class)) => right.contains(&class),
            (May::NotBe(wrong), Some(class)) => !wrong.contains(&class),
        };
        let said = class_word(ended.class);
        if !fits {
            let right = match self.may {
                May::Be(right) => format!("say {}", words(right, " or ")),
                May::NotBe(wrong) => format!("say anything but {}", words(wrong, ", ")),
            };
            return Some(Fault::new(
                format!("to the reply {}, it said {said}", self.name),
                format!("{right}: {}", self.why),
            ));
        }
        let waits = ended.class == Class::RateLimited.number() && self.name.ends_with("Retry-After: 7");
        if waits && ended.retry_after_ms != 0 && ended.retry_after_ms != 7000 {
            return Some(Fault::new(
                format!("to Retry-After: 7 it said {} ms", ended.retry_after_ms),
                "Retry-After is in seconds, aldis_outcome.retry_after_ms in milliseconds",
            ));
        }
        None
    }
}

fn words(classes: &[Class], between: &str) -> String {
    classes
        .iter()
        .map(|class| class_word(class.number()))
        .collect::<Vec<_>>()
        .join(between)
}
