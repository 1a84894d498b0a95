//! Each of the three ends a message, and each is named.

use super::*;
use aldis_carrier::Class;
use std::time::Duration;

#[test]
fn whatever_ends_it_is_named() {
    let now = Instant::now();
    let gone = CancellationToken::new();
    let fence = Fence::new(now + Duration::from_secs(1), 5_000, gone.clone());
    let at = |seconds, unix_ms| Moment {
        now: now + Duration::from_secs(seconds),
        unix_ms,
    };
    let ended = |at| {
        fence
            .unsent(at)
            .map(|report| (report.class, report.request_written))
    };
    for (moment, class) in [
        (at(0, 4_999), None),
        (at(1, 4_999), Some(Class::Temporary)),
        (at(0, 5_000), Some(Class::Expired)),
        (at(1, 5_000), Some(Class::Expired)),
    ] {
        assert_eq!(fence.is_over(moment), class.is_some(), "{moment:?}");
        assert_eq!(ended(moment), class.map(|class| (class, false)), "{moment:?}");
    }
    gone.cancel();
    assert!(fence.is_over(at(0, 0)));
    let report = fence.unsent(at(0, 0)).expect("an end");
    assert_eq!(report.code.as_deref(), Some("caller_gone"));
}
