//! What every API answers one day, and what none should.

use super::{End, Ground, needs_http, ready};
use crate::kit::Checked;
use crate::kit::bytes::Dice;
use crate::kit::expected;
use crate::kit::letter::{Lengths, Reply};
use crate::kit::report::Fault;
use aldis_carrier::Class;
use std::time::{Duration, Instant};

/// Broken replies for each library. A fault has to be found before its users are.
const FUZZED: u32 = 20_000;

/// Of those, the ones that end where readable memory ends.
const GUARDED: u32 = 4_000;

/// A slow library gets fewer of them.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

pub(super) fn mandatory(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    needs_http(&subject)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let letter = &example.letters()[0];
    let bare_yes = example.fixtures.replies.iter().any(|case| {
        case.class == Class::Accepted && case.replies.last().is_some_and(|reply| reply.body.is_empty())
    });
    let (mut faults, cases) = (Vec::new(), expected::cases(bare_yes));
    for case in &cases {
        ground
            .report
            .doing(&format!("an attempt with the reply {}", case.name));
        match made.attempt(&manner, letter, std::slice::from_ref(&case.reply)) {
            Ok(attempt) if attempt.requests.is_empty() => {
                return Err(End::Untried(format!(
                    "it ends the plainest message as {} without a request: give settings with which it sends",
                    crate::kit::fixtures::class_word(attempt.ended.class)
                )));
            }
            Ok(attempt) => {
                let idempotent = attempt.requests.last().is_some_and(|wanted| wanted.idempotent);
                faults.extend(case.judge(&attempt.ended, idempotent));
            }
            Err(broken) => faults.extend(broken.into_iter().map(|fault| {
                Fault::new(
                    format!("{}: with the reply {}", fault.what, case.name),
                    fault.mend,
                )
            })),
        }
    }
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    super::kept(faults, format!("{} replies", cases.len()))
}

pub(super) fn fuzzed(ground: &Ground) -> Checked {
    const STATUS: [u16; 12] = [200, 201, 202, 204, 301, 400, 401, 404, 422, 429, 500, 599];
    let (subject, example) = ready(ground)?;
    needs_http(&subject)?;
    let (plain, guarded) = (subject.plain(), subject.guarded(Lengths::default()));
    let made = example.made(ground, &subject, &plain)?;
    let letter = &example.letters()[0];
    let seeds: Vec<Vec<u8>> = example
        .fixtures
        .replies
        .iter()
        .flat_map(|case| case.replies.iter().map(|reply| reply.body.clone()))
        .collect();
    let mut dice = Dice::new();
    let (began, mut tried) = (Instant::now(), 0);
    for round in 0..FUZZED {
        if began.elapsed() > LONG_ENOUGH {
            break;
        }
        tried += 1;
        let manner = if round < GUARDED { &guarded } else { &plain };
        let mut reply = Reply::new(STATUS[dice.below(STATUS.len())], dice.body(&seeds));
        if dice.below(3) == 0 {
            let value = String::from_utf8_lossy(&dice.body(&[]))
                .chars()
                .filter(|c| !c.is_control())
                .collect::<String>();
            let name = ["retry-after", "content-type", "x-request-id"][dice.below(3)];
            reply = reply.header(name, &value);
        }
        let shown = shown(&reply);
        ground
            .report
            .doing(&format!("on_response, fuzzed reply {round}: {shown}"));
        let heard = made.on_response(manner, letter, &reply, (1, b""));
        match heard.one("on_response") {
            Ok(crate::kit::ear::Word::Complete(ended)) => {
                if ended.class == Class::Accepted.number() && !(200..300).contains(&reply.status) {
                    return Err(End::broken(
                        format!("it takes a reply that is no 2xx for a yes: {shown}"),
                        "look at the status before the body",
                    ));
                }
            }
            Ok(_) => {}
            Err(faults) => return Err(super::first(faults, &shown)),
        }
    }
    made.destroy(&plain).map_err(super::stopped)?;
    Ok(format!(
        "{tried} replies, {} bodies of the author's among the seeds",
        seeds.len()
    ))
}

/// The reply, so that the author can give it again.
fn shown(reply: &Reply) -> String {
    let body: String = reply
        .body
        .iter()
        .take(120)
        .flat_map(|byte| std::ascii::escape_default(*byte))
        .map(char::from)
        .collect();
    let more = if reply.body.len() > 120 { "..." } else { "" };
    format!("status {} with the body \"{body}{more}\"", reply.status)
}
