//! The outcome table's actions, and whole lives of messages against carriers that answer anything.

use super::*;
use crate::routing::Pause;
use proptest::prelude::*;

fn carrier(index: usize) -> CarrierName {
    CarrierName::parse(&format!("c{index}")).unwrap()
}

fn open(carriers: usize) -> Vec<Candidate> {
    (0..carriers)
        .map(|index| Candidate {
            carrier: carrier(index),
            pause: None,
        })
        .collect()
}

const LONG: Duration = Duration::from_mins(2);

/// The step after the first carrier of `carriers` answered `class`, with time enough.
fn after(class: OutcomeClass, carriers: usize, mode: AcceptMode, policy: Policy) -> NextStep {
    let mut progress = Progress::default();
    progress.ended(carrier(0), class);
    let budget_left = (mode == AcceptMode::Carrier).then_some(Duration::from_secs(10));
    let facts = Facts {
        progress: &progress,
        candidates: &open(carriers),
        policy,
        mode,
        deadline_left: LONG,
        budget_left,
        fenced: false,
        jitter: Jitter::new(u32::MAX / 2),
    };
    next_step(
        Event::Ended {
            class,
            retry_after: None,
        },
        &facts,
    )
}

fn failed(reason: Reason) -> NextStep {
    NextStep::End {
        status: DeliveryStatus::Failed,
        reason,
        retry_after: None,
    }
}

const UNKNOWN: NextStep = NextStep::End {
    status: DeliveryStatus::Unknown,
    reason: Reason::OutcomeUnknown,
    retry_after: None,
};

#[test]
fn each_class_has_its_action() {
    let onward = || NextStep::Send(carrier(1));
    for (class, expected) in [
        (OutcomeClass::Accepted, NextStep::Submitted),
        (OutcomeClass::Temporary, onward()),
        (OutcomeClass::RateLimited, onward()),
        (OutcomeClass::InvalidNumber, failed(Reason::InvalidNumber)),
        (OutcomeClass::OptedOut, failed(Reason::OptedOut)),
        (OutcomeClass::SenderNotAllowed, onward()),
        (OutcomeClass::Blocked, failed(Reason::Blocked)),
        (OutcomeClass::TooLong, failed(Reason::TooLong)),
        (OutcomeClass::BadRequest, onward()),
        (OutcomeClass::Unauthorized, onward()),
        (OutcomeClass::NoFunds, onward()),
        (OutcomeClass::Ambiguous, UNKNOWN),
        (OutcomeClass::Unsupported, onward()),
        (
            OutcomeClass::Expired,
            NextStep::End {
                status: DeliveryStatus::Expired,
                reason: Reason::DeadlineExceeded,
                retry_after: None,
            },
        ),
        (OutcomeClass::PluginFault, onward()),
    ] {
        for mode in [AcceptMode::Carrier, AcceptMode::Stored] {
            assert_eq!(
                after(class, 2, mode, Policy::default()),
                expected,
                "{class:?} {mode:?}"
            );
        }
    }
}

#[test]
fn a_route_may_let_a_filter_or_a_lost_answer_go_elsewhere() {
    let policy = Policy {
        on_blocked: Onward::NextCarrier,
        lost_answer: Onward::NextCarrier,
    };
    for class in [OutcomeClass::Blocked, OutcomeClass::Ambiguous] {
        assert_eq!(
            after(class, 2, AcceptMode::Carrier, policy),
            NextStep::Send(carrier(1)),
            "{class:?}"
        );
    }
    assert_eq!(
        after(OutcomeClass::Blocked, 1, AcceptMode::Carrier, policy),
        failed(Reason::Blocked)
    );
    assert_eq!(
        after(OutcomeClass::Ambiguous, 1, AcceptMode::Carrier, policy),
        UNKNOWN
    );
}

#[test]
fn the_only_carrier_gets_one_quick_retry() {
    let step = after(OutcomeClass::Temporary, 1, AcceptMode::Stored, Policy::default());
    let NextStep::Hold { wait, repeat } = step else {
        panic!("{step:?}")
    };
    assert!((QUICK.0..=QUICK.1).contains(&wait));
    assert_eq!(repeat, Some(carrier(0)));
}

#[test]
fn refusals_of_the_only_carrier_have_their_word() {
    for (class, reason) in [
        (OutcomeClass::SenderNotAllowed, Reason::SenderNotAllowed),
        (OutcomeClass::BadRequest, Reason::CarrierRejected),
        (OutcomeClass::Unsupported, Reason::CarrierRejected),
        (OutcomeClass::Unauthorized, Reason::CarrierUnauthorized),
        (OutcomeClass::NoFunds, Reason::CarrierNoFunds),
    ] {
        assert_eq!(
            after(class, 1, AcceptMode::Carrier, Policy::default()),
            failed(reason),
            "{class:?}"
        );
    }
}

/// One life: what the world does, in order.
#[derive(Clone, Debug)]
struct World {
    mode: AcceptMode,
    policy: Policy,
    carriers: usize,
    deadline: Duration,
    budget: Duration,
    fenced_at: Duration,
    /// Class, the carrier's advice in milliseconds, and how long the attempt took.
    answers: Vec<(OutcomeClass, Option<u64>, u64)>,
    jitters: Vec<u32>,
}

fn onward() -> impl Strategy<Value = Onward> {
    prop_oneof![Just(Onward::Stop), Just(Onward::NextCarrier)]
}

fn world() -> impl Strategy<Value = World> {
    let class = prop_oneof![
        3 => Just(OutcomeClass::Temporary),
        2 => Just(OutcomeClass::RateLimited),
        1 => Just(OutcomeClass::Ambiguous),
        2 => proptest::sample::select(OutcomeClass::ALL),
    ];
    let answer = (class, proptest::option::of(0..5_000_u64), 0..4_000_u64);
    (
        prop_oneof![Just(AcceptMode::Carrier), Just(AcceptMode::Stored)],
        (onward(), onward()),
        1..4_usize,
        (0..600_000_u64, 0..20_000_u64, 0..60_000_u64),
        proptest::collection::vec(answer, 1..40),
        proptest::collection::vec(any::<u32>(), 1..8),
    )
        .prop_map(
            |(mode, (on_blocked, lost_answer), carriers, (deadline, budget, fenced), answers, jitters)| {
                World {
                    mode,
                    policy: Policy {
                        on_blocked,
                        lost_answer,
                    },
                    carriers,
                    deadline: Duration::from_millis(deadline),
                    budget: Duration::from_millis(budget),
                    fenced_at: Duration::from_millis(fenced),
                    answers,
                    jitters,
                }
            },
        )
}

/// What happened in a life: when each attempt began, through whom, and with what outcome.
struct Life {
    sent: Vec<(Duration, CarrierName, OutcomeClass)>,
    end: NextStep,
}

/// As the carriers' lanes pause.
fn pause_after(
    class: OutcomeClass,
    advice: Option<Duration>,
    now: Duration,
) -> Option<(Duration, PauseCause)> {
    match class {
        OutcomeClass::RateLimited => Some((now + advice.unwrap_or(DEFAULT_PAUSE), PauseCause::Throttled)),
        OutcomeClass::Unauthorized => Some((now + BROKEN_PAUSE, PauseCause::Unauthorized)),
        OutcomeClass::NoFunds => Some((now + BROKEN_PAUSE, PauseCause::NoFunds)),
        _ => None,
    }
}

/// Lives a message in its world, the way `deliver` and the scheduler drive the decision.
fn live(world: &World) -> Life {
    let mut now = Duration::ZERO;
    let mut progress = Progress::default();
    let mut pauses: Vec<Option<(Duration, PauseCause)>> = vec![None; world.carriers];
    let mut sent = Vec::new();
    let mut event = Event::Due;
    for turn in 0.. {
        assert!(turn < 20_000, "a life that never ends: {world:?}");
        let candidates: Vec<_> = (0..world.carriers)
            .map(|index| Candidate {
                carrier: carrier(index),
                pause: pauses[index]
                    .filter(|(until, _)| *until > now)
                    .map(|(until, cause)| Pause {
                        left: until.saturating_sub(now),
                        cause,
                    }),
            })
            .collect();
        let asked = world.mode == AcceptMode::Carrier;
        let facts = Facts {
            progress: &progress,
            candidates: &candidates,
            policy: world.policy,
            mode: world.mode,
            deadline_left: world.deadline.saturating_sub(now),
            budget_left: asked.then(|| world.budget.saturating_sub(now)),
            fenced: asked && now >= world.fenced_at,
            jitter: Jitter::new(world.jitters[turn % world.jitters.len()]),
        };
        let step = next_step(event, &facts);
        match &step {
            NextStep::Send(carrier) => {
                let (class, advice, took) = world.answers[sent.len() % world.answers.len()];
                sent.push((now, carrier.clone(), class));
                now += Duration::from_millis(took);
                let index = candidates
                    .iter()
                    .position(|candidate| candidate.carrier == *carrier)
                    .unwrap();
                let advice = advice.map(Duration::from_millis);
                pauses[index] = pause_after(class, advice, now).or(pauses[index]);
                progress.ended(carrier.clone(), class);
                event = Event::Ended {
                    class,
                    retry_after: advice,
                };
                continue;
            }
            NextStep::Hold { wait, repeat } => {
                now += *wait;
                progress.hold(*wait, repeat.clone());
            }
            NextStep::Leave { wait } => {
                assert_eq!(
                    world.mode,
                    AcceptMode::Stored,
                    "a waiting caller is not left to the store"
                );
                now += *wait;
                progress = Progress::resumed(progress.past().to_vec(), Some(*wait));
            }
            NextStep::Submitted | NextStep::End { .. } => return Life { sent, end: step },
        }
        event = Event::Due;
    }
    unreachable!("the loop returns")
}

proptest! {
    #[test]
    fn every_life_ends_and_keeps_the_promises(world in world()) {
        let life = live(&world);
        let asked = world.mode == AcceptMode::Carrier;
        for (at, _, _) in &life.sent {
            prop_assert!(*at + LEAST_VALIDITY <= world.deadline, "sent late");
            prop_assert!(!asked || *at < world.fenced_at, "sent after the answer");
            prop_assert!(!asked || *at + LEAST_ATTEMPT <= world.budget, "begun without time to finish");
        }
        let of = |class| life.sent.iter().filter(|(_, _, answer)| *answer == class).count();
        let charged = life.sent.len() - of(OutcomeClass::RateLimited);
        prop_assert!(!asked || charged <= MOST_WHILE_ASKED, "{charged} attempts while a caller waited");

        let lost = of(OutcomeClass::Ambiguous);
        let most = if world.policy.lost_answer == Onward::Stop { 1 } else { 2 };
        prop_assert!(lost <= most, "{lost} copies may be out");
        let submitted = life.end == NextStep::Submitted;
        if let NextStep::End { status, .. } = &life.end {
            prop_assert_eq!(*status == DeliveryStatus::Unknown, lost > 0, "an end says what is known");
        }

        for (index, (_, carrier, class)) in life.sent.iter().enumerate() {
            let last = index + 1 == life.sent.len();
            match class {
                OutcomeClass::Accepted => prop_assert!(last && submitted, "sent after a yes"),
                OutcomeClass::InvalidNumber
                | OutcomeClass::OptedOut
                | OutcomeClass::TooLong
                | OutcomeClass::Expired => prop_assert!(last, "{class:?} was tried elsewhere"),
                OutcomeClass::Blocked => {
                    prop_assert!(last || world.policy.on_blocked == Onward::NextCarrier);
                }
                OutcomeClass::Ambiguous => {
                    prop_assert!(last || world.policy.lost_answer == Onward::NextCarrier);
                    let again = life.sent[index + 1..].iter().any(|(_, later, _)| later == carrier);
                    prop_assert!(!again, "the carrier that may have it was asked again");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_backoff_stays_in_its_span(random in any::<u32>(), before in 0..400_000_u64) {
        let progress = Progress::resumed(Vec::new(), Some(Duration::from_millis(before)));
        let facts = Facts {
            progress: &progress,
            candidates: &[],
            policy: Policy::default(),
            mode: AcceptMode::Stored,
            deadline_left: LONG,
            budget_left: None,
            fenced: false,
            jitter: Jitter::new(random),
        };
        let wait = backoff(&facts);
        prop_assert!((BASE..=CAP_STORED).contains(&wait));
        prop_assert!(wait <= BASE.max(Duration::from_millis(before * 3)));
    }
}
