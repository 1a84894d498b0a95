//! Session carriers: connections, bytes cut anywhere, timers, messages, the end.

use super::memory::{GRAIN, growth};
use super::{Checked, End, Example, Ground, Manner, Subject, first, kept, lengths, ready};
use crate::kit::bytes::Dice;
use crate::kit::lending::Length;
use crate::kit::letter::Lengths;
use crate::kit::report::Fault;
use crate::kit::subject::Made;
use crate::kit::wire::{Act, Connected, GOES_ON, links};
use aldis_carrier::abi::{LINK_LIMIT, Session, TIMER_OFF};

/// Streams of noise for each library.
const FUZZED: usize = 500;

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let Some(table) = subject.session else {
        return Err(End::Skipped(
            "it is no session carrier: there is no aldis.session/1".to_owned(),
        ));
    };
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    ground.report.doing("links");
    let wanted = links(&made, &manner, &table).map_err(|faults| first(faults, "links"))?;
    let mut faults = Vec::new();
    if wanted.is_empty() || wanted.len() > LINK_LIMIT {
        faults.push(Fault::new(
            format!("it asks for {} connections", wanted.len()),
            "ask for 1 to ALDIS_LINK_LIMIT",
        ));
    }
    for link in &wanted {
        let known = example.configuration.settings["host"] == link.host.as_str()
            || subject
                .descriptor()
                .allowed_hosts
                .iter()
                .any(|host| host.split(':').next() == Some(link.host.as_str()));
        if !known || link.port == 0 || link.port > 65535 {
            faults.push(Fault::new(
                format!("it asks for a connection to {:?} port {}", link.host, link.port),
                "the host is the setting `host` or one of allowed_hosts, the port 1 to 65535",
            ));
        }
    }
    life(ground, &made, &manner, &example, table).map_err(|broken| first(broken, "a session"))?;
    for (what, length) in [("longer", Length::Longer(64)), ("as it is", Length::Own)] {
        let manner = subject.guarded(lengths(
            |all, length| (all.sink, all.msg, all.resp) = (length, length, length),
            length,
        ));
        ground
            .report
            .doing(&format!("a session, the host's structs {what}"));
        life(ground, &made, &manner, &example, table)
            .map_err(|broken| first(broken, "a session of a newer host"))?;
    }
    let streams = cut_anywhere(ground, &made, &subject, &example, table)?;
    faults.extend(left_behind(ground, &made, &subject, table));
    ground.report.doing("instance_destroy");
    made.destroy(&manner);
    kept(
        faults,
        format!("{} connection(s), {streams} streams cut anywhere", wanted.len()),
    )
}

/// A session from open to destroy.
fn life(
    ground: &Ground,
    made: &Made<'_>,
    manner: &Manner<'_>,
    example: &Example,
    table: Session,
) -> Result<(), Vec<Fault>> {
    ground.report.doing("open");
    let (session, acts) = Connected::open(made, manner, table)?;
    for (number, letter) in example.letters().iter().enumerate() {
        ground.report.doing(&format!("submit with message {number}"));
        session.submit(manner, number as u64 + 1, letter)?;
    }
    let timers = acts.iter().filter_map(|act| match act {
        Act::Timer(id, after) if *after != TIMER_OFF => Some(*id),
        _ => None,
    });
    for id in timers.chain([9999]) {
        ground.report.doing(&format!("on_timer {id}"));
        session.on_timer(manner, id)?;
    }
    session.destroy();
    ground.report.doing("open, then drain");
    let (session, _) = Connected::open(made, manner, table)?;
    let acts = session.drain(manner)?;
    let late = session.destroy();
    if !acts
        .iter()
        .any(|act| matches!(act, Act::Close(_) | Act::Write(_) | Act::Timer(..)))
    {
        return Err(vec![Fault::new(
            "drain does nothing: the connection never ends",
            format!("take leave of the carrier, and call close with an outcome of class {GOES_ON}"),
        )]);
    }
    if late {
        return Err(vec![Fault::new(
            "it spoke into a sink after the call that lent it had returned",
            "a sess is dead once its call returns: never keep one",
        )]);
    }
    Ok(())
}

/// What a session wants of a stream, given in these pieces; nothing after its close counts.
fn told(
    made: &Made<'_>,
    manner: &Manner<'_>,
    example: &Example,
    table: Session,
    pieces: &[&[u8]],
) -> Result<Vec<Act>, Vec<Fault>> {
    let (session, _) = Connected::open(made, manner, table)?;
    session.submit(manner, 1, &example.letters()[0])?;
    let mut all = Vec::new();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        for act in session.on_bytes(manner, piece)? {
            match (all.last_mut(), act) {
                (Some(Act::Write(before)), Act::Write(bytes)) => before.extend(bytes),
                (_, act) => all.push(act),
            }
        }
        if all.iter().any(|act| matches!(act, Act::Close(_))) {
            break;
        }
    }
    session.destroy();
    if let Some(end) = all.iter().position(|act| matches!(act, Act::Close(_))) {
        all.truncate(end + 1);
    }
    Ok(all)
}

fn cut_anywhere(
    ground: &Ground,
    made: &Made<'_>,
    subject: &Subject,
    example: &Example,
    table: Session,
) -> Result<usize, End> {
    let manner = subject.plain();
    let seeds: Vec<Vec<u8>> = example.fixtures.streams.clone();
    let mut dice = Dice::new();
    let noise: Vec<Vec<u8>> = (0..FUZZED).map(|_| dice.body(&seeds)).collect();
    for stream in seeds.iter().chain(&noise) {
        let shown: String = stream
            .iter()
            .take(60)
            .flat_map(|byte| std::ascii::escape_default(*byte))
            .map(char::from)
            .collect();
        ground.report.doing(&format!("on_bytes with \"{shown}\""));
        let ask = |pieces: &[&[u8]]| {
            told(made, &manner, example, table, pieces)
                .map_err(|faults| first(faults, &format!("on the bytes \"{shown}\"")))
        };
        let whole = ask(&[stream])?;
        let steps = (stream.len() / 32).max(1);
        for at in (1..stream.len()).step_by(steps) {
            if ask(&[&stream[..at], &stream[at..]])? != whole {
                return Err(End::broken(
                    format!("it wants something else when \"{shown}\" is cut at byte {at}"),
                    "bytes arrive cut anywhere: keep what is not a whole unit yet, and act on whole ones only",
                ));
            }
        }
    }
    Ok(seeds.len() + noise.len())
}

fn left_behind(ground: &Ground, made: &Made<'_>, subject: &Subject, table: Session) -> Option<Fault> {
    let manner = subject.plain();
    ground.report.doing("open and destroy, 1000 times");
    let round = || {
        if let Ok((session, _)) = Connected::open(made, &manner, table) {
            session.destroy();
        }
        drop(subject.desk.take_log());
    };
    let left = growth(round);
    (left > GRAIN).then(|| {
        Fault::new(
            format!("each session leaves {left} bytes behind"),
            "free in destroy all that open allocated",
        )
    })
}
