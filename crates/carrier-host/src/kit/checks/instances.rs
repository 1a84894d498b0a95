//! Two instances with other settings, apart and at once.

use super::other::{Other, another, taken};
use super::talk::{Greeting, Talk, greetings};
use super::workout::difference;
use super::{Checked, End, Example, Ground, Manner, Subject, Workout, assorted, ready, stopped};
use crate::kit::aside::aside;
use crate::kit::letter::{Configuration, Lengths, Letter, Reply};
use crate::kit::made::{Attempt, Made};
use crate::kit::report::Fault;
use crate::kit::wire::Act;
use std::time::{Duration, Instant};

/// Threads that call at once.
const THREADS: usize = 64;

/// Attempts of each thread.
const ROUNDS: usize = 40;

/// A slow library is called less often.
const LONG_ENOUGH: Duration = Duration::from_secs(8);

/// Between what two instances say.
const NEXT: &str = "";

/// After it every clock of seconds shows something else.
const A_SECOND: Duration = Duration::from_millis(1050);

/// An instance that threads share: its functions are `[any]`.
struct Shared<'s>(Made<'s>);

// SAFETY: the contract tags every function it is given to `[any]`; a session is one thread's.
unsafe impl Sync for Shared<'_> {}

pub(super) fn check(ground: &Ground) -> Checked {
    let greetings = greetings(ground)?;
    let taken = taken(ground)?;
    let prepared = || Prepared::of(ground, &greetings, &taken);
    let alone = |id: u64| {
        aside(ground, || {
            let prepared = prepared()?;
            let manner = prepared.subject.guarded(Lengths::default());
            let made = prepared.made(ground, &manner, id).map_err(stopped)?;
            prepared.workout.once(ground, &made, &manner).map_err(stopped)
        })
    };
    let (first_alone, second_alone) = (alone(1)?, alone(2)?);
    // In a copy, too: whatever is found, it can be asked once more what is said alone.
    let beside = aside(ground, || {
        let prepared = prepared()?;
        let manner = prepared.subject.guarded(Lengths::default());
        let first = prepared.made(ground, &manner, 1).map_err(stopped)?;
        let second = prepared.made(ground, &manner, 2).map_err(stopped)?;
        let said = prepared.workout.run(ground, &[&first, &second], &manner);
        Ok(said.map_err(stopped)?.join(&NEXT.to_owned()))
    })?;
    let mut said = beside.split(|line| line == NEXT);
    for (before, which, id) in [(&first_alone, "the first", 1), (&second_alone, "the second", 2)] {
        let Some(about) = difference(before, said.next().unwrap_or_default()) else {
            continue;
        };
        // Who is of another mind each time says nothing about who is beside it.
        if difference(before, &alone(id)?).is_none() {
            return Err(mixed(which, &about));
        }
    }
    at_once(ground, &prepared()?)
}

/// A loaded library, and the settings of two instances.
struct Prepared {
    subject: Subject,
    example: Example,
    workout: Workout,
    other: Configuration,
    /// The settings in which they differ.
    note: String,
}

impl Prepared {
    fn of(ground: &Ground, greetings: &[Option<Greeting>], taken: &[String]) -> Result<Self, End> {
        let (subject, example) = ready(ground)?;
        let workout = Workout::of(&subject, &example, greetings);
        let (other, note) = match another(ground, &subject, &example, taken)? {
            Other::Differs(other, what) => (other, format!("two instances that differ in {what}")),
            Other::None => (
                example.configuration.clone(),
                "its settings leave nothing to vary: two instances with the same ones".to_owned(),
            ),
            Other::Refused(reason) => return Err(End::Untried(reason)),
        };
        Ok(Self {
            subject,
            example,
            workout,
            other,
            note,
        })
    }

    /// The first or the second instance.
    fn made(&self, ground: &Ground, manner: &Manner<'_>, id: u64) -> Result<Made<'_>, Vec<Fault>> {
        let with = if id == 1 {
            &self.example.configuration
        } else {
            &self.other
        };
        made(ground, &self.subject, manner, with, id)
    }
}

/// Calls both in this process, one after the other and by many threads.
fn at_once(ground: &Ground, prepared: &Prepared) -> Checked {
    let Prepared {
        subject,
        example,
        workout,
        note,
        ..
    } = prepared;
    let manner = subject.guarded(Lengths::default());
    let first = prepared.made(ground, &manner, 1).map_err(stopped)?;
    let second = prepared.made(ground, &manner, 2).map_err(stopped)?;
    workout
        .run(ground, &[&first, &second], &manner)
        .map_err(stopped)?;
    same_again(ground, &first, &manner, example)?;
    ground.report.doing("instance_destroy of the second");
    second.destroy(&manner).map_err(stopped)?;
    ground
        .report
        .doing("the first instance, after the second is gone");
    workout.once(ground, &first, &manner).map_err(stopped)?;
    let second = prepared.made(ground, &manner, 2).map_err(stopped)?;
    hammer(ground, subject, vec![first, second], example, workout)?;
    Ok(format!("{note}, {THREADS} threads at once"))
}

fn made<'s>(
    ground: &Ground,
    subject: &'s Subject,
    manner: &Manner<'_>,
    with: &Configuration,
    id: u64,
) -> Result<Made<'s>, Vec<Fault>> {
    ground.report.doing(&format!("instance_create of instance {id}"));
    subject.create(manner, with, id).map_err(|refused| {
        vec![Fault::new(
            format!("it makes instance {id} not again: {}", refused.reason),
            "instance_create may be called any number of times: no globals for \"the\" instance",
        )]
    })
}

fn mixed(which: &str, about: &str) -> End {
    End::broken(
        format!("once there are two instances, {which} answers otherwise than alone: {about}"),
        "keep everything about an instance behind its handle: no globals for \"the\" instance",
    )
}

/// The same message and reply, at once and a second later.
fn same_again(ground: &Ground, made: &Made<'_>, manner: &Manner<'_>, example: &Example) -> Result<(), End> {
    if made.subject.http.is_none() {
        return Ok(());
    }
    ground.report.doing("attempts, and the same again");
    let (letters, replies) = (example.letters(), assorted(example));
    let first = round(made, manner, &letters, &replies)?;
    if first != round(made, manner, &letters, &replies)? {
        return Err(End::broken(
            "the same message and reply come to something else the second time",
            "keep nothing from one message to the next; take time from now_unix_ms and chance from host->random",
        ));
    }
    std::thread::sleep(A_SECOND);
    if first != round(made, manner, &letters, &replies)? {
        return Err(End::broken(
            "the same message and reply come to something else a second later: it looks at a clock of its own",
            "take the time from now_unix_ms of the message, the reply or the call-back",
        ));
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

/// What one thread found beforehand, for many to find again.
struct Known {
    letters: Vec<Letter>,
    replies: Vec<Reply>,
    attempts: Vec<Attempt>,
    talks: Vec<(Talk, Vec<Act>)>,
}

impl Known {
    fn of(made: &Made<'_>, manner: &Manner<'_>, example: &Example, workout: &Workout) -> Result<Self, End> {
        let (letters, replies) = (example.letters(), assorted(example));
        let attempts = match made.subject.http {
            Some(_) => round(made, manner, &letters, &replies)?,
            None => Vec::new(),
        };
        let mut talks = Vec::new();
        for talk in &workout.talks {
            let acts = talk.acts(made, manner).map_err(stopped)?;
            // Who numbers its messages for all of its sessions says something else each time, as it may.
            if acts == talk.acts(made, manner).map_err(stopped)? {
                talks.push((talk.clone(), acts));
            }
        }
        Ok(Self {
            letters,
            replies,
            attempts,
            talks,
        })
    }

    /// One turn of a thread; whether all is as it was.
    fn again(&self, made: &Made<'_>, manner: &Manner<'_>, number: usize, turn: usize) -> bool {
        let talk = self.talks.get((number + turn) % self.talks.len().max(1));
        let told = talk.is_none_or(|(talk, known)| talk.acts(made, manner).is_ok_and(|acts| acts == *known));
        if self.attempts.is_empty() {
            return told;
        }
        let (letter, reply) = (number % self.letters.len(), turn % self.replies.len());
        let got = made.attempt(manner, &self.letters[letter], &self.replies[reply..=reply]);
        told && got.is_ok_and(|got| got == self.attempts[letter * self.replies.len() + reply])
    }
}

fn hammer(
    ground: &Ground,
    subject: &Subject,
    instances: Vec<Made<'_>>,
    example: &Example,
    workout: &Workout,
) -> Result<(), End> {
    let manner = subject.plain();
    ground.report.doing("attempts and sessions of each instance");
    let mut shared = Vec::new();
    for made in instances {
        let known = Known::of(&made, &manner, example, workout)?;
        shared.push((Shared(made), known));
    }
    ground.report.doing(&format!("{THREADS} threads at once"));
    let began = Instant::now();
    let mixed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (instance, known) = &shared[number % shared.len()];
                scope.spawn(move || {
                    let manner = subject.plain();
                    let turns = (0..ROUNDS).take_while(|turn| *turn < 2 || began.elapsed() < LONG_ENOUGH);
                    let mut turns = turns;
                    turns.all(|turn| known.again(&instance.0, &manner, number / 2, turn))
                })
            })
            .collect();
        // Each is waited for: a library must not lose the instance while others use it.
        let ended: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(false))
            .collect();
        ended.contains(&false)
    });
    ground.report.doing("instance_destroy");
    for (instance, _) in shared {
        instance.0.destroy(&manner).map_err(stopped)?;
    }
    if mixed {
        return Err(End::broken(
            format!("with {THREADS} threads at once, answers differ from those of one thread"),
            "every function is [any]: no static buffers, no shared state without a lock that is never held long",
        ));
    }
    Ok(())
}
