//! Structs of other lengths, and memory that is lent.

use super::talk::{Greeting, greetings};
use super::workout::difference;
use super::{End, Ground, Workout, kept, lengths, ready, stopped, trained};
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
    let greetings = greetings(ground)?;
    let shortened = || -> Result<_, End> {
        let (subject, example) = ready(ground)?;
        let mut workout = Workout::of(&subject, &example, &greetings);
        workout.shorten();
        Ok((subject, example, workout))
    };
    for (index, call) in SINKS {
        let (what, change) = CHANGES[index];
        let mut lengths = lengths(change, Length::Cut(SHORTEST));
        lengths.only = Some(call);
        beyond(ground, call, |pipe| {
            let (subject, example, workout) = shortened()?;
            let made = example.made(ground, &subject, &subject.guarded(Lengths::default()))?;
            let manner = subject.guarded(lengths);
            ground.report.with(&cut(what, SHORTEST));
            pipe.expect_crashes(&subject.watch);
            workout.each(ground, &made, &manner);
            Ok(())
        })?;
    }
    for (index, whole) in CUT {
        let (what, change) = CHANGES[index];
        // As with the sinks: there is no host that lacks a function of 1.0.
        for size in (SHORTEST..whole).step_by(8).filter(|_| what == HOST_TABLE) {
            beyond(ground, "a call", |pipe| {
                let (subject, example, workout) = shortened()?;
                ground.report.with(&cut(what, size));
                ground.report.doing("instance_create");
                let manner = subject.guarded(lengths(change, Length::Cut(size)));
                if let Ok(made) = subject.create(&manner, &example.configuration, 1) {
                    pipe.expect_crashes(&subject.watch);
                    workout.each(ground, &made, &manner);
                }
                Ok(())
            })?;
        }
    }
    let (subject, example, workout) = shortened()?;
    let own = subject.guarded(Lengths::default());
    let made = example.made(ground, &subject, &own)?;
    ground.report.doing("instance_destroy");
    let _ = made.destroy(&own);
    for (index, whole) in CUT {
        let (what, change) = CHANGES[index];
        for size in (SHORTEST..whole).step_by(8).filter(|_| what != HOST_TABLE) {
            ground.report.with(&cut(what, size));
            ground.report.doing("instance_create");
            let manner = subject.guarded(lengths(change, Length::Cut(size)));
            // What it answers to such a host does not matter: that it reads what is not there does.
            let Ok(made) = subject.create(&manner, &example.configuration, 1) else {
                continue;
            };
            workout.each(ground, &made, &manner);
            let _ = made.destroy(&manner);
        }
    }
    ground.report.with("");
    Ok("structs cut after every field".to_owned())
}

fn cut(what: &str, size: usize) -> String {
    format!("of a host whose {what} has {size} bytes")
}

pub(super) fn newer(ground: &Ground) -> Checked {
    let greetings = greetings(ground)?;
    let own = said(ground, &greetings, Lengths::default())?;
    let mut faults = Vec::new();
    for (what, change) in CHANGES {
        for more in MORE {
            let doing = format!("of a newer host whose {what} is {more} bytes longer");
            ground.report.with(&doing);
            let lengths = lengths(change, Length::Longer(more));
            let found = match said(ground, &greetings, lengths) {
                Ok(longer) => difference(&own, &longer)
                    .map(|about| otherwise(what, more, &about))
                    .into_iter()
                    .collect(),
                Err(End::Broken(broken)) => during(broken, &doing),
                Err(End::Untried(reason) | End::Skipped(reason)) => {
                    during(vec![no_instance(&reason)], &doing)
                }
            };
            if !found.is_empty() {
                faults.extend(found);
                break;
            }
        }
    }
    ground.report.with("");
    if !faults.is_empty() {
        let again = said(ground, &greetings, Lengths::default())?;
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

fn no_instance(reason: &str) -> Fault {
    Fault::new(
        format!("it makes no instance: {reason}"),
        "copy min(struct_size, your sizeof) bytes, and step through lists by their stride",
    )
}

/// What a new instance says, in a copy of the process, where nothing was said before.
fn said(ground: &Ground, greetings: &[Option<Greeting>], lengths: Lengths) -> Result<Vec<String>, End> {
    aside(ground, || {
        let (subject, example) = ready(ground)?;
        let workout = Workout::of(&subject, &example, greetings);
        let manner = subject.guarded(lengths);
        let made = example.made(ground, &subject, &manner)?;
        let said = workout.once(ground, &made, &manner).map_err(stopped)?;
        made.destroy(&manner).map_err(stopped)?;
        Ok(said)
    })
}

/// Two rounds: what the first one kept, the second one may use.
pub(super) fn lent(ground: &Ground) -> Checked {
    let (subject, example, workout) = trained(ground)?;
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
