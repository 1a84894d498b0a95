//! Files stay small, say what they are for, and are named for what they hold.

use crate::{assert_none, read, rust_sources, sources};
use std::path::Path;

const LONGEST: usize = 400;

#[test]
fn a_file_fits_in_the_head() {
    let offences: Vec<_> = rust_sources()
        .iter()
        .map(|file| (file, read(file).lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(file, lines)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert_none(
        "a file has at most 400 lines: split it by what it decides",
        &offences,
    );
}

#[test]
fn a_file_opens_by_saying_what_it_is_for() {
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| !read(file).starts_with("//! "))
        .map(|file| file.display().to_string())
        .collect();
    assert_none("the first line is `//!` and says what the file is for", &offences);
}

#[test]
fn no_drawer_without_a_label() {
    const DRAWERS: [&str; 9] = [
        "common", "util", "utils", "helper", "helpers", "core", "base", "manager", "types",
    ];
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| {
            file.with_extension("")
                .components()
                .any(|part| DRAWERS.iter().any(|name| part.as_os_str() == *name))
        })
        .map(|file| file.display().to_string())
        .collect();
    assert_none("such a name says nothing of what is inside", &offences);
}

#[test]
fn a_module_lies_beside_its_folder() {
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| file.ends_with("mod.rs"))
        .map(|file| file.display().to_string())
        .collect();
    assert_none(
        "`foo.rs` beside `foo/`: twenty tabs called mod.rs help nobody",
        &offences,
    );
}

/// A test that does not run proves nothing, and nobody notices.
#[test]
fn no_test_is_switched_off() {
    let needle = concat!("#[", "ignore");
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| read(file).contains(needle))
        .map(|file| file.display().to_string())
        .collect();
    assert_none("an ignored test is a promise nobody keeps", &offences);
}

/// A clone must build anywhere: nothing may name the machine it was written on.
#[test]
fn the_repository_stands_alone() {
    let needles = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    let offences: Vec<_> = sources()
        .iter()
        .filter(|file| is_text(file))
        .filter(|file| {
            let text = read(file);
            needles.iter().any(|needle| text.contains(needle))
        })
        .map(|file| file.display().to_string())
        .collect();
    assert_none("an absolute path of somebody's machine", &offences);
}

/// Whoever matches on an error needs its cases; only mains, the command line and tests just show it.
#[test]
fn errors_that_somebody_matches_have_cases() {
    let shows = ["crates/cli/", "crates/xtask/", "tests/"];
    let needle = concat!("any", "how");
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| !shows.iter().any(|room| file.starts_with(room)) && !file.ends_with("main.rs"))
        .filter(|file| read(file).contains(needle))
        .map(|file| file.display().to_string())
        .collect();
    assert_none("an error enum, not anyhow, where somebody may match", &offences);
}

/// What a build makes would only drift from what it is made of.
#[test]
fn nothing_generated_is_committed() {
    let needle = concat!("@gen", "erated");
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| read(file).contains(needle))
        .map(|file| file.display().to_string())
        .collect();
    assert_none("generated code in the repository", &offences);
}

fn is_text(file: &Path) -> bool {
    const ENDINGS: [&str; 12] = [
        "rs", "toml", "md", "proto", "h", "c", "py", "js", "json", "sql", "lock", "txt",
    ];
    file.extension()
        .and_then(|ending| ending.to_str())
        .is_none_or(|ending| ENDINGS.contains(&ending))
}
