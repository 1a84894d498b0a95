//! Calendars are easy to get wrong in February.

use super::{rfc3339, span};
use aldis_message::UnixMillis;
use std::time::Duration;

#[test]
fn moments_are_rfc_3339() {
    let cases = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_709_164_800_123, "2024-02-29T00:00:00.123Z"),
        (1_767_225_599_000, "2025-12-31T23:59:59.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), // 2100 has no leap day
    ];
    for (millis, expected) in cases {
        assert_eq!(rfc3339(UnixMillis::from_millis(millis)), expected);
    }
}

#[test]
fn spans_are_for_a_glance() {
    let cases = [
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1 s"),
        (2550, "2.5 s"),
        (180_000, "3 min"),
        (179_905, "3 min"),
        (61_000, "1 min 1 s"),
        (86_400_000, "24 h"),
        (5_430_000, "1 h 30 min"),
    ];
    for (millis, expected) in cases {
        assert_eq!(span(Duration::from_millis(millis)), expected);
    }
}
