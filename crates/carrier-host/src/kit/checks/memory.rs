//! Memory that is left behind.

use super::{Checked, Ground, assorted, kept, ready};
use crate::kit::process::heap;
use crate::kit::report::Fault;

/// Rounds before counting: caches, tables and thread-local state are made once.
const WARM: usize = 200;

/// Rounds of a window that is counted.
const ROUNDS: usize = 400;

/// A leak grows in every window; what the allocator itself keeps (its caches count as used, mallinfo(3)) does not.
const WINDOWS: usize = 5;

/// Bytes a round may leave: less than the smallest thing an allocator hands out.
pub(super) const GRAIN: usize = 8;

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let manner = subject.plain();
    let made = example.made(ground, &subject, &manner)?;
    let letters = example.letters();
    let replies = assorted(&example);
    let mut faults = Vec::new();
    ground
        .report
        .doing("instance_create and instance_destroy, again and again");
    let left = growth(|| {
        if let Ok(made) = subject.create(&manner, &example.configuration, 2) {
            made.destroy(&manner);
        }
        drop(subject.desk.take_log());
    });
    if left > GRAIN {
        faults.push(Fault::new(
            format!("each instance leaves {left} bytes behind when it is destroyed"),
            "free in instance_destroy all that instance_create allocated",
        ));
    }
    if subject.http.is_some() {
        ground.report.doing("attempts, again and again");
        let mut turn = 0;
        let left = growth(|| {
            turn += 1;
            let reply = &replies[turn % replies.len()];
            let _ = made.attempt(
                &manner,
                &letters[turn % letters.len()],
                std::slice::from_ref(reply),
            );
            drop(subject.desk.take_log());
        });
        if left > GRAIN {
            faults.push(Fault::new(
                format!("each attempt leaves {left} bytes behind"),
                "free before you return what you allocated for the call; keep nothing about a message",
            ));
        }
    }
    made.destroy(&manner);
    kept(faults, format!("{WINDOWS} times {ROUNDS} instances and attempts"))
}

/// Bytes of heap that a round leaves in every window.
pub(super) fn growth(mut round: impl FnMut()) -> usize {
    (0..WARM).for_each(|_| round());
    let windows = (0..WINDOWS).map(|_| {
        let before = heap();
        (0..ROUNDS).for_each(|_| round());
        heap().saturating_sub(before)
    });
    windows.min().unwrap_or_default() / ROUNDS
}
