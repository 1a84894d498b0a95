//! A moment is the same however it is written.

use super::*;

#[test]
fn dates_are_the_smscs() {
    let at = |date: &str, offset| unix_ms(date, offset);
    assert_eq!(at("7001010000", 0), at("207001010000", 0));
    assert_eq!(at("2601021504", 0), Some(1_767_366_240_000));
    for same in [
        "260102150405",
        "20260102150405",
        "2026-01-02 15:04:05",
        "2026/01/02T15:04:05",
        "26-01-02 15:04:05",
    ] {
        assert_eq!(at(same, 0), Some(1_767_366_245_000), "{same}");
    }
    assert_eq!(at("2601021604", 60), Some(1_767_366_240_000));
    assert_eq!(at("2402290000", 0), Some(1_709_164_800_000));
    for nonsense in [
        "",
        "2613010000",
        "26010",
        "2601021504x",
        "Fri Jan 2",
        "99999999999999",
        "0000000000",
    ] {
        assert_eq!(at(nonsense, 0), None, "{nonsense}");
    }
}
