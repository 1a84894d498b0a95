//! However many call, one line a minute.

use super::*;
use proptest::prelude::*;

const NOON: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

fn after(seconds: u64) -> UnixMillis {
    NOON.plus(Duration::from_secs(seconds))
}

#[test]
fn the_first_is_said_and_the_next_are_counted() {
    let mut restraint = Restraint::default();
    assert_eq!(restraint.say(NOON), Some(0));
    for second in [0, 1, 59] {
        assert_eq!(restraint.say(after(second)), None);
    }
    assert_eq!(restraint.say(after(60)), Some(3));
    assert_eq!(restraint.say(after(60)), None);
    assert_eq!(restraint.say(after(3600)), Some(1));
}

#[test]
fn carriers_and_complaints_do_not_silence_each_other() {
    let complaints = Complaints::default();
    let name = |name: &str| CarrierName::parse(name).unwrap();
    for (carrier, complaint) in [
        ("a", Complaint::Refused),
        ("b", Complaint::Refused),
        ("a", Complaint::Empty),
    ] {
        assert_eq!(complaints.say(&name(carrier), complaint, NOON), Some(0));
        assert_eq!(complaints.say(&name(carrier), complaint, NOON), None);
    }
}

#[test]
fn a_clock_set_back_silences_nobody() {
    let mut restraint = Restraint::default();
    restraint.say(after(86_400));
    assert_eq!(restraint.say(NOON), Some(0));
    assert_eq!(restraint.say(after(1)), None);
}

proptest! {
    #[test]
    fn at_most_one_a_minute_and_none_forgotten(waits in proptest::collection::vec(0_u64..100_000, 1..200)) {
        let (mut restraint, mut now) = (Restraint::default(), NOON);
        let (mut said, mut counted) = (Vec::new(), 0);
        for wait in &waits {
            now = now.plus(Duration::from_millis(*wait));
            if let Some(kept_back) = restraint.say(now) {
                said.push(now);
                counted += kept_back + 1;
            }
        }
        prop_assert!(said.windows(2).all(|pair| pair[1] >= pair[0].plus(AT_MOST_EVERY)));
        prop_assert_eq!(counted + restraint.kept_back, waits.len() as u64);
    }
}
