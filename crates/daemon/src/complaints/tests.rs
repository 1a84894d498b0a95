//! However many call, a few lines a minute, and none forgotten.

use super::*;
use proptest::prelude::*;

const NOON: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

fn after(seconds: u64) -> UnixMillis {
    NOON.plus(Duration::from_secs(seconds))
}

#[test]
fn the_first_are_said_and_the_next_are_counted() {
    let complaints = Complaints::new(2);
    assert_eq!(complaints.say("a", NOON), Some(0));
    assert_eq!(complaints.say("a", after(1)), Some(0));
    for second in [1, 2, 59] {
        assert_eq!(complaints.say("a", after(second)), None);
    }
    assert_eq!(complaints.say("b", after(2)), Some(0), "another kind");
    assert_eq!(complaints.say("a", after(60)), Some(3));
    assert_eq!(complaints.say("a", after(61)), Some(0));
    assert_eq!(complaints.say("a", after(62)), None);
}

#[test]
fn what_was_kept_back_is_summed_up_once() {
    let complaints = Complaints::new(1);
    for second in 0..10 {
        complaints.say("a", after(second));
        complaints.say("b", NOON.plus(Duration::from_hours(second)));
    }
    assert!(complaints.overdue(after(59)).is_empty());
    assert_eq!(complaints.overdue(after(60)), [("a", 9)]);
    assert!(complaints.overdue(after(61)).is_empty());
    assert_eq!(complaints.say("a", after(61)), Some(0));
}

#[test]
fn a_clock_set_back_silences_nobody() {
    let mut restraint = Restraint::default();
    restraint.say(1, after(86_400));
    assert_eq!(restraint.say(1, NOON), Some(0));
    assert_eq!(restraint.say(1, after(1)), None);
}

proptest! {
    #[test]
    fn a_few_a_minute_and_none_forgotten(
        waits in proptest::collection::vec(0_u64..100_000, 1..200),
        at_once in 1_u32..6,
    ) {
        let (mut restraint, mut now) = (Restraint::default(), NOON);
        let (mut said, mut counted) = (Vec::new(), 0);
        for wait in &waits {
            now = now.plus(Duration::from_millis(*wait));
            if let Some(kept_back) = restraint.say(at_once, now) {
                said.push(now);
                counted += kept_back + 1;
            }
        }
        // Whatever minute one takes, it touches two windows at most.
        let most = 2 * at_once as usize;
        prop_assert!(said.windows(most + 1).all(|some| some[most] >= some[0].plus(WINDOW)));
        prop_assert_eq!(counted + restraint.kept_back, waits.len() as u64);
    }
}
