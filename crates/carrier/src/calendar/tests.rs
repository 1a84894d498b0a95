//! Calendars are easy to get wrong in February.

use super::*;
use proptest::prelude::*;

#[test]
fn days_that_everybody_knows() {
    for (days, civil) in [
        (-719_528, (0, 1, 1)),
        (-1, (1969, 12, 31)),
        (0, (1970, 1, 1)),
        (11_016, (2000, 2, 29)),
        (11_017, (2000, 3, 1)),
        (19_782, (2024, 2, 29)),
        (47_540, (2100, 2, 28)), // 2100 has no leap day
        (47_541, (2100, 3, 1)),
        (2_932_896, (9999, 12, 31)),
    ] {
        assert_eq!(date(days), civil);
        assert_eq!(days_since_1970(civil.0, civil.1, civil.2), days);
    }
}

proptest! {
    /// The day after a day is the next of its month, or the first of the next.
    #[test]
    fn each_day_follows_the_one_before(days in -719_528..2_932_896_i64) {
        let ((year, month, day), next) = (date(days), date(days + 1));
        prop_assert_eq!(days_since_1970(year, month, day), days);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let length = lengths[usize::try_from(month - 1).unwrap()];
        let expected = if day < length {
            (year, month, day + 1)
        } else if month < 12 {
            (year, month + 1, 1)
        } else {
            (year + 1, 1, 1)
        };
        prop_assert_eq!(next, expected);
    }
}
