//! The fifteen classes keep their meaning across the border, and a code cannot smuggle anything.

use super::*;
use aldis_carrier_host::Class;

fn report(class: Class, scope: Scope, retry_after: Option<Duration>) -> Report {
    Report {
        class,
        scope,
        retry_after,
        carrier_ids: Vec::new(),
        code: None,
        detail: None,
        segments: None,
        price: None,
        request_written: true,
    }
}

#[test]
fn each_class_is_the_same_on_both_sides() {
    for class in Class::ALL.iter().copied() {
        let ours = outcome(report(class, Scope::Message, None)).class;
        assert_eq!(ours.number(), class.number(), "{class:?}");
        assert_eq!(format!("{ours:?}"), format!("{class:?}"));
    }
}

#[test]
fn a_throttled_account_pauses_as_long_as_it_asks_within_reason() {
    let asked = |millis, scope| {
        let advice = Some(Duration::from_millis(millis));
        outcome(report(Class::RateLimited, scope, advice))
            .pause
            .map(|(pause, _)| pause.as_millis())
    };
    assert_eq!(asked(5_000, Scope::Instance), Some(5_000));
    assert_eq!(asked(0, Scope::Instance), Some(200));
    assert_eq!(asked(u64::MAX, Scope::Instance), Some(3_600_000));
    assert_eq!(
        asked(5_000, Scope::Recipient),
        None,
        "the others are not to blame"
    );
    let mut full = report(Class::RateLimited, Scope::Instance, None);
    full.request_written = false;
    assert_eq!(outcome(full).pause, None, "the carrier was not asked");
    let bare = outcome(report(Class::RateLimited, Scope::Instance, None));
    assert_eq!(bare.pause, Some((DEFAULT_PAUSE, PauseCause::Throttled)));
}

#[test]
fn a_refused_account_pauses_a_minute() {
    for (class, cause) in [
        (Class::Unauthorized, PauseCause::Unauthorized),
        (Class::NoFunds, PauseCause::NoFunds),
    ] {
        assert_eq!(
            outcome(report(class, Scope::Message, None)).pause,
            Some((BROKEN_PAUSE, cause))
        );
    }
}

#[test]
fn a_code_holds_no_number_and_no_text() {
    for fine in [
        "21211",
        "0x0000000B",
        "ESME_RTHROTTLED".trim_start_matches("ESME_"),
        "http.503",
        "a-b:c/d",
    ] {
        assert_eq!(code(fine.to_owned()), fine);
    }
    for planted in [
        "+12025550100",
        "12025550100",
        "code 271828 for you",
        "271828\n",
        &"x".repeat(41),
    ] {
        assert_eq!(code(planted.to_owned()), "withheld");
    }
}

/// A receipt is matched by it, and a receipt's is cut.
#[test]
fn an_endless_id_is_cut_as_receipts_have_it() {
    let endless = Report {
        carrier_ids: vec!["ж".repeat(500), "SM1".to_owned()],
        ..report(Class::Accepted, Scope::Message, None)
    };
    assert_eq!(outcome(endless).carrier_ids, ["ж".repeat(128), "SM1".to_owned()]);
}
