//! What we are built from: one TLS stack, and nothing dangerous at the front door.

use crate::{assert_none, root};
use std::process::Command;

/// The crates a package is built from on this machine, build scripts left out.
fn tree(package: &str) -> Vec<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "tree",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    assert!(
        output.status.success(),
        "cargo tree {package}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut names: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    assert!(
        names.iter().any(|name| name == package),
        "the tree of {package} lacks {package}"
    );
    names
}

fn offences(package: &str, banned: &[&str]) -> Vec<String> {
    tree(package)
        .into_iter()
        .filter(|name| banned.contains(&name.as_str()))
        .map(|name| format!("{package} is built from {name}"))
        .collect()
}

/// The process the internet reaches loads no foreign code, holds no store and sends to no carrier.
#[test]
fn the_front_door_has_no_native_doors() {
    assert_none(
        "the edge's tree",
        &offences(
            "aldis-edge",
            &[
                "libloading",
                "rusqlite",
                "libsqlite3-sys",
                "reqwest",
                "aldis-carrier",
            ],
        ),
    );
}

/// Two TLS stacks are two lists of advisories and two trust stores.
#[test]
fn one_tls_stack() {
    let banned = ["ring", "openssl", "openssl-sys", "native-tls", "rsa"];
    let mut found = Vec::new();
    for package in ["aldis-edge", "aldis-delivery", "aldis-cli"] {
        found.extend(offences(package, &banned));
    }
    assert_none("aws-lc-rs is the one crypto library of the services", &found);
}

/// An author outside this repository pays for every crate of the kit.
#[test]
fn a_carrier_builds_from_a_tiny_tree() {
    let tree = tree("aldis-carrier");
    assert!(
        tree.len() <= 25,
        "aldis-carrier is built from {} crates: {tree:?}",
        tree.len()
    );
    assert_none(
        "no runtime in the kit",
        &offences("aldis-carrier", &["tokio", "reqwest", "hyper", "libloading"]),
    );
}

/// A pure word may not bring I/O along.
#[test]
fn the_words_do_no_io() {
    assert_none(
        "the words' tree",
        &offences(
            "aldis-message",
            &["tokio", "serde_json", "rusqlite", "reqwest", "tonic"],
        ),
    );
}
