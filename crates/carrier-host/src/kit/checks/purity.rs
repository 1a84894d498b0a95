//! What a library does to its process: nothing.

use super::talk::greetings;
use super::{Checked, End, Ground, Subject, Workout, kept, stopped, trained};
use crate::kit::letter::Lengths;
use crate::kit::process::{Picture, mind_pipes, printed};
use crate::kit::report::Fault;
use crate::kit::restrict::{Step, restrict};

pub(super) fn process(ground: &Ground) -> Checked {
    mind_pipes();
    let greetings = greetings(ground)?;
    ground.shut();
    let before = Picture::take(ground.oneself());
    let subject = Subject::load(ground)?;
    let mut faults = differences(ground, &before, "when it was loaded");
    let example = super::example(ground, &subject)?;
    let workout = Workout::of(&subject, &example, &greetings);
    let manner = subject.guarded(Lengths::default());
    let before = Picture::take(ground.oneself());
    let made = example.made(ground, &subject, &manner)?;
    faults.extend(differences(ground, &before, "in instance_create"));
    let before = Picture::take(ground.oneself());
    let said = workout.once(ground, &made, &manner);
    faults.extend(differences(ground, &before, calls(&subject)));
    // What it did to its process may be why.
    if let Err(broken) = said {
        faults.extend(broken);
        return Err(stopped(faults));
    }
    let before = Picture::take(ground.oneself());
    ground.report.doing("instance_destroy");
    faults.extend(made.destroy(&manner).err().unwrap_or_default());
    faults.extend(differences(ground, &before, "in instance_destroy"));
    kept(faults, workout.kinds())
}

/// The calls of a style, in words.
fn calls(subject: &Subject) -> &'static str {
    match (subject.http.is_some(), subject.webhook.is_some()) {
        (true, false) => "in submit or on_response",
        (true, true) => "in submit, on_response or handle",
        (false, _) => "in a session",
    }
}

fn differences(ground: &Ground, before: &Picture, when: &str) -> Vec<Fault> {
    let changes = before.changes(&Picture::take(ground.oneself()));
    changes
        .into_iter()
        .map(|(what, mend)| Fault::new(format!("it {what}: {when}"), mend))
        .collect()
}

pub(super) fn quiet(ground: &Ground) -> Checked {
    let before = printed();
    let (subject, example, workout) = trained(ground)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    let said = workout.once(ground, &made, &manner);
    let ended = made.destroy(&manner);
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
    faults.extend(said.err().unwrap_or_default());
    faults.extend(ended.err().unwrap_or_default());
    kept(faults, workout.kinds())
}

pub(super) fn system_calls(ground: &Ground) -> Checked {
    let greetings = greetings(ground)?;
    ground.shut();
    if !restrict(Step::Loading) {
        return Err(End::Skipped(
            "this kernel lets no process give up its own system calls (seccomp)".to_owned(),
        ));
    }
    let subject = Subject::map(ground)?;
    let example = super::example(ground, &subject)?;
    let workout = Workout::of(&subject, &example, &greetings);
    let manner = subject.guarded(Lengths::default());
    // What the C library does only the first time is not the carrier's doing.
    restrict(Step::First);
    subject.start(ground);
    let made = example.made(ground, &subject, &manner)?;
    workout.once(ground, &made, &manner).map_err(stopped)?;
    restrict(Step::Pure);
    workout.once(ground, &made, &manner).map_err(stopped)?;
    ground.report.doing("instance_destroy");
    made.destroy(&manner).map_err(stopped)?;
    let again = example.made(ground, &subject, &manner)?;
    ground.report.doing("instance_destroy");
    again.destroy(&manner).map_err(stopped)?;
    Ok(format!(
        "seccomp traps everything but memory: {}",
        workout.kinds()
    ))
}
