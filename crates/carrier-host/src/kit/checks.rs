//! The checks, one file for each kind of promise.

mod fixtures;
mod forms;
mod instances;
mod loads;
mod memory;
mod other;
mod panics;
mod privacy;
mod purity;
mod replies;
mod session;
mod sizes;
mod streams;
mod talk;
mod time;
mod webhooks;
mod workout;

use super::example::Example;
use super::lending::Length;
use super::letter::Lengths;
use super::report::Fault;
use super::subject::{Manner, Subject};
use super::{Checked, End, Ground, Promise};
use talk::greetings;
use workout::{Workout, assorted};

/// The promise whose child gives up its right to most system calls, also to those that end it properly.
pub(super) const RESTRICTED: &str = "system-calls";

/// The promise that is about how a host takes the file.
pub(super) const LOADS: &str = "loads";

/// Every promise.
pub(super) const ALL: &[Promise] = &[
    Promise {
        name: LOADS,
        says: "it loads, agrees on the version, and describes itself truthfully",
        stands_in: "Versions; aldis_entry",
        check: loads::check,
    },
    Promise {
        name: "settings",
        says: "it takes the settings that its schema describes, and says which one is wrong",
        stands_in: "aldis_instance_cfg",
        check: loads::settings,
    },
    Promise {
        name: "one-word",
        says: "each call says exactly one well-formed word to its sink",
        stands_in: "aldis_op",
        check: forms::check,
    },
    Promise {
        name: "older-host",
        says: "it reads no further into a struct than an older host's is long",
        stands_in: "Sizes",
        check: sizes::older,
    },
    Promise {
        name: "newer-host",
        says: "longer structs and list elements of a newer host change nothing",
        stands_in: "Sizes",
        check: sizes::newer,
    },
    Promise {
        name: "lent-buffers",
        says: "it touches nothing that was lent after the call returned, and changes none of it",
        stands_in: "Ownership",
        check: sizes::lent,
    },
    Promise {
        name: "replies",
        says: "every reply an API can give has a class that makes sense",
        stands_in: "Words; aldis_http.on_response",
        check: replies::mandatory,
    },
    Promise {
        name: "fuzzed-replies",
        says: "no reply, however broken, breaks it or is taken for a yes",
        stands_in: "aldis_http.on_response",
        check: replies::fuzzed,
    },
    Promise {
        name: "fixtures",
        says: "its author's own examples hold",
        stands_in: "the folder given with --fixtures",
        check: fixtures::check,
    },
    Promise {
        name: "callbacks",
        says: "no call-back breaks it, and only a signed and fresh one is believed",
        stands_in: "aldis_webhook",
        check: webhooks::check,
    },
    Promise {
        name: "session",
        says: "a session lives from open to destroy, and it matters not where its bytes are cut",
        stands_in: "aldis_session",
        check: session::check,
    },
    Promise {
        name: "instances",
        says: "instances never mix, also with many threads at once",
        stands_in: "Threads",
        check: instances::check,
    },
    Promise {
        name: "privacy",
        says: "numbers, texts and secrets go into requests and nowhere else",
        stands_in: "the last paragraph of the head",
        check: privacy::check,
    },
    Promise {
        name: "process",
        says: "threads, files, signal handlers and surroundings stay as they were",
        stands_in: "A carrier must not ...",
        check: purity::process,
    },
    Promise {
        name: RESTRICTED,
        says: "it asks the kernel for nothing but memory",
        stands_in: "A carrier must not ...",
        check: purity::system_calls,
    },
    Promise {
        name: "quiet",
        says: "it prints nothing",
        stands_in: "A carrier must not ...",
        check: purity::quiet,
    },
    Promise {
        name: "time",
        says: "a call neither blocks nor takes longer than 5 ms",
        stands_in: "A carrier must not ...",
        check: time::check,
    },
    Promise {
        name: "memory",
        says: "calls and instances leave no memory behind",
        stands_in: "Ownership",
        check: memory::check,
    },
    Promise {
        name: "panics",
        says: "a panic ends at the border, and nobody prints what it said",
        stands_in: "A carrier must not ...",
        check: panics::check,
    },
];

/// The library's descriptor.
pub(super) fn describe(ground: &Ground) -> Checked {
    Ok(Subject::load(ground)?.descriptor_json())
}

/// The library's manifest.
pub(super) fn manifest(ground: &Ground) -> Checked {
    let (candidate, sealed) = ground.judged().map_err(End::Untried)?;
    ground.report.doing("loading the library");
    let manifest = Subject::mapping(&ground.report, || {
        candidate.manifest(sealed).map_err(|error| error.to_string())
    });
    Ok(manifest.map_err(End::Untried)?.to_json().to_string())
}

/// A loaded library, with settings it takes.
fn ready(ground: &Ground) -> Result<(Subject, Example), End> {
    let subject = Subject::load(ground)?;
    let example = example(ground, &subject)?;
    Ok((subject, example))
}

/// The same, with all that it can be asked.
fn trained(ground: &Ground) -> Result<(Subject, Example, Workout), End> {
    let greetings = greetings(ground)?;
    let (subject, example) = ready(ground)?;
    let workout = Workout::of(&subject, &example, &greetings);
    Ok((subject, example, workout))
}

/// What is wrong with the author's settings is told once, by the promise `settings`.
fn example(ground: &Ground, subject: &Subject) -> Result<Example, End> {
    Example::of(ground, subject).map_err(|end| match end {
        End::Broken(_) => End::Untried("it needs settings: see the promise \"settings\"".to_owned()),
        other => other,
    })
}

/// A check that stops at the first thing that is wrong.
fn stopped(faults: Vec<Fault>) -> End {
    End::Broken(faults.into_iter().take(MOST_FAULTS).collect())
}

/// The first faults are enough to begin with; the rest may follow from them.
const MOST_FAULTS: usize = 5;

/// The style that some of these checks are for.
fn needs_http(subject: &Subject) -> Result<(), End> {
    match subject.http {
        Some(_) => Ok(()),
        None => Err(End::Skipped(
            "it is a session carrier: its carrier gives no replies".to_owned(),
        )),
    }
}

/// The same, saying during what.
fn first(faults: Vec<Fault>, during: &str) -> End {
    let named = faults
        .into_iter()
        .map(|fault| Fault::new(format!("{}: {during}", fault.what), fault.mend));
    stopped(named.collect())
}

/// Only the message's, the sink's, ... struct has another length.
fn lengths(change: impl FnOnce(&mut Lengths, Length), length: Length) -> Lengths {
    let mut lengths = Lengths::default();
    change(&mut lengths, length);
    lengths
}

/// Ends a check: kept, unless there are faults.
fn kept(faults: Vec<Fault>, note: impl Into<String>) -> Checked {
    if faults.is_empty() {
        Ok(note.into())
    } else {
        Err(End::Broken(faults))
    }
}
