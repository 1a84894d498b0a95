//! The header's forms, and the caps.

use super::*;

#[test]
fn every_unit_is_read() {
    for (text, millis) in [
        ("1H", 3_600_000),
        ("2M", 120_000),
        ("3S", 3_000),
        ("4m", 4),
        ("5000u", 5),
        ("99999999n", 99),
    ] {
        assert_eq!(parse(text).unwrap().as_millis(), millis, "{text}");
    }
    for text in ["", "S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", "1 S", "é"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn a_reserve_is_kept_and_nobody_waits_for_ever() {
    assert_eq!(patience(Some("12S")), Duration::from_millis(11_700));
    assert_eq!(patience(Some("100m")), Duration::ZERO);
    assert_eq!(patience(Some("99H")), LONGEST);
    assert_eq!(patience(None), DEFAULT);
    assert_eq!(patience(Some("soon")), DEFAULT);
}
