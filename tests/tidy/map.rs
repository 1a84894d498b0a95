//! The map is true: `crates/README.md` names every room, and only rooms.

use crate::imports::metadata;
use crate::{assert_none, read};
use std::collections::BTreeSet;
use std::path::Path;

/// `### name` headings of the map, each followed by a paragraph with a "Never".
fn mapped() -> Vec<(String, String)> {
    let text = read(Path::new("crates/README.md"));
    text.split("\n### ")
        .skip(1)
        .map(|section| {
            let (name, body) = section.split_once('\n').unwrap_or((section, ""));
            (
                name.trim().trim_matches('`').to_owned(),
                body.split("\n## ").next().unwrap_or("").to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_room_is_on_the_map_and_no_other() {
    let metadata = metadata();
    let rooms: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .filter_map(|package| {
            package
                .manifest_path
                .parent()?
                .strip_prefix(&metadata.workspace_root)
                .ok()
        })
        .map(|folder| folder.as_str().to_owned())
        .collect();
    let mapped: BTreeSet<String> = mapped().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        mapped, rooms,
        "crates/README.md (left) and the workspace (right) differ"
    );
}

#[test]
fn every_room_has_its_never() {
    let offences: Vec<_> = mapped()
        .into_iter()
        .filter(|(_, body)| !body.contains("Never"))
        .map(|(name, _)| name)
        .collect();
    assert_none("a paragraph and one \"Never\" for each room", &offences);
}

/// The operator's word `twilio` must find the folder, the package and the library file.
#[test]
fn a_package_is_named_after_its_folder() {
    let metadata = metadata();
    let mut offences = Vec::new();
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().expect("a folder");
        let name = folder.file_name().expect("a name");
        let plugin = folder.parent().is_some_and(|parent| parent.ends_with("plugins"));
        let expected = if plugin {
            format!("aldis-carrier-{name}")
        } else {
            format!("aldis-{name}")
        };
        if package.name.as_str() != expected {
            offences.push(format!("{folder}: {} should be {expected}", package.name));
        }
    }
    assert_none(
        "package = aldis- + folder, plugins aldis-carrier- + folder",
        &offences,
    );
}
