//! The allow-list, entry by entry.

use super::AllowedHosts;
use crate::guard::Named;
use proptest::prelude::*;
use url::Url;

fn list(hosts: &[&str], base_url: Option<&str>) -> AllowedHosts {
    let mut allowed = AllowedHosts::default();
    for host in hosts {
        allowed.add_host(host).expect("a host");
    }
    if let Some(base_url) = base_url {
        allowed.add_base_url(base_url).expect("a base url");
    }
    allowed
}

fn allows(list: &AllowedHosts, url: &str) -> bool {
    // What cannot be read is refused before.
    url.parse().is_ok_and(|uri| list.allows(&uri))
}

#[test]
fn a_declared_host_is_reached_over_tls_on_its_own_port() {
    let list = list(&["api.example.com", "Other.Example.com:8443"], None);
    for url in [
        "https://api.example.com/x?y",
        "https://API.EXAMPLE.COM",
        "https://other.example.com:8443/",
    ] {
        assert!(allows(&list, url), "{url}");
    }
    for url in [
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "https://other.example.com/",
        "https://api.example.com.evil.test/",
        "https://evil.test/api.example.com",
        "https://evil.test#api.example.com",
        "https://x.api.example.com/",
        "https://user:secret@api.example.com/",
        "https://api.example.com@evil.test/",
        "ftp://api.example.com/",
        "https://127.0.0.1/",
    ] {
        assert!(!allows(&list, url), "{url}");
    }
}

#[test]
fn a_base_url_allows_its_host_and_port_and_no_other() {
    let list = list(&[], Some("http://127.0.0.1:8125/carrier"));
    assert!(allows(&list, "http://127.0.0.1:8125/any"));
    assert!(allows(&list, "https://127.0.0.1:8125/any"));
    for url in [
        "http://127.0.0.1/",
        "http://127.0.0.1:8126/",
        "http://127.0.0.2:8125/",
        "http://localhost:8125/",
    ] {
        assert!(!allows(&list, url), "{url}");
    }
}

#[test]
fn plain_http_is_for_loopback() {
    for base_url in [
        "http://localhost:1",
        "http://127.9.9.9",
        "http://[::1]:80/x",
        "https://sms.example.com",
        "https://SMS.example.com:443/",
        "https://xn--bcher-kva.example/v1/",
    ] {
        assert_eq!(
            AllowedHosts::default().add_base_url(base_url),
            Ok(()),
            "{base_url}"
        );
    }
    for base_url in [
        "http://sms.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "ws://localhost",
        "https://u:p@sms.example.com",
        "https://sms.example.com/?k=v",
        "sms.example.com",
        "https://b\u{fc}cher.example",
        "https://sms.example.com:",
        "https://sms.example.com/\u{fc}",
        "https://sms.example.com/a b",
        " https://sms.example.com",
        "http://127.1:8080",
        "",
    ] {
        assert!(
            AllowedHosts::default().add_base_url(base_url).is_err(),
            "{base_url}"
        );
    }
}

#[test]
fn an_entry_is_a_host_and_nothing_more() {
    for entry in [
        "",
        "*.example.com",
        "https://example.com",
        "example.com/x",
        "u@example.com",
        "example.com?",
        "a b",
    ] {
        assert!(AllowedHosts::default().add_host(entry).is_err(), "{entry:?}");
    }
}

/// A library that nobody trusts must not talk to what listens on this machine or behind the same wall.
#[test]
fn a_library_may_not_name_its_host_or_its_hosts_neighbours() {
    for entry in [
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "db.localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1:9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1:443",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[fe80::1]",
        "[fd00::1]:443",
    ] {
        let refused = AllowedHosts::default().add_host(entry).expect_err(entry);
        assert!(
            refused.contains("private network") && refused.contains("base_url"),
            "{refused}"
        );
    }
    for entry in [
        "localhost.example.com",
        "8.8.8.8",
        "172.32.0.1",
        "[2001:4860:4860::8888]",
    ] {
        assert_eq!(AllowedHosts::default().add_host(entry), Ok(()), "{entry}");
    }
}

#[test]
fn loopback_is_open_to_the_operators_address_alone() {
    let mut list = list(&[], Some("https://localhost:8443"));
    assert!(allows(&list, "https://localhost:8443/"));
    list.add_base_url("http://127.0.0.1:80").expect("a base url");
    assert!(allows(&list, "http://127.0.0.1/"));
    for url in ["http://127.0.0.1:81/", "http://localhost/", "https://127.0.0.1/"] {
        assert!(!allows(&list, url), "{url}");
    }
}

/// A host that both name is the operator's; one that only the library names is checked where it leads.
#[test]
fn it_is_known_who_named_a_host() {
    let list = list(
        &["sms.example.com", "own.example.com"],
        Some("https://own.example.com/"),
    );
    let named = |url: &str| list.named(&url.parse().expect("an address"));
    assert_eq!(named("https://sms.example.com/"), Some(Named::ByLibrary));
    assert_eq!(named("https://own.example.com/"), Some(Named::ByOperator));
    assert_eq!(
        list.allows_link("own.example.com", 443, true),
        Ok(Named::ByOperator)
    );
    assert_eq!(
        list.allows_link("own.example.com", 444, true),
        Ok(Named::ByLibrary)
    );
}

/// The port was seen by whoever pinned the library; without one, TLS says who is there.
#[test]
fn a_link_to_a_librarys_host_is_secured_or_goes_to_the_port_that_is_shown() {
    let list = list(
        &[
            "any.example.com",
            "own.example.com:2775",
            "tls.example.com:443",
            "[2606:4700::1]:0443",
        ],
        None,
    );
    for (host, port, secured) in [
        ("any.example.com", 2775, true),
        ("any.example.com", 443, true),
        ("own.example.com", 2775, false),
        ("own.example.com", 2775, true),
        ("tls.example.com", 443, false),
        ("[2606:4700::1]", 443, false),
    ] {
        assert_eq!(
            list.allows_link(host, port, secured),
            Ok(Named::ByLibrary),
            "{host}:{port}"
        );
    }
    for (host, port, secured, word) in [
        ("any.example.com", 2775, false, "without TLS"),
        ("any.example.com", 443, false, "without TLS"),
        ("own.example.com", 2776, true, "allowed hosts"),
        ("tls.example.com", 6379, false, "allowed hosts"),
        ("tls.example.com", 6379, true, "allowed hosts"),
        ("other.example.com", 443, true, "allowed hosts"),
    ] {
        let said = list.allows_link(host, port, secured).expect_err(host);
        assert!(said.contains(word), "{host}:{port}: {said}");
    }
}

proptest! {
    #[test]
    fn no_other_name_slips_through(host in "[a-z0-9.-]{1,30}", path in "[ -~]{0,30}") {
        let list = list(&["api.example.com"], None);
        let address = format!("https://{host}{path}");
        let allowed = allows(&list, &address);
        // However another reader would understand it.
        prop_assert!(!allowed || Url::parse(&address).is_ok_and(|url| url.host_str() == Some("api.example.com") && url.port().is_none()
            && url.username().is_empty() && url.password().is_none()));
        if path.is_empty() {
            prop_assert_eq!(allowed, host == "api.example.com");
        }
    }
}
