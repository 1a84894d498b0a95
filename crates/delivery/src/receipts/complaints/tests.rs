//! However many call, one line a minute.

use super::*;
use std::time::Duration;

const NOON: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

#[test]
fn the_first_is_said_and_the_next_are_counted() {
    let complaints = Complaints::default();
    let carrier = CarrierName::parse("a").unwrap();
    let say = |seconds| {
        complaints.say(
            &carrier,
            Complaint::Refused,
            NOON.plus(Duration::from_secs(seconds)),
        )
    };
    assert_eq!(say(0), Some(0));
    for second in [0, 1, 59] {
        assert_eq!(say(second), None);
    }
    assert_eq!(say(60), Some(3));
    assert_eq!(say(60), None);
    assert_eq!(say(3600), Some(1));
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
