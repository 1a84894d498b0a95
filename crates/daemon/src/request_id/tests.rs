//! A name from outside is taken only if it can do no harm.

use super::*;

#[test]
fn a_well_formed_name_is_kept() {
    let longest = "x".repeat(64);
    for name in [
        "a",
        "0af7651916cd43dd8448eb211c80319c",
        "req_1.2-3",
        longest.as_str(),
    ] {
        let id = RequestId::given_or_new(std::iter::once(name.as_bytes()));
        assert_eq!(id.as_str(), name);
    }
}

#[test]
fn any_other_is_replaced() {
    let longer = "x".repeat(65);
    for name in ["", " ", "a b", "a\r\nb", "a\"b", "a/b", "\u{e9}", longer.as_str()] {
        let id = RequestId::given_or_new(std::iter::once(name.as_bytes()));
        assert_ne!(id.as_str(), name);
        assert_eq!(id.as_str().len(), 32, "{id}");
    }
    let two = [&b"a"[..], b"a"];
    assert_eq!(RequestId::given_or_new(two.into_iter()).as_str().len(), 32);
    let none = RequestId::given_or_new(std::iter::empty());
    assert_ne!(none, RequestId::given_or_new(std::iter::empty()), "each its own");
}
