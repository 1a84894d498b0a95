//! Ids, names, states, classes and reasons come back from the store and the wire as they went.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_message::{
    AcceptMode, Attributes, AttributesError, CarrierName, Deadline, DeliveryStatus, Encoding, IdempotencyKey,
    MessageClass, MessageId, OutcomeClass, Reason, TenantName, UnixMillis,
};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn every_word_of_every_list() {
    macro_rules! check {
        ($($list:ident)+) => { $(
            for each in $list::ALL {
                assert_eq!(each.as_str().parse::<$list>(), Ok(*each));
                assert_eq!(each.to_string(), each.as_str());
                assert!(each.as_str().to_uppercase().parse::<$list>().is_err());
            }
            assert!("".parse::<$list>().is_err());
        )+ };
    }
    check!(AcceptMode DeliveryStatus Encoding MessageClass OutcomeClass Reason);
}

#[test]
fn outcome_classes_have_the_numbers_of_the_carrier_border() {
    for (number, class) in (0..).zip(OutcomeClass::ALL) {
        assert_eq!(OutcomeClass::from_number(number), Some(*class));
        assert_eq!(class.number(), number);
    }
    assert_eq!(OutcomeClass::ALL.len(), 15);
    assert_eq!(OutcomeClass::Ambiguous.number(), 11);
    assert_eq!(OutcomeClass::from_number(15), None);
}

#[test]
fn a_final_state_is_one_nothing_follows() {
    let last: Vec<_> = DeliveryStatus::ALL
        .iter()
        .filter(|status| status.is_final())
        .map(|s| s.as_str())
        .collect();
    assert_eq!(
        last,
        ["delivered", "undelivered", "failed", "expired", "cancelled"]
    );
}

#[test]
fn asking_again_is_advised_only_where_it_cannot_arrive_twice() {
    let again: Vec<_> = Reason::ALL
        .iter()
        .filter(|reason| reason.retryable())
        .map(|r| r.as_str())
        .collect();
    assert_eq!(
        again,
        ["carrier_throttled", "carrier_failed", "deadline_exceeded"]
    );
}

#[test]
fn an_id_is_a_version_7_uuid_with_a_prefix() {
    // RFC 9562 appendix A.6: 0x017F22E279B0 is 22 February 2022, 19:22:22 UTC.
    let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
    let id = MessageId::from_parts(UnixMillis::from_millis(0x017f_22e2_79b0), random);
    assert_eq!(id.to_string(), "msg_017f22e279b07cc398c4dc0c0c07398f");
    assert_eq!(format!("{id:?}"), id.to_string());
    for text in [
        "",
        "msg_",
        "017f22e279b07cc398c4dc0c0c07398f",
        "msg_017F22E279B07CC398C4DC0C0C07398F",
        "msg_017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "msg_017f22e279b07cc398c4dc0c0c07398",
        "msg_017f22e279b07cc398c4dc0c0c07398ff",
        "MSG_017f22e279b07cc398c4dc0c0c07398f",
        " msg_017f22e279b07cc398c4dc0c0c07398f",
    ] {
        assert!(text.parse::<MessageId>().is_err(), "{text:?}");
    }
}

#[test]
fn names_are_plain() {
    for fine in ["a", "acme", "twilio-us", "0", "a_b", &"a".repeat(63)] {
        assert_eq!(TenantName::parse(fine).expect("a name").as_str(), fine);
        assert_eq!(CarrierName::parse(fine).expect("a name").to_string(), fine);
    }
    for wrong in ["", "-a", "_a", "Acme", "a b", "a.b", "a/b", "ä", &"a".repeat(64)] {
        assert!(TenantName::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn keys_are_visible_ascii() {
    assert!(IdempotencyKey::parse(&"k".repeat(128)).is_ok());
    for wrong in ["", "a b", "a\n", "ä", &"k".repeat(129)] {
        assert!(IdempotencyKey::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn attributes_are_few_and_small() {
    let many = |count: usize| (0..count).map(|number| (format!("k{number}"), "v"));
    assert_eq!(Attributes::parse(many(32)).expect("32 of them").iter().len(), 32);
    assert_eq!(Attributes::parse(many(33)), Err(AttributesError::TooMany));
    assert_eq!(Attributes::parse([("", "v")]), Err(AttributesError::Key));
    assert_eq!(Attributes::parse([("K", "v")]), Err(AttributesError::Key));
    assert_eq!(
        Attributes::parse([("k".repeat(65), "v")]),
        Err(AttributesError::Key)
    );
    assert_eq!(Attributes::parse([("k", "a\nb")]), Err(AttributesError::Value));
    assert_eq!(
        Attributes::parse([("k", "v".repeat(513))]),
        Err(AttributesError::Value)
    );
    assert_eq!(
        Attributes::parse([("k", "v"), ("k", "w")]),
        Err(AttributesError::Twice)
    );
    assert_eq!(
        Attributes::parse([("a.b-c_1", "v")]).expect("one").get("a.b-c_1"),
        Some("v")
    );
}

#[test]
fn a_deadline_counts_from_its_own_moment() {
    let at = UnixMillis::from_millis;
    let deadline = Deadline::at(at(1000));
    assert!(!deadline.is_past(at(999)));
    assert!(deadline.is_past(at(1000)), "at the deadline it is too late");
    assert_eq!(deadline.remaining(at(400)), Duration::from_millis(600));
    assert_eq!(deadline.remaining(at(1001)), Duration::ZERO);
    assert_eq!(at(5).since(at(9)), Duration::ZERO);
    assert_eq!(at(9).since(at(5)), Duration::from_millis(4));
    assert_eq!(at(u64::MAX - 1).plus(Duration::MAX), at(u64::MAX));
}

proptest! {
    #[test]
    fn ids_round_trip_and_sort_by_time(earlier in 0u64..1 << 47, gap in 1u64..1 << 40, random: ([u8; 10], [u8; 10])) {
        let first = MessageId::from_parts(UnixMillis::from_millis(earlier), random.0);
        let second = MessageId::from_parts(UnixMillis::from_millis(earlier + gap), random.1);
        prop_assert_eq!(first.to_string().parse(), Ok(first));
        prop_assert!(first < second);
        prop_assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn time_added_is_time_between(start in 0u64..1 << 50, millis in 0u64..1 << 50) {
        let (from, gap) = (UnixMillis::from_millis(start), Duration::from_millis(millis));
        prop_assert_eq!(from.until(from.plus(gap)), gap);
        prop_assert_eq!(from.plus(gap).since(from), gap);
    }
}
