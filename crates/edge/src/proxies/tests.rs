//! Nobody says who they are but a trusted proxy, and of it only what it wrote itself.

use super::*;
use proptest::prelude::*;

const PROXY: &str = "10.0.0.7";
const CALLER: &str = "203.0.113.9";

fn proxies() -> TrustedProxies {
    let networks = ["10.0.0.0/8", "192.0.2.1", "fd00::/8"];
    TrustedProxies::new(networks.iter().map(|text| network(text).unwrap()).collect())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn caller(peer: &str, fields: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for field in fields {
        headers.append(FORWARDED_FOR, field.parse().unwrap());
    }
    proxies().caller(ip(peer), &headers).to_string()
}

#[test]
fn without_a_proxy_the_peer_calls() {
    assert_eq!(caller(CALLER, &[]), CALLER);
    assert_eq!(caller(CALLER, &["198.51.100.1"]), CALLER, "nobody vouches for it");
    let nobody = TrustedProxies::default();
    let mut headers = HeaderMap::new();
    headers.append(FORWARDED_FOR, "198.51.100.1".parse().unwrap());
    assert_eq!(nobody.caller(ip("127.0.0.1"), &headers), ip("127.0.0.1"));
}

#[test]
fn the_right_most_that_is_no_proxy_calls() {
    for fields in [
        &["203.0.113.9"][..],
        &["198.51.100.1, 203.0.113.9"],
        &["198.51.100.1, 203.0.113.9, 10.0.0.8,192.0.2.1"],
        &["198.51.100.1", "203.0.113.9", "10.0.0.8"],
        &["10.0.0.9, 203.0.113.9 ,10.0.0.8"],
        &["203.0.113.9:4711"],
        &["::ffff:203.0.113.9"],
        &["unknown, 203.0.113.9"],
        &["\"], 203.0.113.9"],
    ] {
        assert_eq!(caller(PROXY, fields), CALLER, "{fields:?}");
    }
    assert_eq!(
        caller("::ffff:10.0.0.7", &[CALLER]),
        CALLER,
        "a socket for both kinds"
    );
    for field in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"] {
        assert_eq!(caller("fd00::1", &[field]), "2001:db8::1", "{field}");
    }
}

#[test]
fn where_nobody_is_named_the_last_proxy_calls() {
    for (fields, last) in [
        (&[][..], PROXY),
        (&["unknown"], PROXY),
        (&[""], PROXY),
        (&["203.0.113.9, _hidden"], PROXY),
        (&["203.0.113.9,"], PROXY),
        (&["10.0.0.9"], "10.0.0.9"),
        (&["203.0.113.9, unknown, 10.0.0.9"], "10.0.0.9"),
    ] {
        assert_eq!(caller(PROXY, fields), last, "{fields:?}");
    }
}

#[test]
fn a_network_is_what_it_says() {
    for good in ["10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "fd00::/8", "::1"] {
        assert!(network(good).is_ok(), "{good}");
    }
    for (bad, word) in [
        ("", "network"),
        ("10.0.0.0/33", "network"),
        ("10.0.0", "network"),
        ("proxy.internal", "network"),
        ("10.0.0.0/8, 11.0.0.0/8", "network"),
        ("0.0.0.0/0", "everybody"),
        ("::/0", "everybody"),
        ("10.1.2.3/8", "beyond"),
    ] {
        assert!(network(bad).unwrap_err().contains(word), "{bad}");
    }
}

fn outsider() -> impl Strategy<Value = IpAddr> {
    any::<[u8; 4]>()
        .prop_map(IpAddr::from)
        .prop_filter("a proxy", |address| !proxies().trusts(*address))
}

proptest! {
    /// Whatever the caller writes itself, in as many fields as it likes.
    #[test]
    fn a_caller_cannot_be_somebody_else(
        from in outsider(),
        own in proptest::collection::vec("[ -~]{0,40}", 0..4),
        between in proptest::collection::vec(any::<[u8; 3]>(), 0..3),
        one_field: bool,
    ) {
        let chain: Vec<String> = [from]
            .into_iter()
            .chain(between.iter().map(|[b, c, d]| IpAddr::from([10, *b, *c, *d])))
            .map(|address| address.to_string())
            .collect();
        let mut fields: Vec<String> = own;
        if let (true, Some(last)) = (one_field, fields.last_mut()) {
            *last = format!("{last}, {}", chain.join(", "));
        } else {
            fields.push(chain.join(","));
        }
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        prop_assert_eq!(caller(PROXY, &fields), from.to_string());
    }

    #[test]
    fn a_stranger_is_who_it_is(peer in outsider(), own in proptest::collection::vec("[ -~]{0,40}", 0..4)) {
        let fields: Vec<&str> = own.iter().map(String::as_str).collect();
        prop_assert_eq!(caller(&peer.to_string(), &fields), peer.to_string());
    }
}
