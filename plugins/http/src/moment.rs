//! Times as carriers write them. Pure.

use aldis_carrier::calendar::days_since_1970;
use toml::value::{Datetime, Offset};

/// Unix milliseconds of a time in Unix seconds, with or without a fraction, in Unix milliseconds, or as RFC 3339 has it.
pub(crate) fn unix_ms(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return rfc3339(text);
    }
    let number: u64 = whole.parse().ok()?;
    // As seconds that is the year 5138, as milliseconds 1973: before any of this.
    if number >= 100_000_000_000 {
        return Some(number);
    }
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(number * 1_000 + thousandths.parse::<u64>().ok()?)
}

fn rfc3339(text: &str) -> Option<u64> {
    let Datetime { date, time, offset } = text.parse().ok()?;
    let (date, time, offset) = (date?, time?, offset?);
    let east_s = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes) * 60,
    };
    let days = days_since_1970(date.year.into(), date.month.into(), date.day.into());
    let hours = i64::from(time.hour) * 60 + i64::from(time.minute);
    let seconds = days * 86_400 + hours * 60 + i64::from(time.second?) - east_s;
    let millis = time.nanosecond.unwrap_or(0) / 1_000_000;
    u64::try_from(seconds * 1_000 + i64::from(millis)).ok()
}

#[cfg(test)]
mod tests;
