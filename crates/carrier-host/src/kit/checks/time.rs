//! Calls are short, and wait for nobody.

use super::{Checked, Example, Ground, Subject, Workout, kept, stopped};
use crate::kit::expected;
use crate::kit::letter::Lengths;
use crate::kit::meter::{self, Sample};
use crate::kit::report::Fault;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The budget of a call.
const SOFT: Duration = Duration::from_millis(5);

/// Of the longest message, and unoptimised.
const MOST: Duration = Duration::from_millis(15);

/// Of a reply of a megabyte, on a machine that is busy.
const LARGE: Duration = Duration::from_millis(500);

/// Over this somebody is told of a single one.
const HARD: Duration = Duration::from_millis(250);

/// A call that happens once may wait for the disk; not for so long.
const LONG: Duration = Duration::from_millis(100);

/// A call that happens often waits for less, unless the machine takes the processor away.
const MOMENT: Duration = Duration::from_micros(50);

/// Rounds, unless they are slow.
const ROUNDS: usize = 40;

/// Then this is enough.
const LONG_ENOUGH: Duration = Duration::from_secs(6);

/// The fastest of so many is what a call takes.
const TRIES: usize = 2;

/// So few may have waited for something else.
const FEW: usize = 3;

pub(super) fn check(ground: &Ground) -> Checked {
    let greetings = super::greetings(ground)?;
    meter::start();
    let subject = Subject::load(ground)?;
    let example = super::example(ground, &subject)?;
    let loading = meter::stop();
    let workout = Workout::of(&subject, &example, &greetings);
    let manner = subject.guarded(Lengths::default());
    meter::start();
    let made = example.made(ground, &subject, &manner)?;
    workout.once(ground, &made, &manner).map_err(stopped)?;
    let first: Vec<Sample> = loading.into_iter().chain(meter::stop()).collect();
    let mut faults = once(&first);
    faults.extend(large(ground, &subject, &example, &made, &manner));
    made.destroy(&manner).map_err(stopped)?;
    let plain = subject.plain();
    let began = Instant::now();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        meter::start();
        let made = example.made(ground, &subject, &plain)?;
        workout.once(ground, &made, &plain).map_err(stopped)?;
        made.destroy(&plain).map_err(stopped)?;
        drop(subject.desk.take_log());
        rounds.push(meter::stop());
        if began.elapsed() > LONG_ENOUGH {
            break;
        }
    }
    let mut notes = Vec::new();
    for (call, samples) in &places(&rounds) {
        faults.extend(often(call, samples, &mut notes));
    }
    faults.dedup_by(|one, other| one.what.split(' ').take(3).eq(other.what.split(' ').take(3)));
    faults.truncate(super::MOST_FAULTS);
    kept(faults, notes.join(", "))
}

/// The samples of each call, by its place in the round: every round makes the same calls.
fn places(rounds: &[Vec<Sample>]) -> BTreeMap<&'static str, Vec<Vec<Sample>>> {
    let mut calls: BTreeMap<_, Vec<Vec<Sample>>> = BTreeMap::new();
    let shortest = rounds.iter().map(Vec::len).min().unwrap_or_default();
    for place in 0..shortest {
        let Some(call) = rounds.first().map(|round| round[place].call) else {
            break;
        };
        let samples = rounds.iter().map(|round| round[place]);
        let samples = samples.filter(|sample| sample.call == call).collect();
        calls.entry(call).or_default().push(samples);
    }
    calls
}

/// Replies of a size that no API should give, and one does.
fn large(
    ground: &Ground,
    subject: &Subject,
    example: &Example,
    made: &crate::kit::made::Made<'_>,
    manner: &super::Manner<'_>,
) -> Vec<Fault> {
    if subject.http.is_none() {
        return Vec::new();
    }
    let letter = &example.letters()[0];
    let cases = expected::cases(false).into_iter();
    let mut faults = Vec::new();
    for case in cases.filter(|case| case.reply.body.len() > 1 << 16) {
        ground.report.doing(&format!("on_response with {}", case.name));
        meter::start();
        for _ in 0..TRIES {
            made.on_response(manner, letter, &case.reply, (1, b""));
        }
        let fastest = meter::stop().iter().map(|sample| sample.worked).min();
        let fastest = fastest.unwrap_or_default();
        if fastest > LARGE {
            let what = format!("takes {} for the reply {}", spent(fastest), case.name);
            faults.push(over("on_response", &what));
        }
    }
    faults
}

/// What a single call must not take, whichever it is.
fn once(samples: &[Sample]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for sample in samples {
        let fault = if sample.worked > HARD {
            over(
                sample.call,
                &format!("takes {} of processor time", spent(sample.worked)),
            )
        } else if sample.waited > LONG {
            blocks(&format!("{} waited for {}", sample.call, spent(sample.waited)))
        } else {
            continue;
        };
        if !faults.iter().any(|known| known.mend == fault.mend) {
            faults.push(fault);
        }
    }
    faults
}

/// What calls of one kind must not take, wherever in the round they are: mostly, for a machine that is busy with others
/// delays some.
fn often(call: &str, places: &[Vec<Sample>], notes: &mut Vec<String>) -> Vec<Fault> {
    let mut faults = once(&places.concat());
    let (mut typical, mut waits, mut count, mut always) = (Vec::new(), 0, 0, false);
    for samples in places {
        typical.push(usual(samples));
        let waited = samples.iter().filter(|sample| sample.waited > MOMENT).count();
        always |= samples.len() > FEW && waited * 2 > samples.len();
        (waits, count) = (waits + waited, count + samples.len());
    }
    if always || (waits > FEW && waits * 100 > count * 3) {
        faults.push(blocks(&format!(
            "{waits} of {count} calls of {call} gave the processor up and waited"
        )));
    }
    typical.sort();
    let middle = typical.get(typical.len() / 2).copied().unwrap_or_default();
    let slowest = typical.last().copied().unwrap_or_default();
    notes.push(format!("{call} {}", spent(slowest)));
    // Instances are made once, and may take their time.
    let (soft, most) = if call == "instance_create" {
        (HARD, HARD)
    } else {
        (SOFT, MOST)
    };
    if (middle > soft || slowest > most) && faults.is_empty() {
        faults.push(over(call, &format!("takes {}; a call has 5 ms", spent(slowest))));
    }
    faults
}

/// What a call at one place takes: its processor time mostly. What the clock says counts where even the fastest took
/// long, for then nobody else's work is the reason.
fn usual(samples: &[Sample]) -> Duration {
    let mut worked: Vec<_> = samples.iter().map(|sample| sample.worked).collect();
    worked.sort();
    let middle = worked.get(worked.len() / 2).copied().unwrap_or_default();
    let fastest = samples.iter().map(|sample| sample.wall).min().unwrap_or_default();
    if samples.len() > FEW {
        middle.max(fastest)
    } else {
        middle
    }
}

fn blocks(what: &str) -> Fault {
    Fault::new(
        format!("it blocks: {what}"),
        "no sleep, no I/O, no lock that is held long: return a request, op->wait or a timer, and let the host wait",
    )
}

fn over(call: &str, what: &str) -> Fault {
    Fault::new(
        format!("{call} {what}"),
        "do in instance_create what is the same for every message, and nothing that grows faster than its input",
    )
}

fn spent(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
