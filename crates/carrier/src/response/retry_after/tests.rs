//! Both forms of `Retry-After`, and what is neither.

use super::read;
use proptest::prelude::*;
use std::time::Duration;

/// 1994-11-06T08:49:37Z, the example of RFC 9110.
const EXAMPLE: u64 = 784_111_777_000;

#[test]
fn seconds() {
    assert_eq!(read(" 90 ", 5), Some(Duration::from_secs(90)));
}

#[test]
fn a_date_is_reckoned_from_now() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    assert_eq!(read(date, EXAMPLE - 1500), Some(Duration::from_millis(1500)));
    assert_eq!(read(date, EXAMPLE + 1), Some(Duration::ZERO));
}

#[test]
fn what_is_neither_is_no_advice() {
    for odd in [
        "",
        "soon",
        "-1",
        "1.5",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
    ] {
        assert_eq!(read(odd, 0), None, "{odd}");
    }
}

proptest! {
    #[test]
    fn nothing_a_carrier_says_breaks_it(value in "\\PC*", now: u64) {
        let _ = read(&value, now);
    }
}
