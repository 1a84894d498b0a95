//! Structs of other lengths, and memory that is lent.

use super::workout::difference;
use super::{End, Example, Ground, Subject, Workout, kept, lengths, ready, stopped};
use crate::kit::Checked;
use crate::kit::aside::{aside, beyond};
use crate::kit::lending::Length;
use crate::kit::letter::Lengths;
use crate::kit::report::Fault;
use aldis_carrier::abi::{Host, HttpResp, InstanceCfg, Msg, Pair, SessInfo, WebhookReq};

/// Bytes that a newer host's structs have more: a few, and so many that a copy into too little room hits something.
const MORE: [usize; 2] = [64, 65536];

/// Which struct is of another length, in words.
type Change = (&'static str, fn(&mut Lengths, Length));

const HOST_TABLE: &str = "host table";

const CHANGES: [Change; 9] = [
    (HOST_TABLE, |all, other| all.host = other),
    ("cfg", |all, other| all.cfg = other),
    ("msg", |all, other| all.msg = other),
    ("resp", |all, other| all.resp = other),
    ("req", |all, other| all.callback = other),
    ("sink", |all, other| all.sink = other),
    ("sess", |all, other| all.sess = other),
    ("info", |all, other| all.info = other),
    ("pairs in lists", |all, other| all.pair = other),
];

/// Structs that hold what may be lacking, and how long they are.
const CUT: [(usize, usize); 7] = [
    (0, size_of::<Host>()),
    (1, size_of::<InstanceCfg>()),
    (2, size_of::<Msg>()),
    (3, size_of::<HttpResp>()),
    (4, size_of::<WebhookReq>()),
    (7, size_of::<SessInfo>()),
    (8, size_of::<Pair>()),
];

/// Sinks, and the calls they are lent for. There is no host that lacks their functions, so what comes of calling what is
/// not there is no fault. To read beyond their end is one.
const SINKS: [(usize, &str); 9] = [
    (5, "submit"),
    (5, "on_response"),
    (5, "handle"),
    (5, "links"),
    (6, "open"),
    (6, "on_bytes"),
    (6, "on_timer"),
    (6, "submit"),
    (6, "drain"),
];

/// The shortest struct there can be: its size and a number.
const SHORTEST: usize = 8;

pub(super) fn older(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let mut workout = Workout::of(ground, &subject, &example).map_err(stopped)?;
    workout.shorten();
    for (index, whole) in CUT {
        let (what, change) = CHANGES[index];
        for size in (SHORTEST..whole).step_by(8) {
            ground
                .report
                .with(&format!("of a host whose {what} has {size} bytes"));
            ground.report.doing("instance_create");
            let manner = subject.guarded(lengths(change, Length::Cut(size)));
            // What it answers to such a host does not matter: that it reads what is not there does.
            let Ok(made) = subject.create(&manner, &example.configuration, 1) else {
                continue;
            };
            let work = || workout.each(ground, &made, &manner);
            if what == HOST_TABLE {
                // As with the sinks: there is no host that lacks a function of 1.0.
                if let Some(fault) = beyond(&subject.watch, "a call", work) {
                    return Err(fault.into());
                }
            } else {
                work();
            }
            let _ = made.destroy(&manner);
        }
    }
    ground.report.with("");
    let own = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &own)?;
    for (index, call) in SINKS {
        let (what, change) = CHANGES[index];
        let mut lengths = lengths(change, Length::Cut(SHORTEST));
        lengths.only = Some(call);
        let manner = subject.guarded(lengths);
        ground
            .report
            .with(&format!("of a host whose {what} has {SHORTEST} bytes"));
        let work = || workout.each(ground, &made, &manner);
        if let Some(fault) = beyond(&subject.watch, call, work) {
            return Err(fault.into());
        }
    }
    ground.report.with("");
    ground.report.doing("instance_destroy");
    let _ = made.destroy(&own);
    Ok("structs cut after every field".to_owned())
}

pub(super) fn newer(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let workout = Workout::of(ground, &subject, &example).map_err(stopped)?;
    let manner = subject.plain();
    example
        .made(ground, &subject, &manner)?
        .destroy(&manner)
        .map_err(stopped)?;
    let own = said(ground, &subject, &example, &workout, Lengths::default()).map_err(stopped)?;
    let mut faults = Vec::new();
    for (what, change) in CHANGES {
        for more in MORE {
            let doing = format!("of a newer host whose {what} is {more} bytes longer");
            ground.report.with(&doing);
            let lengths = lengths(change, Length::Longer(more));
            let found = match said(ground, &subject, &example, &workout, lengths) {
                Ok(longer) => difference(&own, &longer)
                    .map(|about| otherwise(what, more, &about))
                    .into_iter()
                    .collect(),
                Err(broken) => during(broken, &doing),
            };
            if !found.is_empty() {
                faults.extend(found);
                break;
            }
        }
    }
    ground.report.with("");
    if !faults.is_empty() {
        let again = said(ground, &subject, &example, &workout, Lengths::default()).map_err(stopped)?;
        // Who is of another mind each time says nothing about structs; the check `instances` has a word on it.
        if difference(&own, &again).is_some() {
            faults.retain(|fault| !fault.what.starts_with(OTHERWISE));
        }
    }
    kept(
        faults,
        format!("{} or {} bytes more in each struct", MORE[0], MORE[1]),
    )
}

fn during(faults: Vec<Fault>, doing: &str) -> Vec<Fault> {
    let named = faults
        .into_iter()
        .map(|fault| Fault::new(format!("{}, {doing}", fault.what), fault.mend));
    named.collect()
}

const OTHERWISE: &str = "it answers otherwise";

fn otherwise(what: &str, more: usize, about: &str) -> Fault {
    let mend = if what.starts_with("pairs") {
        "step through a list by its stride, never by your own sizeof"
    } else {
        "copy min(struct_size, your sizeof) bytes: aldis_copy(&mine, sizeof mine, theirs)"
    };
    let what = format!("{OTHERWISE} when the {what} of a newer host is {more} bytes longer: {about}");
    Fault::new(what, mend)
}

/// What a new instance says, in a copy of the process, where nothing was said before.
fn said(
    ground: &Ground,
    subject: &Subject,
    example: &Example,
    workout: &Workout,
    lengths: Lengths,
) -> Result<Vec<String>, Vec<Fault>> {
    aside(|| {
        let manner = subject.guarded(lengths);
        let made = example.made(ground, subject, &manner).map_err(|end| match end {
            End::Broken(faults) => faults,
            End::Untried(reason) | End::Skipped(reason) => vec![Fault::new(
                format!("it makes no instance: {reason}"),
                "copy min(struct_size, your sizeof) bytes, and step through lists by their stride",
            )],
        })?;
        let said = workout.once(ground, &made, &manner)?;
        made.destroy(&manner)?;
        Ok(said)
    })
}

/// Two rounds: what the first one kept, the second one may use.
pub(super) fn lent(ground: &Ground) -> Checked {
    let (subject, example) = ready(ground)?;
    let workout = Workout::of(ground, &subject, &example).map_err(stopped)?;
    let manner = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &manner)?;
    workout.once(ground, &made, &manner).map_err(stopped)?;
    ground.report.doing("instance_create, a second one");
    let second = example.made(ground, &subject, &manner)?;
    workout.run(ground, &[&second, &made], &manner).map_err(stopped)?;
    ground.report.doing("instance_destroy");
    second.destroy(&manner).map_err(stopped)?;
    workout.once(ground, &made, &manner).map_err(stopped)?;
    ground.report.doing("instance_destroy");
    made.destroy(&manner).map_err(stopped)?;
    match manner.late() {
        Some(fault) => Err(fault.into()),
        None => Ok(format!(
            "every buffer unmapped after its call: {}",
            workout.kinds()
        )),
    }
}
