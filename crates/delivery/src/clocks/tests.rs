//! A clock that differs is complained of, once a minute for each client, and not for what a call takes.

use super::*;

fn by(seconds: u64) -> ClockSkew {
    ClockSkew {
        ours_is_ahead: true,
        by: Duration::from_secs(seconds),
    }
}

#[test]
fn once_a_minute_for_each_client() {
    let (skews, now) = (Skews::default(), Instant::now());
    let (edge, other): (ClientName, ClientName) = ("edge".parse().unwrap(), "other".parse().unwrap());
    assert_eq!(skews.may_say(&edge, by(200), now), Some(0));
    assert_eq!(skews.may_say(&edge, by(200), now), None);
    assert_eq!(skews.may_say(&other, by(200), now), Some(0));
    assert_eq!(skews.may_say(&edge, by(200), now + SAY_AGAIN), Some(1));
}

#[test]
fn nothing_is_said_of_a_call_that_was_under_way() {
    let (skews, now) = (Skews::default(), Instant::now());
    assert_eq!(skews.may_say(&"edge".parse().unwrap(), by(5), now), None);
}

#[test]
fn a_store_from_the_future_is_left_behind_once_nothing_in_it_waits() {
    let now = UnixMillis::from_millis(1_700_000_000_000);
    let latest = |ahead: Duration, open| {
        Some(Latest {
            at: now.plus(ahead),
            open,
        })
    };
    let (minute, year) = (Duration::from_mins(1), Duration::from_hours(24 * 365));
    assert_eq!(not_before(None, now), None);
    assert_eq!(not_before(latest(minute, false), now), Some(now.plus(minute)));
    assert_eq!(not_before(latest(year, true), now), Some(now.plus(year)));
    assert_eq!(not_before(latest(year, false), now), None);
}
