//! Memory that is left behind.

use super::{Checked, Ground, kept, stopped, trained};
use crate::kit::process::Oneself;
use crate::kit::report::Fault;
use std::time::{Duration, Instant};

/// Rounds before counting: caches, tables and thread-local state are made once.
const WARM: usize = 60;

/// Rounds of a window that is counted.
const ROUNDS: usize = 60;

/// The same where rounds are slow.
const FEW: usize = 10;

/// Rounds of a window, and the time for them, where something seems to leak.
const MANY: usize = 600;
const LONGER: Duration = Duration::from_secs(3);

/// A leak grows in every window; what the allocator itself keeps (its caches count as used, mallinfo(3)) does not.
const WINDOWS: usize = 5;

/// A round that takes longer is a slow one.
const SLOW: Duration = Duration::from_millis(5);

/// Bytes a round may leave: less than the smallest thing an allocator hands out.
const GRAIN: usize = 8;

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example, workout) = trained(ground)?;
    let manner = subject.plain();
    let made = example.made(ground, &subject, &manner)?;
    // What goes wrong in a call is no leak, whatever it leaves.
    workout.once(ground, &made, &manner).map_err(stopped)?;
    let mut faults = Vec::new();
    let mut left = |what: &str, round: &mut dyn FnMut(), mend: &str| {
        ground.report.doing(&format!("{what}, again and again"));
        let left = growth(ground.oneself(), || {
            round();
            drop(subject.desk.take_log());
        });
        if left > GRAIN && faults.len() < super::MOST_FAULTS {
            let what = format!("{what} leaves {left} bytes behind");
            faults.push(Fault::new(what, mend));
        }
    };
    left(
        "each instance",
        &mut || {
            if let Ok(made) = subject.create(&manner, &example.configuration, 2) {
                let _ = made.destroy(&manner);
            }
        },
        "free in instance_destroy all that instance_create allocated",
    );
    for (what, letter, reply) in &workout.attempts {
        left(
            &what.replacen("an ", "each ", 1),
            &mut || {
                let _ = made.attempt(&manner, letter, std::slice::from_ref(reply));
            },
            "free before you return what you allocated for the call; keep nothing about a message",
        );
    }
    for (what, callback) in &workout.callbacks {
        left(
            &format!("each {what}"),
            &mut || drop(made.handle(&manner, callback)),
            "free before you return what you allocated for the call; keep nothing about a call-back",
        );
    }
    for talk in &workout.talks {
        left(
            &talk.name.replacen("a ", "each ", 1),
            &mut || drop(talk.hold(&[&made], &manner)),
            "free in destroy all that open and the calls after it allocated, on every path",
        );
    }
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    kept(faults, format!("each of {}, again and again", workout.kinds()))
}

/// Bytes that a round leaves. What seems to leak is looked at for longer: what the allocator moves about comes to an end.
fn growth(process: &Oneself, mut round: impl FnMut()) -> usize {
    let began = Instant::now();
    round();
    let took = began.elapsed();
    let rounds = if took > SLOW { FEW } else { ROUNDS };
    (0..rounds.min(WARM)).for_each(|_| round());
    let left = windows(process, &mut round, rounds);
    if left <= GRAIN {
        return left;
    }
    let affordable = LONGER.as_micros() / took.as_micros().max(1);
    let rounds = usize::try_from(affordable).unwrap_or(MANY).clamp(rounds, MANY);
    windows(process, &mut round, rounds)
}

/// Bytes that a round leaves in every window.
fn windows(process: &Oneself, round: &mut impl FnMut(), rounds: usize) -> usize {
    let windows = (0..WINDOWS).map(|_| {
        let before = process.memory_in_use();
        (0..rounds).for_each(|_| round());
        process.memory_in_use().saturating_sub(before)
    });
    windows.min().unwrap_or_default() / rounds
}
