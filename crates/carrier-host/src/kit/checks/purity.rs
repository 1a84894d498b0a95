//! What a library does to its process: nothing.

use super::{Checked, End, Ground, Subject, kept, ready, workout};
use crate::kit::lending::Lending;
use crate::kit::letter::{Lengths, NOW, Reply};
use crate::kit::process::{Picture, cpu_time, printed, restrict, switches};
use crate::kit::report::Fault;
use std::time::{Duration, Instant};

pub(super) fn process(ground: &Ground) -> Checked {
    let before = Picture::take();
    let subject = Subject::load(ground)?;
    let mut faults = differences(&before, "when it was loaded");
    let example = super::Example::of(ground, &subject)?;
    let manner = subject.guarded(Lengths::default());
    let before = Picture::take();
    let made = example.made(ground, &subject, &manner)?;
    faults.extend(differences(&before, "in instance_create"));
    if subject.http.is_some() {
        let before = Picture::take();
        workout(ground, &made, &manner, &example)
            .map_err(|broken| super::first(broken, "a round of attempts"))?;
        faults.extend(differences(&before, "in submit, on_response or handle"));
    }
    let before = Picture::take();
    ground.report.doing("instance_destroy");
    made.destroy(&manner);
    faults.extend(differences(&before, "in instance_destroy"));
    kept(faults, "")
}

fn differences(before: &Picture, when: &str) -> Vec<Fault> {
    let changes = before.changes(&Picture::take());
    changes
        .into_iter()
        .map(|(what, mend)| Fault::new(format!("it {what}: {when}"), mend))
        .collect()
}

pub(super) fn quiet(ground: &Ground) -> Checked {
    let before = printed();
    let (subject, example) = ready(ground)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    if subject.http.is_some() {
        workout(ground, &made, &manner, &example)
            .map_err(|broken| super::first(broken, "a round of attempts"))?;
    }
    made.destroy(&manner);
    let after = printed();
    let mut faults = Vec::new();
    for (what, bytes) in [
        ("standard output", after.0 - before.0),
        ("standard error", after.1 - before.1),
    ] {
        if bytes > 0 {
            faults.push(Fault::new(
                format!("it printed {bytes} bytes to {what}"),
                "print nothing: host->log takes lines, redacts them and says whose they are",
            ));
        }
    }
    kept(faults, "")
}

pub(super) fn system_calls(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    super::needs_http(&subject)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    // Once before: what the C library does only the first time is not the carrier's doing.
    workout(ground, &made, &manner, &example)
        .map_err(|broken| super::first(broken, "a round of attempts"))?;
    if !restrict() {
        return Err(End::Skipped(
            "this kernel lets no process give up its own system calls (seccomp)".to_owned(),
        ));
    }
    workout(ground, &made, &manner, &example)
        .map_err(|broken| super::first(broken, "a round of attempts"))?;
    ground.report.doing("instance_destroy");
    made.destroy(&manner);
    ground.report.doing("instance_create");
    let again = example.made(ground, &subject, &manner)?;
    ground.report.doing("instance_destroy");
    again.destroy(&manner);
    Ok("seccomp traps everything but memory".to_owned())
}

/// The budget of a call.
const SOFT: Duration = Duration::from_millis(5);

/// Calls that are timed.
const TIMED: usize = 400;

pub(super) fn time(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    super::needs_http(&subject)?;
    let manner = subject.plain();
    debug_assert!(matches!(manner.lending, Lending::Plain(_)));
    let made = example.made(ground, &subject, &manner)?;
    let letters = example.letters();
    let reply = Reply::new(200, r#"{"id":"m-1"}"#);
    let (mut times, mut waits) = (Vec::with_capacity(TIMED), 0_u32);
    for round in 0..TIMED {
        let letter = &letters[round % letters.len()];
        ground.report.doing("submit and on_response, timed");
        let (began, cpu, slept) = (Instant::now(), cpu_time(), switches());
        made.submit(&manner, letter);
        made.on_response(&manner, letter, &reply, (1, b""));
        let (wall, worked) = (began.elapsed(), cpu_time().saturating_sub(cpu));
        // Given the processor up of its own will, and idle meanwhile: it waited for something. The first rounds touch
        // pages for the first time, which may have to come from the disk.
        if round >= TIMED / 10
            && switches() > slept
            && wall.saturating_sub(worked) > Duration::from_micros(50)
        {
            waits += 1;
        }
        // A call of two: half of the time each. Work, not wall: the machine may be busy with others.
        times.push(worked / 2);
    }
    made.destroy(&manner);
    times.sort();
    let (middle, late) = (times[TIMED / 2], times[TIMED * 99 / 100]);
    let mut faults = Vec::new();
    if waits > 5 {
        faults.push(Fault::new(
            format!("it blocks: {waits} of {TIMED} pairs of calls gave the processor up and waited"),
            "no sleep, no I/O, no lock that is held long: return a request or op->wait, and let the host wait",
        ));
    }
    if late > SOFT {
        faults.push(Fault::new(
            format!("99 of 100 calls take up to {late:?} of processor time; a call has {SOFT:?}"),
            "do in instance_create what is the same for every message",
        ));
    }
    let _ = NOW;
    kept(
        faults,
        format!("p50 {middle:?}, p99 {late:?} of processor time a call"),
    )
}
