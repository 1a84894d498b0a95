//! The same moment, however it is written.

use super::unix_ms;
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn seconds_milliseconds_and_dates() {
    for (text, expected) in [
        ("1700000000", Some(1_700_000_000_000)),
        ("1700000000.25", Some(1_700_000_000_250)),
        ("1700000000123", Some(1_700_000_000_123)),
        ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
        ("2023-11-14T22:13:20.123Z", Some(1_700_000_000_123)),
        ("2023-11-15T03:43:20+05:30", Some(1_700_000_000_000)),
        ("2023-11-14T17:13:20-05:00", Some(1_700_000_000_000)),
        ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
        ("1970-01-01T00:00:00Z", Some(0)),
        ("1969-12-31T23:59:59Z", None),
        ("2023-02-30T00:00:00Z", None),
        ("2023-11-14T22:13:20", None),
        ("2023-11-14", None),
        ("-1", None),
        ("1.", None),
        ("99999999999999999999", None),
        ("now", None),
        ("", None),
    ] {
        assert_eq!(unix_ms(text), expected, "{text}");
    }
}

proptest! {
    /// Against another calendar: that of the crate httpdate.
    #[test]
    fn every_day_is_where_another_calendar_has_it(second in 0..253_402_300_800_u64) {
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
        let words: Vec<_> = date.split(' ').collect();
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.iter().position(|month| *month == words[2]).unwrap() + 1;
        let text = format!("{}-{month:02}-{}T{}Z", words[3], words[1], words[4]);
        prop_assert_eq!(unix_ms(&text), Some(second * 1_000));
    }
}
