//! The author's own examples of what a session makes of what its carrier writes.

use super::fixtures::{event, named, outcome};
use super::talk::{Greeting, Talk, conversation};
use super::{Checked, End, Example, Ground, Subject, kept};
use crate::kit::fixtures::{OutcomePattern, StreamCase};
use crate::kit::letter::Lengths;
use crate::kit::report::Fault;
use crate::kit::wire::Act;
use serde::Deserialize;
use serde_json::Value;

/// One thing that a session is expected to want.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    /// So many messages may be in flight.
    Ready(u32),
    Complete(Completion),
    Event(Value),
    Close(OutcomePattern),
    /// This text.
    Write(String),
    Timer(u32),
}

#[derive(Deserialize)]
struct Completion {
    token: u64,
    #[serde(flatten)]
    outcome: OutcomePattern,
}

pub(super) fn check(
    ground: &Ground,
    subject: &Subject,
    (example, greetings): (&Example, &[Option<Greeting>]),
) -> Checked {
    let cases = &example.fixtures.streams;
    let count = cases.iter().filter(|case| case.expect.is_some()).count();
    if count == 0 {
        return Err(End::Skipped(
            "no stream.<case>.json says what to expect: give one \"expect\": [..]; the guide says what it may hold"
                .to_owned(),
        ));
    }
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, subject, &manner)?;
    let mut faults = Vec::new();
    for (case, greeting) in cases.iter().zip(greetings) {
        let Some(expect) = &case.expect else { continue };
        ground.report.doing(&case.file);
        let talk = Talk {
            name: case.file.clone(),
            steps: conversation(case, *greeting, &example.letters()),
            noise: false,
        };
        match talk.acts(&made, &manner) {
            Ok(acts) => faults.extend(differences(case, expect, &acts)?),
            Err(broken) => faults.extend(named(&case.file, broken)),
        }
    }
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    kept(faults, format!("{count} streams"))
}

/// What a session wants is held against what is expected, in order. Writes and timers count only if some are expected.
fn differences(case: &StreamCase, expect: &[Value], acts: &[Act]) -> Result<Vec<Fault>, End> {
    let expected = expect.iter().map(Expected::deserialize);
    let expected: Vec<Expected> = expected
        .collect::<Result<_, _>>()
        .map_err(|error| End::Untried(format!("{}: expect: {error}", case.file)))?;
    let writes = expected.iter().any(|one| matches!(one, Expected::Write(_)));
    let timers = expected.iter().any(|one| matches!(one, Expected::Timer(_)));
    let acts: Vec<&Act> = acts
        .iter()
        .filter(|act| match act {
            Act::Write(_) => writes,
            Act::Timer(..) => timers,
            // It changes nothing of what the carrier is told.
            Act::Hold(_) => false,
            _ => true,
        })
        .collect();
    let mut faults = Vec::new();
    for (number, expected) in expected.iter().enumerate() {
        let place = format!("{}: expect {}", case.file, number + 1);
        match acts.get(number) {
            Some(act) => faults.extend(differs(&place, expected, act)),
            None => faults.push(wrong(format!("{place}: there is no more that it wants"))),
        }
        if !faults.is_empty() {
            return Ok(faults);
        }
    }
    if let Some(more) = acts.get(expected.len()) {
        let what = word(more);
        faults.push(wrong(format!(
            "{}: it wants more than is expected: {what}",
            case.file
        )));
    }
    Ok(faults)
}

fn differs(place: &str, expected: &Expected, act: &Act) -> Vec<Fault> {
    match (expected, act) {
        (Expected::Ready(window), Act::Ready(got, _)) if window == got => Vec::new(),
        (Expected::Timer(id), Act::Timer(got, _)) if id == got => Vec::new(),
        (Expected::Write(text), Act::Write(got)) if text.as_bytes() == got => Vec::new(),
        (Expected::Complete(wanted), Act::Complete(token, ended)) if wanted.token == *token => {
            outcome(place, &wanted.outcome, ended)
        }
        (Expected::Close(wanted), Act::Close(ended)) => outcome(place, wanted, ended),
        (Expected::Event(wanted), Act::Event { told, .. }) => {
            let differs = event(wanted, told).into_iter();
            differs.map(|what| wrong(format!("{place}: {what}"))).collect()
        }
        (_, act) => vec![wrong(format!("{place}: it is {}", word(act)))],
    }
}

fn wrong(what: String) -> Fault {
    Fault::new(what, "mend the library, or the example if it is wrong")
}

fn word(act: &Act) -> String {
    match act {
        Act::Write(bytes) => format!("the bytes \"{}\"", bytes.escape_ascii()),
        Act::Ready(window, _) => format!("ready for {window}"),
        Act::Complete(token, _) => format!("the end of message {token}"),
        Act::Event { .. } => "an event".to_owned(),
        Act::Timer(id, _) => format!("the timer {id}"),
        Act::Close(_) => "its end".to_owned(),
        Act::Hold(token) => format!("to hold message {token}"),
    }
}
