//! `15s` is fifteen seconds, and nothing that could be meant otherwise is a duration.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use aldis_daemon::config::HumanDuration;
use std::time::Duration;

#[test]
fn a_number_and_its_unit() {
    for (text, millis) in [
        ("500ms", 500),
        ("15s", 15_000),
        ("3m", 180_000),
        ("24h", 86_400_000),
        ("2d", 172_800_000),
        ("0s", 0),
    ] {
        assert_eq!(
            text.parse::<HumanDuration>().expect(text).get(),
            Duration::from_millis(millis)
        );
    }
}

#[test]
fn nothing_else() {
    for text in [
        "",
        "15",
        "s",
        "-1s",
        "+1s",
        "1.5s",
        "15 s",
        "15S",
        "1h30m",
        "1w",
        "15sec",
        "99999999999999999999s",
        "18446744073709551615d",
        "١s",
    ] {
        assert!(text.parse::<HumanDuration>().is_err(), "{text}");
    }
}
