//! Exactly one header with exactly one client's token gets in.

use super::*;
use aldis_daemon::config::SecretText;

fn clients() -> Clients {
    let client = |name: &str, token: &str| Client {
        name: ClientName::parse(name).unwrap(),
        token: SecretText::new(token.to_owned()),
        callbacks: false,
        operator: false,
    };
    Clients::new(&[
        client("edge", "token-of-edge"),
        client("billing", "token-of-billing"),
    ])
}

fn asked(headers: &[&str]) -> Option<String> {
    let mut metadata = MetadataMap::new();
    for header in headers {
        metadata.append("authorization", header.parse().unwrap());
    }
    clients()
        .authenticate(&metadata)
        .ok()
        .map(|known| known.name.to_string())
}

#[test]
fn the_right_token_is_its_client() {
    assert_eq!(asked(&["Bearer token-of-edge"]).as_deref(), Some("edge"));
    assert_eq!(asked(&["bearer   token-of-billing"]).as_deref(), Some("billing"));
}

#[test]
fn nothing_else_is_anybody() {
    let wrong: [&[&str]; 9] = [
        &[],
        &["token-of-edge"],
        &["Basic token-of-edge"],
        &["Bearer"],
        &["Bearer "],
        &["Bearer token-of-edg"],
        &["Bearer token-of-edge "],
        &["Bearer token-of-edge", "Bearer token-of-edge"],
        &["Bearer\ttoken-of-edge"],
    ];
    for headers in wrong {
        assert_eq!(asked(headers), None, "{headers:?}");
    }
}
