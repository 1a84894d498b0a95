//! Moments and durations as people read them. UTC, because logs are.

use aldis_carrier_host::calendar;
use aldis_message::UnixMillis;
use std::time::Duration;

/// `2026-02-03T04:05:06.789Z` (RFC 3339).
pub(crate) fn rfc3339(moment: UnixMillis) -> String {
    format!("{}T{}Z", date(moment), time(moment))
}

/// `2026-02-03`.
pub(crate) fn date(moment: UnixMillis) -> String {
    let days = i64::try_from(moment.as_millis() / 86_400_000).unwrap_or_default();
    let (year, month, day) = calendar::date(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `04:05:06.789`.
pub(crate) fn time(moment: UnixMillis) -> String {
    let millis = moment.as_millis();
    let (hour, minute, second) = (millis / 3_600_000 % 24, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:03}", millis % 1000)
}

/// `5 ms`, `2.5 s`, `3 min`, `24 h`: two units at most, for a glance.
pub(crate) fn span(duration: Duration) -> String {
    let millis = duration.as_millis();
    let rounded = (millis + 500) / 1000;
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 if millis.is_multiple_of(1000) => format!("{} s", millis / 1000),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        60_000..3_599_500 => two(rounded / 60, "min", rounded % 60, "s"),
        _ => two(rounded / 3600, "h", rounded / 60 % 60, "min"),
    }
}

fn two(large: u128, unit: &str, small: u128, small_unit: &str) -> String {
    if small == 0 {
        format!("{large} {unit}")
    } else {
        format!("{large} {unit} {small} {small_unit}")
    }
}

#[cfg(test)]
mod tests;
