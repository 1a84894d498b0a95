//! A name is looked up once, and leads only where it may.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

const OURS: [&str; 3] = ["127.0.0.1", "9.9.9.9", "2a00::9"];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn guard(listeners: &[&str]) -> Guard {
    let listeners = listeners.iter().map(|text| text.parse().expect("an address"));
    Guard::new(
        Arc::new(|_| Box::pin(async { Ok(Vec::new()) })),
        listeners.collect(),
    )
}

fn passed(guard: &Guard, named: Named, port: u16, found: &[&str]) -> Result<Vec<String>, String> {
    let found = found.iter().map(|text| ip(text)).collect();
    let ours = OURS.map(ip);
    match guard.passed(named, ("sms.acme.example", port), found, &ours) {
        Ok(passed) => Ok(passed.iter().map(ToString::to_string).collect()),
        Err(astray) => Err(astray.to_string()),
    }
}

#[test]
fn of_a_librarys_host_the_near_addresses_are_left_out() {
    let found = [
        "127.0.0.1",
        "8.8.8.8",
        "10.0.0.1",
        "::1",
        "2606:4700::1",
        "9.9.9.9",
    ];
    assert_eq!(
        passed(&guard(&[]), Named::ByLibrary, 443, &found),
        Ok(vec!["8.8.8.8:443".to_owned(), "[2606:4700::1]:443".to_owned()])
    );
    let said = passed(
        &guard(&[]),
        Named::ByLibrary,
        443,
        &["127.0.0.1", "169.254.169.254", "2a00::9"],
    )
    .expect_err("refused");
    for word in [
        "sms.acme.example",
        "127.0.0.1 is loopback",
        "169.254.169.254 is link-local",
        "2a00::9 is this machine's",
        "base_url or host",
    ] {
        assert!(said.contains(word), "{said}");
    }
    // However it is dressed.
    assert!(passed(&guard(&[]), Named::ByLibrary, 443, &["::ffff:9.9.9.9"]).is_err());
}

#[test]
fn the_operators_host_is_wherever_it_is_but_no_listener_of_ours() {
    let guard = guard(&["127.0.0.1:50052", "0.0.0.0:50051", "[::]:8081"]);
    for address in ["127.0.0.1", "10.0.0.1", "::1", "9.9.9.9"] {
        assert!(
            passed(&guard, Named::ByOperator, 2775, &[address]).is_ok(),
            "{address}"
        );
    }
    for (address, port) in [
        ("127.0.0.1", 50052),
        ("0.0.0.0", 50052),
        ("::ffff:127.0.0.1", 50052),
        ("127.0.0.1", 50051),
        ("127.9.9.9", 50051),
        ("9.9.9.9", 50051),
        ("::1", 8081),
        ("2a00::9", 8081),
        // A socket that listens on every address of IPv6 takes IPv4, too.
        ("9.9.9.9", 8081),
    ] {
        let said = passed(&guard, Named::ByOperator, port, &[address]).expect_err(address);
        assert!(said.contains("own listener"), "{said}");
    }
    for (address, port) in [("9.9.9.9", 50052), ("8.8.8.8", 50051), ("10.0.0.1", 8081)] {
        assert!(
            passed(&guard, Named::ByOperator, port, &[address]).is_ok(),
            "{address}:{port}"
        );
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_a_literal_never() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |name| {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            assert_eq!(name, "sms.acme.example");
            let both = [[8, 8, 8, 8], [127, 0, 0, 1]];
            Ok(both.map(|address| SocketAddr::from((address, 7))).to_vec())
        })
    });
    let guard = Guard::new(lookup, Vec::new());
    let found = guard.addresses(Named::ByLibrary, "sms.acme.example", 443).await;
    assert_eq!(
        found.expect("one address"),
        [SocketAddr::from(([8, 8, 8, 8], 443))]
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    for literal in ["127.0.0.1", "[::1]", "::1", "[fe80::1]", "0.0.0.0"] {
        let found = guard.addresses(Named::ByLibrary, literal, 443).await;
        assert!(matches!(found, Err(Astray::Refused(_))), "{literal}");
        assert!(
            guard.addresses(Named::ByOperator, literal, 443).await.is_ok(),
            "{literal}"
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_name_without_addresses_is_not_found() {
    let none = guard(&[])
        .addresses(Named::ByLibrary, "sms.acme.example", 443)
        .await;
    assert!(matches!(none, Err(Astray::NotFound(_))));
}

#[test]
fn this_machine_knows_its_loopback() {
    let ours = here::among(&[]);
    assert!(ours.contains(&ip("127.0.0.1")), "{ours:?}");
}
