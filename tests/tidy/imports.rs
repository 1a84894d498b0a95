//! Who may know whom: the arrows of the house, read from `cargo metadata`.

use crate::{assert_none, root};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Package, and what of ours it may import. Tests may import everything.
const ARROWS: [(&str, &[&str]); 13] = [
    // The words import nothing of ours, so that they stay free of I/O, clocks and wires.
    ("aldis-message", &[]),
    // A carrier library must build with a tiny tree: it sees only this.
    ("aldis-carrier", &[]),
    ("aldis-carrier-host", &["aldis-carrier"]),
    ("aldis-delivery-api", &["aldis-message"]),
    ("aldis-daemon", &["aldis-message"]),
    (
        "aldis-delivery",
        &[
            "aldis-carrier-host",
            "aldis-daemon",
            "aldis-delivery-api",
            "aldis-message",
        ],
    ),
    // The process the internet reaches never sees carriers or the store.
    (
        "aldis-edge",
        &["aldis-daemon", "aldis-delivery-api", "aldis-message"],
    ),
    (
        "aldis-cli",
        &[
            "aldis-carrier-host",
            "aldis-daemon",
            "aldis-delivery-api",
            "aldis-message",
        ],
    ),
    ("aldis-xtask", &[]),
    ("aldis-carrier-http", &["aldis-carrier"]),
    ("aldis-carrier-sandbox", &["aldis-carrier"]),
    ("aldis-carrier-smpp", &["aldis-carrier"]),
    ("aldis-carrier-twilio", &["aldis-carrier"]),
];

pub(crate) fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .exec()
        .expect("cargo metadata")
}

#[test]
fn each_room_imports_only_what_the_map_allows() {
    let metadata = metadata();
    let mut offences = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        if name == "aldis-tests" {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| *room == name) else {
            offences.push(format!("{name} is not in the table"));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = dependency.name.starts_with("aldis-");
            let ships = dependency.kind != DependencyKind::Development;
            if ours && ships && !allowed.contains(&dependency.name.as_str()) {
                offences.push(format!("{name} imports {}", dependency.name));
            }
        }
    }
    assert_none("the arrows of crates/README.md", &offences);
}

#[test]
fn nobody_imports_a_front_door_a_hand_or_a_carrier() {
    let metadata = metadata();
    let mut offences = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let leaf = ["aldis-edge", "aldis-delivery", "aldis-cli", "aldis-xtask"]
                .contains(&dependency.name.as_str())
                || (dependency.name.starts_with("aldis-carrier-") && dependency.name != "aldis-carrier-host");
            if leaf && package.name.as_str() != "aldis-tests" {
                offences.push(format!("{} imports {}", package.name, dependency.name));
            }
        }
    }
    assert_none("only the tests import what ends a chain", &offences);
}
