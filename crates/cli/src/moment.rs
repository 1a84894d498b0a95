//! Moments and durations as people read them. UTC, because logs are.

use aldis_message::UnixMillis;
use std::time::Duration;

/// `2026-02-03T04:05:06.789Z` (RFC 3339).
pub(crate) fn rfc3339(moment: UnixMillis) -> String {
    format!("{}T{}Z", date(moment), time(moment))
}

/// `2026-02-03`.
pub(crate) fn date(moment: UnixMillis) -> String {
    let (year, month, day) = civil(moment.as_millis() / 86_400_000);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `04:05:06.789`.
pub(crate) fn time(moment: UnixMillis) -> String {
    let millis = moment.as_millis();
    let (hour, minute, second) = (millis / 3_600_000 % 24, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:03}", millis % 1000)
}

/// Days since 1970 as year, month, day: Howard Hinnant's `civil_from_days`, for days after 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // to 0000-03-01, so that leap days end a year
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
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
