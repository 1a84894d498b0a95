//! The workers that compute too much, and those that do not.

use super::{Duration, END, Instant, Spent, Thrift, WARN};
use proptest::prelude::*;

const LOOK: Duration = Duration::from_millis(250);

/// Looks for a minute at a worker that uses `cpu` of each look, `calls` of which calls are under way.
fn seen(cpu: Duration, calls: Duration) -> Vec<(Duration, Spent)> {
    let (mut thrift, mut now, mut used) = (Thrift::default(), Instant::now(), Duration::ZERO);
    let began = now;
    let mut all = Vec::new();
    while now - began < Duration::from_mins(1) {
        thrift.calls(!calls.is_zero(), now);
        thrift.calls(false, now + calls);
        now += LOOK;
        used += cpu;
        let Some(spent) = thrift.look(used, now) else {
            continue;
        };
        let end = matches!(spent, Spent::End(_));
        all.push((now - began, spent));
        if end {
            break;
        }
    }
    all
}

#[test]
fn who_computes_unasked_is_warned_and_then_ended() {
    for threads in [1, 2, 8] {
        let all = seen(LOOK * threads, Duration::ZERO);
        let [(warned, Spent::Warn(at)), (ended, Spent::End(beyond))] = all.as_slice() else {
            panic!("{threads}: {all:?}");
        };
        assert!(*at >= WARN && *beyond >= END, "{threads}: {all:?}");
        assert!(
            warned < ended && *ended < Duration::from_secs(15),
            "{threads}: {all:?}"
        );
    }
}

#[test]
fn a_crowd_of_busy_threads_is_ended_at_once() {
    let all = seen(LOOK * 64, Duration::ZERO);
    assert!(
        matches!(all.as_slice(), [(at, Spent::End(_))] if *at <= LOOK * 2),
        "{all:?}"
    );
}

#[test]
fn who_works_for_its_calls_is_let_be() {
    // All the time for calls, with a collector beside it; timers of its own, and little else.
    for (cpu, calls) in [(LOOK * 2, LOOK), (LOOK / 5, Duration::ZERO), (LOOK / 2, LOOK / 4)] {
        assert_eq!(seen(cpu, calls), []);
    }
}

#[test]
fn a_call_under_way_counts_before_it_ends() {
    let (mut thrift, now) = (Thrift::default(), Instant::now());
    thrift.look(Duration::ZERO, now);
    thrift.calls(true, now);
    for look in 1..100 {
        assert_eq!(thrift.look(LOOK * look * 2, now + LOOK * look), None);
    }
}

proptest! {
    #[test]
    fn nobody_is_ended_for_what_is_explained(looks in prop::collection::vec((0..250_u64, 0..=100_u64), 1..500)) {
        let (mut thrift, mut now, mut used) = (Thrift::default(), Instant::now(), Duration::ZERO);
        thrift.look(used, now);
        for (calls, percent) in looks {
            let calls = Duration::from_millis(calls);
            thrift.calls(true, now);
            thrift.calls(false, now + calls);
            now += LOOK;
            used += (calls * 2 + LOOK / 4) * u32::try_from(percent).expect("small") / 100;
            prop_assert_eq!(thrift.look(used, now), None);
        }
    }
}
