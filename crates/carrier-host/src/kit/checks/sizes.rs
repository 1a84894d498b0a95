//! Structs of other lengths, and memory that is lent.

use super::{End, Example, Ground, Subject, assorted, first, kept, lengths, needs_http, ready, workout};
use crate::kit::Checked;
use crate::kit::lending::Length;
use crate::kit::letter::{Lengths, Letter};
use crate::kit::report::Fault;
use crate::kit::subject::Attempt;
use aldis_carrier::abi::{Host, HttpResp, InstanceCfg, Msg, Op, Pair, WebhookReq};

/// Bytes that a newer host's structs have more.
const MORE: usize = 64;

pub(super) fn older(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    for size in (8..size_of::<Host>()).step_by(8) {
        ground.report.doing(&format!(
            "instance_create for a host whose table has {size} bytes"
        ));
        let manner = subject.guarded(lengths(|all, cut| all.host = cut, Length::Cut(size)));
        if let Ok(made) = subject.create(&manner, &example.configuration, 1) {
            made.destroy(&manner);
        }
    }
    for size in (8..size_of::<InstanceCfg>()).step_by(8) {
        ground
            .report
            .doing(&format!("instance_create of a host whose cfg has {size} bytes"));
        let manner = subject.guarded(lengths(|all, cut| all.cfg = cut, Length::Cut(size)));
        if let Ok(made) = subject.create(&manner, &example.configuration, 1) {
            made.destroy(&manner);
        }
    }
    if subject.http.is_some() {
        older_calls(ground, &subject, &example)?;
    }
    Ok("structs cut after every field".to_owned())
}

fn older_calls(ground: &Ground, subject: &Subject, example: &Example) -> Result<(), End> {
    let own = subject.guarded(Lengths::default());
    let made = example.made(ground, subject, &own)?;
    let letter = &example.letters()[0];
    for size in (8..size_of::<Msg>()).step_by(8) {
        ground
            .report
            .doing(&format!("submit of a host whose msg has {size} bytes"));
        made.submit(
            &subject.guarded(lengths(|all, cut| all.msg = cut, Length::Cut(size))),
            letter,
        );
    }
    for reply in assorted(example) {
        let body = reply.body.len();
        for size in (8..size_of::<HttpResp>()).step_by(8) {
            ground.report.doing(&format!(
                "on_response of a host whose resp has {size} bytes (a body of {body})"
            ));
            let manner = subject.guarded(lengths(|all, cut| all.resp = cut, Length::Cut(size)));
            made.on_response(&manner, letter, &reply, (1, b""));
        }
    }
    for size in (8..size_of::<Pair>()).step_by(8) {
        ground
            .report
            .doing(&format!("an attempt with a host whose pairs have {size} bytes"));
        let manner = subject.guarded(lengths(|all, cut| all.pair = cut, Length::Cut(size)));
        let _ = made.attempt(&manner, &example.letters()[2], &assorted(example));
    }
    for case in &example.fixtures.callbacks {
        for size in (8..size_of::<WebhookReq>()).step_by(8) {
            ground
                .report
                .doing(&format!("handle of a host whose req has {size} bytes"));
            made.handle(
                &subject.guarded(lengths(|all, cut| all.callback = cut, Length::Cut(size))),
                &case.callback,
            );
        }
    }
    ground.report.doing("instance_destroy");
    made.destroy(&own);
    Ok(())
}

/// Which struct is longer, in words.
type Change = (&'static str, fn(&mut Lengths, Length));

const CHANGES: [Change; 7] = [
    ("host table", |all, longer| all.host = longer),
    ("cfg", |all, longer| all.cfg = longer),
    ("msg", |all, longer| all.msg = longer),
    ("resp", |all, longer| all.resp = longer),
    ("req", |all, longer| all.callback = longer),
    ("sink", |all, longer| all.sink = longer),
    ("pairs in lists", |all, longer| all.pair = longer),
];

pub(super) fn newer(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    needs_http(&subject)?;
    let own = attempts(ground, &subject, &example, Lengths::default(), "its own")?;
    let mut faults = Vec::new();
    for (what, change) in CHANGES {
        let longer = attempts(
            ground,
            &subject,
            &example,
            lengths(change, Length::Longer(MORE)),
            what,
        )?;
        if own != longer {
            let mend = if what.starts_with("pairs") {
                "step through a list by its stride, never by your own sizeof"
            } else {
                "copy min(struct_size, your sizeof) bytes: aldis_copy(&mine, sizeof mine, theirs)"
            };
            faults.push(Fault::new(
                format!("it answers otherwise when the {what} of a newer host is {MORE} bytes longer"),
                mend,
            ));
        }
    }
    let _ = size_of::<Op>();
    kept(faults, format!("{MORE} bytes more in each struct"))
}

fn attempts(
    ground: &Ground,
    subject: &Subject,
    example: &Example,
    lengths: Lengths,
    what: &str,
) -> Result<Vec<Attempt>, End> {
    let manner = subject.guarded(lengths);
    ground
        .report
        .doing(&format!("instance_create, the host's {what} longer"));
    let made = example.made(ground, subject, &manner).map_err(|end| match end {
        End::Untried(reason) if what != "its own" => End::broken(
            format!("it makes no instance when the {what} of a newer host is {MORE} bytes longer: {reason}"),
            "copy min(struct_size, your sizeof) bytes, and step through lists by their stride",
        ),
        other => other,
    })?;
    let letters: Vec<Letter> = example.letters();
    let mut attempts = Vec::new();
    for letter in &letters {
        for reply in assorted(example) {
            ground
                .report
                .doing(&format!("an attempt, the host's {what} longer"));
            attempts.push(
                made.attempt(&manner, letter, &[reply])
                    .map_err(|faults| first(faults, &format!("the host's {what} {MORE} bytes longer")))?,
            );
        }
    }
    made.destroy(&manner);
    Ok(attempts)
}

/// Two rounds: what the first one kept, the second one may use.
pub(super) fn lent(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    if subject.http.is_some() {
        for _ in 0..2 {
            workout(ground, &made, &manner, &example)
                .map_err(|faults| first(faults, "a round of attempts"))?;
        }
    }
    ground.report.doing("instance_create, a second one");
    let second = example.made(ground, &subject, &manner)?;
    if subject.http.is_some() {
        workout(ground, &second, &manner, &example).map_err(|faults| first(faults, "a round of attempts"))?;
    }
    ground.report.doing("instance_destroy");
    second.destroy(&manner);
    made.destroy(&manner);
    if manner.late_words() > 0 {
        return Err(End::broken(
            format!(
                "it spoke into a sink {} times after the call that lent it had returned",
                manner.late_words()
            ),
            "a sink is dead once its call returns: never keep one",
        ));
    }
    Ok("every buffer unmapped after its call".to_owned())
}
