//! Numbers, texts and secrets: in requests, and nowhere else.

use super::{Checked, Ground, assorted, kept, ready};
use crate::kit::ear::Ended;
use crate::kit::example::Example;
use crate::kit::letter::{Lengths, Letter};
use crate::kit::report::Fault;

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
        let shown = self.0.iter().filter(|(_, value)| shows(value));
        shown.map(|(what, _)| leak(what, place, call)).collect()
    }

    fn of_outcome(&self, ended: &Ended, call: &str) -> Vec<Fault> {
        let mut faults = self.shown(&[ended.detail.clone()], "aldis_outcome.detail", call);
        faults.extend(self.shown(&[ended.code.clone()], "aldis_outcome.code", call));
        faults
    }
}

const LOG: &str = "a log line or a metric";

pub(super) fn check(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let manner = subject.guarded(Lengths::default());
    let secrets = Private::secrets(&example);
    drop(subject.desk.take_log());
    let made = example.made(ground, &subject, &manner)?;
    let mut faults = secrets.shown(&subject.desk.take_log(), LOG, "instance_create");
    if subject.http.is_some() {
        for letter in example.letters() {
            let private = secrets.and(&letter);
            for mut reply in assorted(&example) {
                // An API that quotes what it was sent, as many do in their errors.
                reply
                    .body
                    .extend(format!(" {} {}", letter.to, letter.text).into_bytes());
                ground.report.doing("an attempt whose reply quotes the message");
                let attempt = made.attempt(&manner, &letter, &[reply]);
                faults.extend(private.shown(&subject.desk.take_log(), LOG, "an attempt"));
                if let Ok(attempt) = attempt {
                    faults.extend(private.of_outcome(&attempt.ended, "an attempt"));
                }
            }
        }
    }
    for case in &example.fixtures.callbacks {
        ground.report.doing(&format!("handle with {}", case.file));
        let _ = made.handle(&manner, &case.callback);
        faults.extend(secrets.shown(&subject.desk.take_log(), LOG, "handle"));
    }
    ground.report.doing("instance_destroy");
    made.destroy(&manner);
    faults.extend(secrets.shown(&subject.desk.take_log(), LOG, "instance_destroy"));
    faults.sort_by(|one, other| one.what.cmp(&other.what));
    faults.dedup();
    kept(faults, "")
}

fn leak(what: &str, place: &str, call: &str) -> Fault {
    Fault::new(
        format!("{what} shows in {place}: {call}"),
        "numbers, texts and secrets go into requests and nowhere else; give the carrier's own code instead of its words",
    )
}
