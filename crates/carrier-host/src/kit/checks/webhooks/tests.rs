//! Where a signature stands in a URL, each change of it is tried.

use super::resigned;

#[test]
fn a_signature_in_the_url_is_changed_and_taken_away() {
    let found = resigned("https://a.example/r?message=m&id=z&X-Sig=0a1b2c");
    let [(name, urls)] = found.as_slice() else {
        panic!("one parameter is a signature: {found:?}");
    };
    assert_eq!(name, "X-Sig");
    let expected =
        ["aa1b2c", "0b1b2c", "0aab2c"].map(|sig| format!("https://a.example/r?message=m&id=z&X-Sig={sig}"));
    assert_eq!(urls[..3], expected);
    assert_eq!(urls[3..], ["https://a.example/r?message=m&id=z".to_owned()]);
    assert!(resigned("https://a.example/r").is_empty());
    assert!(resigned("https://a.example/r?id=z&state=ok").is_empty());
}
