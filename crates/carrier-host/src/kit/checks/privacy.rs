//! Numbers, texts and secrets: in requests, and nowhere else.

use super::talk::Step;
use super::{Checked, Ground, assorted, kept, trained};
use crate::kit::connected::Connected;
use crate::kit::ear::Ended;
use crate::kit::example::Example;
use crate::kit::letter::{Lengths, Letter};
use crate::kit::made::Made;
use crate::kit::report::Fault;
use crate::kit::subject::Manner;
use crate::kit::wire::Act;

/// What must not show, and what it is.
struct Private(Vec<(&'static str, String)>);

/// Shorter values show by accident.
const SHORTEST: usize = 4;

impl Private {
    fn secrets(example: &Example) -> Self {
        let secrets = example.configuration.secrets.iter();
        Self(
            secrets
                .filter(|(_, value)| value.len() >= SHORTEST)
                .map(|(_, value)| ("a secret", value.clone()))
                .collect(),
        )
    }

    /// The secrets, and what a message says to whom.
    fn and(&self, letter: &Letter) -> Self {
        let mut all = self.0.clone();
        all.push(("a phone number", letter.to.trim_start_matches('+').to_owned()));
        all.push(("the text of a message", letter.text.clone()));
        all.retain(|(_, value)| value.len() >= SHORTEST);
        Self(all)
    }

    fn shown(&self, texts: &[String], place: &str, call: &str) -> Vec<Fault> {
        let shows = |value: &str| texts.iter().any(|text| text.contains(value));
        let there = self.0.iter().filter(|(_, value)| shows(value));
        there.map(|(what, _)| leak(what, place, call)).collect()
    }

    fn of_outcome(&self, ended: &Ended, call: &str) -> Vec<Fault> {
        let mut faults = self.shown(std::slice::from_ref(&ended.detail), "aldis_outcome.detail", call);
        faults.extend(self.shown(std::slice::from_ref(&ended.code), "aldis_outcome.code", call));
        faults
    }
}

const LOG: &str = "a log line or a metric";

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example, workout) = trained(ground)?;
    let manner = subject.guarded(Lengths::default());
    let secrets = Private::secrets(&example);
    drop(subject.desk.take_log());
    let made = example.made(ground, &subject, &manner)?;
    let mut faults = secrets.shown(&subject.desk.take_log(), LOG, "instance_create");
    if subject.http.is_some() {
        faults.extend(attempts(ground, &made, &manner, &example, &secrets));
    }
    for (what, callback) in &workout.callbacks {
        ground.report.doing(what);
        let _ = made.handle(&manner, callback);
        faults.extend(secrets.shown(&subject.desk.take_log(), LOG, "handle"));
    }
    for talk in &workout.talks {
        ground.report.doing(&talk.name);
        faults.extend(session(&made, &manner, &talk.steps, &secrets));
    }
    ground.report.doing("instance_destroy");
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    faults.extend(secrets.shown(&subject.desk.take_log(), LOG, "instance_destroy"));
    faults.sort_by(|one, other| one.what.cmp(&other.what));
    faults.dedup();
    kept(faults, workout.kinds())
}

fn attempts(
    ground: &Ground,
    made: &Made<'_>,
    manner: &Manner<'_>,
    example: &Example,
    secrets: &Private,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for letter in example.letters() {
        let private = secrets.and(&letter);
        for mut reply in assorted(example) {
            // An API that quotes what it was sent, as many do in their errors.
            reply
                .body
                .extend(format!(" {} {}", letter.to, letter.text).into_bytes());
            ground.report.doing("an attempt whose reply quotes the message");
            let attempt = made.attempt(manner, &letter, &[reply]);
            faults.extend(private.shown(&made.subject.desk.take_log(), LOG, "an attempt"));
            if let Ok(attempt) = attempt {
                faults.extend(private.of_outcome(&attempt.ended, "an attempt"));
            }
        }
    }
    faults
}

/// What a session logs in each call, and how it ends messages.
fn session(made: &Made<'_>, manner: &Manner<'_>, steps: &[Step], secrets: &Private) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut hear = |private: &Private, call: &str| {
        faults.extend(private.shown(&made.subject.desk.take_log(), LOG, call));
    };
    let opened = Connected::open(made, manner, true);
    hear(secrets, "open");
    let Ok(mut session) = opened else { return faults };
    let mut private = Private(secrets.0.clone());
    for step in steps {
        let call = match step {
            Step::Hear(_) => "on_bytes",
            Step::Submit(_, letter) => {
                private = private.and(letter);
                "submit"
            }
            Step::Wake => "on_timer",
            Step::Leave => "drain",
        };
        let _ = step.take(&mut session, manner);
        hear(&private, call);
    }
    let acts = session.destroy(manner).unwrap_or_default();
    hear(&private, "destroy");
    for act in acts {
        match act {
            Act::Complete(_, ended) => faults.extend(private.of_outcome(&ended, "complete")),
            Act::Close(ended) => faults.extend(private.of_outcome(&ended, "close")),
            _ => {}
        }
    }
    faults
}

fn leak(what: &str, place: &str, call: &str) -> Fault {
    Fault::new(
        format!("{what} shows in {place}: {call}"),
        "numbers, texts and secrets go into requests and nowhere else; give the carrier's own code instead of its words",
    )
}
