//! When something happened, as receipts write it. Pure.

use aldis_carrier::calendar::days_since_1970;

#[cfg(test)]
mod tests;

/// `YYMMDDhhmm` or `YYMMDDhhmmss`; some write the century, some put signs between the numbers. Receipts have no time zone.
pub(super) fn unix_ms(date: &str, utc_offset_minutes: i32) -> Option<u64> {
    let plain = |byte: u8| byte.is_ascii_digit() || b" -/.:T".contains(&byte);
    if !date.bytes().all(plain) {
        return None;
    }
    let date: String = date.chars().filter(char::is_ascii_digit).collect();
    let date = match date.len() {
        10 | 12 if !date.starts_with("20") || date.len() == 10 => format!("20{date}"),
        12 | 14 => date,
        _ => return None,
    };
    let number = |from: usize| {
        date.get(from..from + 2)
            .map_or(Some(0), |two| two.parse::<i64>().ok())
    };
    let (year, month, day) = (date.get(..4)?.parse::<i64>().ok()?, number(4)?, number(6)?);
    let (hour, minute, second) = (number(8)?, number(10)?, number(12)?);
    let holds =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let seconds = || {
        let hours = days_since_1970(year, month, day) * 24 + hour;
        (hours * 60 + minute - i64::from(utc_offset_minutes)) * 60 + second
    };
    holds.then(|| u64::try_from(seconds() * 1000).ok()).flatten()
}
