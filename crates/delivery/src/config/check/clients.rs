//! Judges `[[clients]]`: who may call, and with which tokens.

use super::super::Client;
use super::super::raw::RawClient;
use super::Judge;
use aldis_daemon::config::{Secret, SecretText};

/// The least length of a token: as many characters as a secret of the edge has bytes (RFC 7518 section 3.2).
const SHORTEST: usize = 32;

pub(super) fn clients(judge: &mut Judge<'_>, raw: &[RawClient]) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    if raw.is_empty() {
        judge.fault("clients", "at least one client must be allowed to call");
    }
    for (index, client) in raw.iter().enumerate() {
        let key = |field| format!("clients[{index}].{field}");
        let name = judge.take(&key("name"), client.name.parse());
        let tokens = tokens(judge, index, client, &clients);
        let Some(name) = name else { continue };
        if clients.iter().any(|other| other.name == name) {
            judge.fault(&key("name"), "two clients have this name");
        }
        clients.push(Client {
            name,
            tokens,
            callbacks: client.callbacks,
            operator: client.operator,
        });
    }
    clients
}

/// Reads `token`, or `tokens` while they are being rotated.
fn tokens(judge: &mut Judge<'_>, index: usize, client: &RawClient, others: &[Client]) -> Vec<SecretText> {
    let key = |field: &str| format!("clients[{index}].{field}");
    let given: Vec<(String, &Secret)> = match (&client.token, &client.tokens) {
        (Some(token), None) => vec![(key("token"), token)],
        (None, Some(tokens)) => {
            let numbered = tokens.iter().enumerate();
            numbered
                .map(|(number, token)| (key(&format!("tokens[{number}]")), token))
                .collect()
        }
        (Some(_), Some(_)) => {
            judge.fault(
                &key("tokens"),
                "a client has a token, or a list of tokens, not both",
            );
            return Vec::new();
        }
        (None, None) => Vec::new(),
    };
    if given.is_empty() {
        judge.fault(&key("token"), "a client needs a token, or a list of tokens");
    }
    let mut tokens: Vec<SecretText> = Vec::new();
    for (key, secret) in given {
        let Some(token) = judge.secret(&key, secret) else {
            continue;
        };
        let known = others.iter().flat_map(|other| &other.tokens).chain(&tokens);
        if known.into_iter().any(|other| other.expose() == token.expose()) {
            judge.fault(&key, "this token is there twice");
        }
        if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            judge.fault(&key, "a token has visible ASCII characters only");
        }
        if token.expose().len() < SHORTEST && !client.allow_short_secret {
            judge.fault(
                &key,
                "a token has at least 32 characters; allow_short_secret = true takes a shorter one",
            );
        }
        tokens.push(token);
    }
    tokens
}
