//! Days and dates in UTC, for carriers that write and read them. Pure.
//!
//! The proleptic Gregorian calendar of ISO 8601. Years are counted from March, so that the leap day comes last.

#[cfg(test)]
mod tests;

/// From 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// In 400 years, after which the calendar repeats itself.
const ERA: i64 = 146_097;

/// Days from 1970-01-01 to a date, whose year is at most 9999 and whose month is 1 to 12; negative before that day.
#[must_use]
pub const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * ((month + 9) % 12) + 2) / 5 + day - 1 - EPOCH
}

/// Year, month and day so many days after 1970-01-01, or before it.
#[must_use]
pub const fn date(days_since_1970: i64) -> (i64, i64, i64) {
    let days = days_since_1970 + EPOCH;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    let year = era * 400 + year + if month < 3 { 1 } else { 0 };
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}
