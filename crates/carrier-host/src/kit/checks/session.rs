//! Session carriers: connections, bytes cut anywhere, timers, messages, the end.

use super::talk::{Greeting, Step, Talk, conversation};
use super::workout::difference;
use super::{Checked, End, Example, Ground, Manner, Subject, first, kept, stopped, trained};
use crate::kit::bytes::Dice;
use crate::kit::connected::links;
use crate::kit::letter::Lengths;
use crate::kit::made::Made;
use crate::kit::report::Fault;
use crate::kit::wire::Act;
use crate::session::plan::Plan;
use aldis_carrier::abi::LINK_LIMIT;
use std::time::{Duration, Instant};

/// Streams of noise for each library.
const FUZZED: usize = 500;

/// Of those, the ones that end where readable memory ends.
const GUARDED: usize = 150;

/// A slow library hears fewer of them.
const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// The author's streams, and how each greets.
type Told<'t> = (&'t Example, &'t [Option<Greeting>]);

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example, workout) = trained(ground)?;
    if subject.session.is_none() {
        return Err(End::Skipped(
            "it is no session carrier: there is no aldis.session/1".to_owned(),
        ));
    }
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let wanted = linked(ground, &made, &manner, &example)?;
    workout.once(ground, &made, &manner).map_err(stopped)?;
    if let Some(fault) = manner.late() {
        return Err(fault.into());
    }
    beside(ground, &made, &manner, (&example, &workout.greetings))?;
    let streams = cut_anywhere(ground, &made, &subject, (&example, &workout.greetings))?;
    let mut faults = answered(&subject, (&example, &workout.greetings), &made)?;
    ground.report.doing("instance_destroy");
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    faults.extend(manner.late());
    let silent = if example.fixtures.streams.is_empty() {
        "; no stream among the fixtures, so no message was submitted"
    } else {
        ""
    };
    kept(
        faults,
        format!("{wanted} connection(s), {streams} streams cut anywhere{silent}"),
    )
}

/// The connections it asks for, as a host would take them.
fn linked(ground: &Ground, made: &Made<'_>, manner: &Manner<'_>, example: &Example) -> Result<usize, End> {
    ground.report.doing("links");
    let wanted = links(made, manner).map_err(|faults| first(faults, "links"))?;
    let count = wanted.len();
    if count > LINK_LIMIT {
        return Err(End::broken(
            format!("it asks for {count} connections"),
            "ask for 1 to ALDIS_LINK_LIMIT",
        ));
    }
    let allowed = made.subject.descriptor().allowed().unwrap_or_default();
    let host = example.configuration.settings["host"].as_str();
    Plan::of_all(wanted, host, &allowed).map_err(|reason| {
        End::broken(
            format!("it {reason}"),
            "the host is the setting `host` or one of allowed_hosts, that with ALDIS_LINK_TLS or to the port that is listed \
             with it, the port 1 to 65535, the flags ALDIS_LINK_*, \
             each name 1 to 40 letters, digits, '-', '_' or '.', and no two the same",
        )
    })?;
    Ok(count)
}

/// Whether anything that a carrier says has an effect.
fn answered(subject: &Subject, (example, ready): Told<'_>, made: &Made<'_>) -> Result<Vec<Fault>, End> {
    let streams = &example.fixtures.streams;
    if streams.is_empty() || ready.iter().any(Option::is_some) {
        return Ok(Vec::new());
    }
    let manner = subject.plain();
    let mut closes = 0;
    for case in streams {
        let talk = heard(vec![Step::Hear(case.bytes.clone())], false);
        let acts = talk.acts(made, &manner).map_err(stopped)?;
        closes += usize::from(acts.iter().any(|act| matches!(act, Act::Close(_))));
    }
    // A carrier that says no may be all that the author wrote down.
    if closes == streams.len() {
        return Ok(Vec::new());
    }
    Ok(vec![Fault::new(
        "nothing that the carrier says makes it ready: no message is ever submitted to it",
        "call ready(window, rate) when the carrier has let us in; if it does, let a stream.<case>.json begin with what \
         the carrier answers to the login",
    )])
}

fn heard(steps: Vec<Step>, noise: bool) -> Talk {
    Talk {
        name: String::new(),
        steps,
        noise,
    }
}

fn cut_anywhere(
    ground: &Ground,
    made: &Made<'_>,
    subject: &Subject,
    (example, greetings): Told<'_>,
) -> Result<usize, End> {
    let (plain, guarded) = (subject.plain(), subject.guarded(Lengths::default()));
    let letters = example.letters();
    let mut count = 0;
    for (case, greeting) in example.fixtures.streams.iter().zip(greetings) {
        ground.report.doing(&format!("on_bytes with {}", case.file));
        // Without messages first: whether it is ready must not depend on the cut.
        cut(made, &plain, &[Step::Hear(case.bytes.clone())], false)?;
        cut(made, &guarded, &conversation(case, *greeting, &letters), false)?;
        count += 1;
    }
    let seeds = example.fixtures.heard();
    let mut dice = Dice::new();
    let began = Instant::now();
    for round in 0..FUZZED {
        if began.elapsed() > LONG_ENOUGH {
            break;
        }
        let bytes = dice.body(&seeds);
        ground
            .report
            .doing(&format!("on_bytes with \"{}\"", shown(&bytes)));
        let manner = if round < GUARDED { &guarded } else { &plain };
        cut(made, manner, &[Step::Hear(bytes)], true)?;
        count += 1;
    }
    Ok(count)
}

/// Two sessions of one instance, whose bytes come in turns: each wants what it wants alone.
fn beside(
    ground: &Ground,
    made: &Made<'_>,
    manner: &Manner<'_>,
    (example, greetings): Told<'_>,
) -> Result<(), End> {
    let letters = example.letters();
    for (case, greeting) in example.fixtures.streams.iter().zip(greetings) {
        ground
            .report
            .doing(&format!("two sessions at once with {}", case.file));
        let talk = heard(single(&conversation(case, *greeting, &letters)), false);
        let during = |faults| first(faults, &format!("two sessions at once with {}", case.file));
        let alone = talk.hold(&[made], manner).map_err(during)?;
        for told in talk.hold(&[made, made], manner).map_err(during)? {
            if let Some(about) = difference(&alone[0], &told) {
                return Err(End::broken(
                    format!("with two sessions at once, one wants something else than alone: {about}"),
                    "keep everything about a connection behind the handle that open gives: nothing static",
                ));
            }
        }
    }
    Ok(())
}

fn shown(bytes: &[u8]) -> String {
    let bytes = bytes.iter().take(60);
    bytes
        .flat_map(|byte| std::ascii::escape_default(*byte))
        .map(char::from)
        .collect()
}

/// Cuts what is heard at some 32 places, and at all of them: it must come to the same.
fn cut(made: &Made<'_>, manner: &Manner<'_>, steps: &[Step], noise: bool) -> Result<(), End> {
    let bytes: Vec<u8> = steps
        .iter()
        .flat_map(|step| match step {
            Step::Hear(bytes) => bytes.clone(),
            _ => Vec::new(),
        })
        .collect();
    let shown = shown(&bytes);
    let ask = |steps: Vec<Step>| {
        let acts = heard(steps, noise).acts(made, manner);
        let mut acts = acts.map_err(|faults| first(faults, &format!("on the bytes \"{shown}\"")))?;
        if let Some(end) = acts.iter().position(|act| matches!(act, Act::Close(_))) {
            acts.truncate(end + 1);
        }
        Ok::<_, End>(acts)
    };
    let whole = ask(steps.to_vec())?;
    if ask(steps.to_vec())? != whole {
        // It numbers its sessions, or takes chances: nothing to compare with.
        return Ok(());
    }
    let differs = |place: &str| {
        End::broken(
            format!("it wants something else when \"{shown}\" is cut {place}"),
            "bytes arrive cut anywhere: keep what is not a whole unit yet, and act on whole ones only",
        )
    };
    let step = (bytes.len() / 32).max(1);
    for at in (1..bytes.len()).step_by(step) {
        if ask(cut_at(steps, at))? != whole {
            return Err(differs(&format!("at byte {at}")));
        }
    }
    if ask(single(steps))? != whole {
        return Err(differs("into single bytes"));
    }
    Ok(())
}

/// The same with the byte `at`, counted through all that is heard, in a call after the one before it.
fn cut_at(steps: &[Step], at: usize) -> Vec<Step> {
    let (mut cut, mut before) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Hear(bytes) if (before + 1..before + bytes.len()).contains(&at) => {
                let (head, tail) = bytes.split_at(at - before);
                cut.extend([Step::Hear(head.to_vec()), Step::Hear(tail.to_vec())]);
                before += bytes.len();
            }
            Step::Hear(bytes) => {
                before += bytes.len();
                cut.push(step.clone());
            }
            _ => cut.push(step.clone()),
        }
    }
    cut
}

/// The same, each byte in a call of its own.
fn single(steps: &[Step]) -> Vec<Step> {
    let each = steps.iter().flat_map(|step| match step {
        Step::Hear(bytes) => bytes.iter().map(|byte| Step::Hear(vec![*byte])).collect(),
        other => vec![other.clone()],
    });
    each.collect()
}
