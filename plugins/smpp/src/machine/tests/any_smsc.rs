//! Whatever an SMSC answers, in whatever order: no more parts are out than the window has, each message ends once, and
//! none is stuck.

use super::super::RESTING;
use super::{PACE, SECOND, Status, answer, bench, bound, frames, hear};
use aldis_carrier::testing::{Connection, TestMessage};
use aldis_carrier::{Act, Class};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A message of so many parts is handed over, if the host may.
    Submit(usize),
    /// The part that has waited `.0`-th longest is answered with this status.
    Answer(prop::sample::Index, u32),
    /// Time passes.
    Second,
    Pace,
    Rest,
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![0, 0, 0, 0, 0x58, 0x14, 0x0b, 0x08, 0x45, 0x0a]);
    prop_oneof![
        (1_usize..5).prop_map(Step::Submit),
        (any::<prop::sample::Index>(), status).prop_map(|(which, status)| Step::Answer(which, status)),
        Just(Step::Second),
        Just(Step::Pace),
        Just(Step::Rest),
    ]
}

/// What the host and the SMSC know of the bind.
#[derive(Default)]
struct World {
    window: u32,
    handed: u64,
    in_flight: BTreeSet<u64>,
    ended: Vec<(u64, Class)>,
    /// The messages that ended without an answer, which may come late.
    unknown: BTreeSet<u64>,
    /// Sequence numbers of submits without an answer.
    unanswered: Vec<u32>,
    closed: bool,
    pace_runs: bool,
    rest_runs: bool,
}

impl World {
    fn note(&mut self, acts: &[Act]) {
        let submits = frames(acts).into_iter().filter(|frame| frame.id == 0x04);
        self.unanswered.extend(submits.map(|frame| frame.sequence));
        for act in acts {
            match act {
                Act::Ready { window, .. } => self.window = *window,
                Act::Complete(token, outcome) if self.in_flight.remove(token) => {
                    self.ended.push((*token, outcome.class));
                    if outcome.class == Class::Ambiguous {
                        self.unknown.insert(*token);
                    }
                }
                Act::Complete(token, outcome) => {
                    let is_answer = outcome.class != Class::Ambiguous;
                    assert!(is_answer && self.unknown.remove(token), "{token} ends twice");
                }
                Act::Close(_) => self.closed = true,
                Act::Timer(RESTING, after) => self.rest_runs = after.is_some(),
                Act::Timer(PACE, after) => self.pace_runs = after.is_some(),
                _ => {}
            }
        }
    }

    fn submit(&mut self, connection: &mut Connection<'_, crate::Smpp>, parts: usize) {
        if self.in_flight.len() < self.window as usize {
            self.handed += 1;
            self.in_flight.insert(self.handed);
            let message = TestMessage::new("+12025550100", &"a".repeat(153 * parts));
            let acts = connection.submit(self.handed, &message).expect("submitted");
            self.note(&acts);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_is_lost_doubled_or_stuck(
        window in 1_u32..6,
        pace in prop::option::of(1.0_f64..50.0),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let bench = bench(&json!({"window": window, "max_per_second": pace, "answer_seconds": 3}));
        let mut connection = bound(&bench);
        let mut world = World { window, ..World::default() };
        for step in steps {
            match step {
                Step::Submit(parts) => world.submit(&mut connection, parts),
                Step::Answer(which, status) if !world.unanswered.is_empty() => {
                    let place = which.index(world.unanswered.len());
                    let sequence = world.unanswered.remove(place);
                    let acts = hear(&mut connection, Status(status), sequence, answer("x"));
                    world.note(&acts);
                }
                Step::Second => {
                    let acts = connection.on_timer(SECOND).expect("heard");
                    world.note(&acts);
                }
                Step::Pace if std::mem::take(&mut world.pace_runs) => {
                    let acts = connection.on_timer(PACE).expect("heard");
                    world.note(&acts);
                }
                Step::Rest if std::mem::take(&mut world.rest_runs) => {
                    let acts = connection.on_timer(RESTING).expect("heard");
                    world.note(&acts);
                }
                Step::Answer(..) | Step::Pace | Step::Rest => {}
            }
            // Parts that the plugin gave up have no place any more, and their answers may yet come.
            prop_assert!(world.in_flight.is_empty() || !world.closed);
        }
        // From here on it is as good as can be; a timer runs out when its time has come.
        for _ in 0..120 {
            while let Some(sequence) = world.unanswered.pop() {
                let acts = hear(&mut connection, Status(0), sequence, answer("x"));
                world.note(&acts);
            }
            if std::mem::take(&mut world.rest_runs) {
                let acts = connection.on_timer(RESTING).expect("heard");
                world.note(&acts);
            }
            if std::mem::take(&mut world.pace_runs) {
                let acts = connection.on_timer(PACE).expect("heard");
                world.note(&acts);
            }
            let acts = connection.on_timer(SECOND).expect("heard");
            world.note(&acts);
        }
        prop_assert_eq!(&world.in_flight, &BTreeSet::new());
        prop_assert_eq!(world.ended.len() as u64, world.handed);
        prop_assert_eq!(world.window, window, "all places are free again");
    }

    #[test]
    fn the_window_is_never_overrun(window in 1_u32..6, parts in proptest::collection::vec(1_usize..6, 1..20)) {
        let bench = bench(&json!({"window": window}));
        let mut connection = bound(&bench);
        let mut world = World { window, ..World::default() };
        let mut waiting = parts.into_iter();
        let mut next = waiting.next();
        loop {
            while let Some(parts) = next.filter(|_| world.in_flight.len() < world.window as usize) {
                world.submit(&mut connection, parts);
                prop_assert!(world.unanswered.len() <= window as usize, "{} parts are out", world.unanswered.len());
                next = waiting.next();
            }
            if world.unanswered.is_empty() {
                break;
            }
            let sequence = world.unanswered.remove(0);
            let acts = hear(&mut connection, Status(0), sequence, answer("x"));
            world.note(&acts);
            prop_assert!(world.unanswered.len() <= window as usize, "{} parts are out", world.unanswered.len());
        }
        prop_assert!(next.is_none() && world.in_flight.is_empty());
        prop_assert!(world.ended.iter().all(|(_, class)| *class == Class::Accepted));
    }
}
