//! An address names its message only with our seal, at the carrier it was made for.

use super::*;

const BASE: &str = "https://sms.example.com/carriers/a/receipts";

fn urls() -> CallbackUrls {
    CallbackUrls::for_tests()
}

fn carrier(name: &str) -> CarrierName {
    name.parse().unwrap()
}

fn message(last: char) -> MessageId {
    format!("msg_018f000000007000800000000000000{last}")
        .parse()
        .unwrap()
}

#[test]
fn an_address_that_we_made_is_known_again() {
    let url = urls().of(BASE, &carrier("a"), message('1'));
    let named = Some(Named {
        message: message('1'),
        sealed: true,
    });
    assert_eq!(urls().named(&carrier("a"), &url), named);
    // A carrier's own parameters come before or after it, and the edge adds none.
    assert_eq!(
        urls().named(&carrier("a"), &format!("{url}&type=1&token=t")),
        named
    );
    let first = url.replace('?', "?type=1&");
    assert_eq!(urls().named(&carrier("a"), &first), named);
    assert!(url.len() < BASE.len() + 100, "{url}");
}

#[test]
fn nothing_else_is() {
    let sealed = |carrier_name: &str, url: &str| urls().named(&carrier(carrier_name), url).unwrap().sealed;
    let url = urls().of(BASE, &carrier("a"), message('1'));
    let (before, seal) = url.split_once("seal=").unwrap();
    // Another message, another carrier, another key, a cut or a wrong seal, none, and the victim named first.
    assert!(!sealed("a", &for_another(&url, message('1'))));
    assert!(!sealed("b", &url));
    let other = CallbackUrls::new(hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]));
    assert!(!sealed("a", &other.of(BASE, &carrier("a"), message('1'))));
    assert!(!sealed("a", &url[..url.len() - 1]));
    assert!(!sealed("a", &format!("{before}seal=")));
    assert!(!sealed("a", &format!("{before}seal={}", seal.to_uppercase())));
    assert!(!sealed("a", &format!("{BASE}?message={}", message('1'))));
    assert!(!sealed(
        "a",
        &format!(
            "{BASE}?message={}&message={}&seal={seal}",
            message('2'),
            message('1')
        )
    ));
    for query in ["", "?message=", "?message=msg_1", "?messages=msg_1", "?seal=1"] {
        assert_eq!(
            urls().named(&carrier("a"), &format!("{BASE}{query}")),
            None,
            "{query}"
        );
    }
}

#[test]
fn the_same_address_for_another_message() {
    let url = format!("{BASE}?x=1&message={}&y=2", message('0'));
    assert_eq!(
        for_another(&url, message('0')),
        format!("{BASE}?x=1&message={}&y=2", message('1'))
    );
    let url = format!("{BASE}?message={}", message('a'));
    assert_eq!(
        for_another(&url, message('a')),
        format!("{BASE}?message={}", message('0'))
    );
}
