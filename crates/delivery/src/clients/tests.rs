//! Exactly one header with exactly one client's token gets in.

use super::*;
use aldis_daemon::config::SecretText;

fn clients() -> Clients {
    let client = |name: &str, token: &str| Client {
        name: ClientName::parse(name).unwrap(),
        tokens: vec![SecretText::new(token.to_owned())],
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

/// A token that is being rotated is the client's beside the new one; then it is nobody's.
#[test]
fn a_client_may_have_several_tokens_and_get_others() {
    let client = |tokens: &[&str]| Client {
        name: ClientName::parse("edge").unwrap(),
        tokens: tokens
            .iter()
            .map(|token| SecretText::new((*token).to_owned()))
            .collect(),
        callbacks: true,
        operator: false,
    };
    let clients = Clients::new(&[client(&["old", "new"])]);
    let shared = clients.clone();
    let asked = |token: &str| {
        let mut metadata = MetadataMap::new();
        metadata.append("authorization", format!("Bearer {token}").parse().unwrap());
        shared
            .authenticate(&metadata)
            .ok()
            .map(|known| known.name.to_string())
    };
    assert_eq!(asked("old").as_deref(), Some("edge"));
    assert_eq!(asked("new").as_deref(), Some("edge"));
    clients.replace(&[client(&["new", "newest"])]);
    assert_eq!(asked("old"), None);
    assert_eq!(asked("new").as_deref(), Some("edge"));
    assert_eq!(asked("newest").as_deref(), Some("edge"));
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
