//! A link goes where the operator or the descriptor allows, and nowhere else.

use super::Plan;
use crate::allowed::AllowedHosts;
use crate::border::RawLink;
use crate::guard::Named;

fn link(name: &str, host: &str, port: u32) -> RawLink {
    RawLink {
        flags: 0,
        name: name.to_owned(),
        host: host.to_owned(),
        server_name: String::new(),
        port,
    }
}

fn allowed() -> AllowedHosts {
    let mut allowed = AllowedHosts::default();
    allowed.add_host("smpp.acme.example").expect("a host");
    allowed.add_host("tls.acme.example:3550").expect("a host");
    allowed
}

fn refusal(links: Vec<RawLink>) -> String {
    Plan::of_all(links, Some("10.0.0.1"), &allowed()).expect_err("a refusal")
}

#[test]
fn the_settings_host_and_the_descriptors_are_allowed() {
    for (host, port, flags) in [
        ("10.0.0.1", 1, 0),
        ("smpp.acme.example", 2775, 1),
        ("SMPP.acme.example", 65535, 1),
        ("tls.acme.example", 3550, 0),
    ] {
        let link = RawLink {
            flags,
            ..link("main", host, port)
        };
        let plans = Plan::of_all(vec![link], Some("10.0.0.1"), &allowed()).expect("a plan");
        assert_eq!(plans[0].host, host);
        let named = if host == "10.0.0.1" {
            Named::ByOperator
        } else {
            Named::ByLibrary
        };
        assert_eq!(plans[0].named, named);
    }
}

/// A name that a library chose, on a port that it chose, would be a raw connection to anything.
#[test]
fn the_descriptors_host_needs_tls_or_a_port_that_it_shows() {
    let reason = refusal(vec![link("main", "smpp.acme.example", 2775)]);
    assert!(reason.contains("without TLS"), "{reason}");
}

#[test]
fn nothing_else_is() {
    for (host, port) in [
        ("10.0.0.2", 2775),
        ("acme.example", 2775),
        ("smpp.acme.example.evil.example", 2775),
        ("tls.acme.example", 3551),
        ("", 2775),
        ("smpp.acme.example/", 2775),
    ] {
        let reason = refusal(vec![link("main", host, port)]);
        assert!(reason.contains("allowed hosts"), "{host}: {reason}");
    }
}

#[test]
fn a_link_is_complete() {
    for port in [0, 65536, u32::MAX] {
        assert!(refusal(vec![link("main", "10.0.0.1", port)]).contains("port"));
    }
    for name in ["", "a b", "a\n", &"a".repeat(41)] {
        assert!(refusal(vec![link(name, "10.0.0.1", 1)]).contains("names a link"));
    }
    let unknown = RawLink {
        flags: 2,
        ..link("main", "10.0.0.1", 1)
    };
    assert!(refusal(vec![unknown]).contains("flags 0x2"));
    let twice = vec![link("main", "10.0.0.1", 1), link("main", "10.0.0.1", 2)];
    assert!(refusal(twice).contains("two links"));
    assert!(refusal(Vec::new()).contains("no link"));
}

#[test]
fn tls_checks_the_host_or_the_name_that_is_given() {
    let tls = |server_name: &str| RawLink {
        flags: 1,
        server_name: server_name.to_owned(),
        ..link("main", "smpp.acme.example", 3550)
    };
    let name = |link| Plan::of_all(vec![link], None, &allowed()).map(|plans| plans[0].tls.clone());
    let shown = |link| name(link).expect("a plan").expect("TLS").to_str().into_owned();
    assert_eq!(shown(tls("")), "smpp.acme.example");
    assert_eq!(shown(tls("gateway.acme.example")), "gateway.acme.example");
    assert!(
        name(tls("no name"))
            .expect_err("a refusal")
            .contains("certificate")
    );
    assert_eq!(name(link("main", "tls.acme.example", 3550)), Ok(None));
}
