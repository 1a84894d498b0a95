//! `Retry-After`: seconds, or a date (RFC 9110 sections 10.2.3 and 5.6.7).

use crate::calendar::days_since_1970;
use std::time::Duration;

#[cfg(test)]
mod tests;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// How long from `now_unix_ms`; a date that has passed is no time at all.
pub(super) fn read(value: &str, now_unix_ms: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at_ms = unix_seconds(value)?.checked_mul(1000)?;
    Some(Duration::from_millis(at_ms.saturating_sub(now_unix_ms)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are not read.
fn unix_seconds(date: &str) -> Option<u64> {
    let (_weekday, rest) = date.split_once(", ")?;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let sound = words.next()? == "GMT"
        && words.next().is_none()
        && clock.next().is_none()
        && (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    let seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    sound.then(|| u64::try_from(seconds).ok()).flatten()
}
