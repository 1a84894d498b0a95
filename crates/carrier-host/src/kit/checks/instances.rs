//! Two instances with other settings, apart and at once.

use super::{Checked, End, Ground, Manner, assorted, ready};
use crate::kit::letter::{Configuration, Lengths, Letter, Reply};
use crate::kit::report::Fault;
use crate::kit::subject::{Attempt, Made, Subject};

/// Threads that call at once.
const THREADS: usize = 64;

/// Attempts of each thread.
const ROUNDS: usize = 40;

/// An instance that threads share: its functions are `[any]`.
struct Shared<'s>(Made<'s>);

// SAFETY: the contract tags every function it is given to `[any]`.
unsafe impl Sync for Shared<'_> {}

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    super::needs_http(&subject)?;
    let letters = example.letters();
    let replies = assorted(&example);
    let manner = subject.guarded(Lengths::default());
    ground.report.doing("instance_create");
    let first = example.made(ground, &subject, &manner)?;
    ground.report.doing("attempts of one instance");
    let alone = round(&first, &manner, &letters, &replies)?;
    if alone != round(&first, &manner, &letters, &replies)? {
        return Err(End::broken(
            "the same message and reply come to something else the second time",
            "keep nothing from one message to the next; take time from now_unix_ms and chance from host->random",
        ));
    }
    let Some(other) = &example.other else {
        return hammer(ground, &subject, vec![(first, alone)], &letters, &replies);
    };
    ground.report.doing("instance_create with other settings");
    let Ok(second) = subject.create(&manner, other, 2) else {
        return hammer(ground, &subject, vec![(first, alone)], &letters, &replies);
    };
    let second_alone = round(&second, &manner, &letters, &replies)?;
    ground
        .report
        .doing("attempts of the first instance, with a second beside it");
    if round(&first, &manner, &letters, &replies)? != alone {
        let mixed = if second_alone == alone {
            ""
        } else {
            " with what belongs to the second"
        };
        return Err(End::broken(
            format!("once there is a second instance, the first answers otherwise{mixed}"),
            "keep everything about an instance behind its handle: no globals for \"the\" instance",
        ));
    }
    differ(other, &example.configuration, &alone, &second_alone)?;
    hammer(
        ground,
        &subject,
        vec![(first, alone), (second, second_alone)],
        &letters,
        &replies,
    )
}

/// Another address must show in the requests.
fn differ(
    other: &Configuration,
    own: &Configuration,
    alone: &[Attempt],
    beside: &[Attempt],
) -> Result<(), End> {
    let moved = other.settings["base_url"] != own.settings["base_url"];
    let sends = alone.iter().any(|attempt| !attempt.requests.is_empty());
    if moved && sends && alone == beside {
        return Err(Fault::new(
            "a second instance with another base_url sends where the first one does",
            "keep everything about an instance behind its handle: no globals for \"the\" instance",
        )
        .into());
    }
    Ok(())
}

fn round(
    made: &Made<'_>,
    manner: &Manner<'_>,
    letters: &[Letter],
    replies: &[Reply],
) -> Result<Vec<Attempt>, End> {
    let mut attempts = Vec::new();
    for letter in letters {
        for reply in replies {
            let attempt = made.attempt(manner, letter, std::slice::from_ref(reply));
            attempts.push(attempt.map_err(|faults| super::first(faults, "an attempt"))?);
        }
    }
    Ok(attempts)
}

fn hammer(
    ground: &Ground,
    subject: &Subject,
    instances: Vec<(Made<'_>, Vec<Attempt>)>,
    letters: &[Letter],
    replies: &[Reply],
) -> Checked {
    let count = instances.len();
    let shared: Vec<_> = instances
        .into_iter()
        .map(|(made, alone)| (Shared(made), alone))
        .collect();
    ground
        .report
        .doing(&format!("{THREADS} threads in {count} instance(s) at once"));
    let mixed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (instance, alone) = &shared[number % count];
                scope.spawn(move || {
                    let manner = subject.plain();
                    let letter = number % letters.len();
                    (0..ROUNDS).all(|turn| {
                        let reply = turn % replies.len();
                        let got = instance
                            .0
                            .attempt(&manner, &letters[letter], &replies[reply..=reply]);
                        got.is_ok_and(|got| got == alone[letter * replies.len() + reply])
                    })
                })
            })
            .collect();
        threads.into_iter().any(|thread| !thread.join().unwrap_or(false))
    });
    let manner = subject.plain();
    ground.report.doing("instance_destroy");
    for (instance, _) in shared {
        instance.0.destroy(&manner);
    }
    if mixed {
        return Err(End::broken(
            format!("with {THREADS} threads at once, answers differ from those of one thread"),
            "every function is [any]: no static buffers, no shared state without a lock that is never held long",
        ));
    }
    Ok(format!(
        "{count} instance(s), {THREADS} threads of {ROUNDS} attempts"
    ))
}
