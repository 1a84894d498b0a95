//! Call-backs: broken ones, the author's own, and those with a bit flipped.

use super::fixtures::event;
use super::workout::{callbacks, judged};
use super::{Checked, End, Ground, first, kept, ready};
use crate::kit::bytes::Dice;
use crate::kit::fixtures::CallbackCase;
use crate::kit::letter::{Callback, Lengths, NOW};
use crate::kit::made::Made;
use crate::kit::report::Fault;
use crate::kit::subject::{Manner, Subject};
use aldis_carrier::abi::{REJECT, UNVERIFIED, VERIFIED};
use std::time::{Duration, Instant};

/// Broken call-backs for each library.
const FUZZED: u32 = 5_000;

/// Of those, the ones that end where readable memory ends.
const GUARDED: u32 = 2_000;

/// A slow library gets fewer of them.
const LONG_ENOUGH: Duration = Duration::from_secs(20);

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    if subject.webhook.is_none() {
        return Err(End::Skipped(
            "it reads none: there is no aldis.webhook/1".to_owned(),
        ));
    }
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let cases = &example.fixtures.callbacks;
    let mut faults = Vec::new();
    let mut flips = 0_usize;
    for (what, callback) in callbacks(&example) {
        ground.report.doing(&what);
        if let Some(heard) = made.handle(&manner, &callback) {
            judged(heard).map_err(|faults| first(faults, &what))?;
        }
    }
    for case in cases {
        ground.report.doing(&format!("handle with {}", case.file));
        faults.extend(expected(&made, &manner, case));
        if case.verdict != VERIFIED || !faults.is_empty() {
            continue;
        }
        if case.signed {
            ground
                .report
                .doing(&format!("handle with {}, one bit flipped", case.file));
            flips += flipped(&made, &subject, case, &mut faults);
        } else {
            faults.extend(unproved(&made, &manner, case));
        }
        faults.extend(stale(&made, &manner, case));
    }
    let tried = fuzz(ground, &made, &subject, cases)?;
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    faults.extend(manner.late());
    let note = if flips == 0 {
        format!("{tried} broken ones; no signature was found in the fixtures, so none was tried")
    } else {
        format!("{tried} broken ones, {flips} with one bit flipped")
    };
    kept(faults, note)
}

fn verdict_word(verdict: i32) -> String {
    match verdict {
        VERIFIED => "verified".to_owned(),
        UNVERIFIED => "unverified".to_owned(),
        REJECT => "rejected".to_owned(),
        other => other.to_string(),
    }
}

fn expected(made: &Made<'_>, manner: &Manner<'_>, case: &CallbackCase) -> Vec<Fault> {
    let Some(heard) = made.handle(manner, &case.callback) else {
        return Vec::new();
    };
    let mut faults = heard.faults;
    let mut fault = |what: String| {
        faults.push(Fault::new(
            format!("{}: {what}", case.file),
            "mend the library, or the example if it is wrong",
        ));
    };
    if heard.returned != case.verdict {
        fault(format!(
            "it is {} instead of {}",
            verdict_word(heard.returned),
            verdict_word(case.verdict)
        ));
        return faults;
    }
    if heard.replies.len() > 1 {
        fault(format!("it is answered {} times", heard.replies.len()));
    }
    let Some(events) = case.events.as_ref().filter(|_| case.verdict == VERIFIED) else {
        return faults;
    };
    if events.len() != heard.told.len() {
        fault(format!(
            "it holds {} events instead of {}",
            heard.told.len(),
            events.len()
        ));
        return faults;
    }
    for (expected, told) in events.iter().zip(&heard.told) {
        event(expected, told).into_iter().for_each(&mut fault);
    }
    faults
}

/// What is proved by a secret in the URL or a header must not be believed without either.
fn unproved(made: &Made<'_>, manner: &Manner<'_>, case: &CallbackCase) -> Option<Fault> {
    let mut bare = case.callback.clone();
    bare.headers.retain(|(name, _)| {
        ["content-type", "content-length", "host"].contains(&name.to_ascii_lowercase().as_str())
    });
    bare.remote_address = String::new();
    let mut url = url::Url::parse(&bare.url).ok()?;
    url.set_path("/carriers/check/receipts");
    url.set_query(None);
    bare.url = url.to_string();
    let heard = made.handle(manner, &bare)?;
    (heard.returned == VERIFIED).then(|| {
        Fault::new(
            format!("{}: it is still verified without any header and with another URL", case.file),
            "say ALDIS_UNVERIFIED if it cannot be proved who called; if a signature in the body proves it, leave \
             \"signed\": false out of the file",
        )
    })
}

/// Flips one bit of each byte of the body, and changes each character of a signature: none may still be verified. Of the
/// URL only a signature in it is changed: not every one covers the rest.
fn flipped(made: &Made<'_>, subject: &Subject, case: &CallbackCase, faults: &mut Vec<Fault>) -> usize {
    let manner = subject.plain();
    let mut tried = 0;
    let mut attempt = |callback: &Callback, what: String| {
        tried += 1;
        let verified = made
            .handle(&manner, callback)
            .is_some_and(|heard| heard.returned == VERIFIED);
        if verified && faults.len() < 3 {
            faults.push(Fault::new(
                format!("{}: it is still verified with {what}", case.file),
                "verify the signature over exactly what was signed, compare all of it, and reject what differs",
            ));
        }
    };
    for at in 0..case.callback.body.len() {
        let mut callback = case.callback.clone();
        callback.body[at] ^= 1 << (at % 7);
        if is_same_form(&case.callback, &callback) {
            continue;
        }
        attempt(&callback, format!("one bit of byte {at} of the body flipped"));
    }
    for (index, (name, value)) in case.callback.headers.iter().enumerate() {
        if !name.to_ascii_lowercase().contains("sign") && !name.eq_ignore_ascii_case("authorization") {
            continue;
        }
        for at in 0..value.len() {
            let mut bytes = value.clone().into_bytes();
            // Stays a letter: another signature, not a broken header.
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            let mut callback = case.callback.clone();
            callback.headers[index].1 = String::from_utf8_lossy(&bytes).into_owned();
            // The last character of base64 may carry bits that mean nothing, and small hex is large hex.
            let same = value.len() - at <= 3 || value.eq_ignore_ascii_case(&callback.headers[index].1);
            if !same {
                attempt(&callback, format!("character {at} of the header {name} changed"));
            }
        }
        let mut callback = case.callback.clone();
        callback.headers.remove(index);
        attempt(&callback, format!("the header {name} taken away"));
    }
    for (name, urls) in resigned(&case.callback.url) {
        for url in urls {
            let callback = Callback {
                url,
                ..case.callback.clone()
            };
            attempt(
                &callback,
                format!("the parameter {name} of the URL changed or taken away"),
            );
        }
    }
    tried
}

/// For each parameter of the URL that is a signature by its name: the URL with each character of it changed, and
/// without it.
fn resigned(url: &str) -> Vec<(String, Vec<String>)> {
    let Some((address, query)) = url.split_once('?') else {
        return Vec::new();
    };
    let pairs: Vec<&str> = query.split('&').collect();
    let with = |index: usize, pair: Option<String>| {
        let mut pairs: Vec<_> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        match pair {
            Some(pair) => pairs[index] = pair,
            None => drop(pairs.remove(index)),
        }
        format!("{address}?{}", pairs.join("&"))
    };
    let of = |(index, pair): (usize, &&str)| {
        let (name, value) = pair.split_once('=')?;
        let known = ["sig", "hmac", "hash", "digest", "checksum", "mac"];
        let is_one = known.iter().any(|word| name.to_ascii_lowercase().contains(word));
        // Letters and digits alone: an escape is no longer one if it is changed. The last three may mean nothing.
        let places = value.bytes().enumerate().take(value.len().saturating_sub(3));
        let changed = places.filter(|(_, byte)| byte.is_ascii_alphanumeric() && !value.contains('%'));
        let changed = changed.map(|(at, byte)| {
            let other = if byte.eq_ignore_ascii_case(&b'a') {
                "b"
            } else {
                "a"
            };
            let value = format!("{}{other}{}", &value[..at], &value[at + 1..]);
            with(index, Some(format!("{name}={value}")))
        });
        let all = changed.chain([with(index, None)]).collect();
        is_one.then(|| (name.to_owned(), all))
    };
    pairs.iter().enumerate().filter_map(of).collect()
}

/// `%2B` and `%2b` are one form: who signs its fields cannot tell them apart.
fn is_same_form(one: &Callback, other: &Callback) -> bool {
    let kind = one
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    kind.is_some_and(|(_, kind)| kind.starts_with("application/x-www-form-urlencoded"))
        && url::form_urlencoded::parse(&one.body).eq(url::form_urlencoded::parse(&other.body))
}

fn stale(made: &Made<'_>, manner: &Manner<'_>, case: &CallbackCase) -> Option<Fault> {
    let after = case.stale_after_s?;
    let mut late = case.callback.clone();
    late.now_unix_ms += (after + 1) * 1000;
    let heard = made.handle(manner, &late)?;
    (heard.returned == VERIFIED).then(|| {
        Fault::new(
            format!("{}: it is still verified {} s later", case.file, after + 1),
            "compare the signed time with now_unix_ms of the request, and reject what is too old",
        )
    })
}

fn fuzz(ground: &Ground, made: &Made<'_>, subject: &Subject, cases: &[CallbackCase]) -> Result<u32, End> {
    let (plain, guarded) = (subject.plain(), subject.guarded(Lengths::default()));
    let seeds: Vec<_> = cases.iter().map(|case| case.callback.body.clone()).collect();
    let signatures: Vec<(String, String)> = cases
        .iter()
        .flat_map(|case| case.callback.headers.clone())
        .collect();
    let mut dice = Dice::new();
    let began = Instant::now();
    for round in 0..FUZZED {
        if began.elapsed() > LONG_ENOUGH {
            return Ok(round);
        }
        let manner = if round < GUARDED { &guarded } else { &plain };
        let callback = broken(&mut dice, &seeds, &signatures);
        let text = String::from_utf8_lossy(&callback.body)
            .escape_debug()
            .take(120)
            .collect::<String>();
        ground
            .report
            .doing(&format!("handle, fuzzed call-back {round}: \"{text}\""));
        if let Some(heard) = made.handle(manner, &callback) {
            judged(heard).map_err(|faults| first(faults, &format!("on the call-back \"{text}\"")))?;
        }
    }
    match plain.late().or(guarded.late()) {
        Some(fault) => Err(fault.into()),
        None => Ok(FUZZED),
    }
}

fn broken(dice: &mut Dice, seeds: &[Vec<u8>], signatures: &[(String, String)]) -> Callback {
    let mut headers = signatures.to_vec();
    headers.truncate(dice.below(signatures.len() + 1));
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Callback {
        url: [
            "https://sms.example.com/carriers/check/receipts?a=b",
            "",
            "\u{0}",
            "not a url",
        ][dice.below(4)]
        .to_owned(),
        method: ["POST", "GET", ""][dice.below(3)].to_owned(),
        headers,
        body: dice.body(seeds),
        remote_address: String::new(),
        now_unix_ms: NOW,
    }
}

#[cfg(test)]
mod tests;
