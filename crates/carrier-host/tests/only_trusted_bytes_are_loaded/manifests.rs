//! A manifest beside a library is held against the file before any of its code runs, and against what is compiled in
//! after that.

use super::{HERE, WORKER, refusal_in};
use crate::stage::{compile, libraries};
use aldis_carrier_host::{Isolation, Manifest, Trust};
use serde_json::{Value, json};
use std::path::Path;

fn write(library: &Path, change: impl FnOnce(&mut Value)) {
    let mut manifest = Manifest::of(library).expect("a manifest").to_json();
    change(&mut manifest);
    let text = serde_json::to_vec_pretty(&manifest).expect("JSON");
    std::fs::write(Manifest::file_of(library), text).expect("written");
}

#[test]
fn a_manifest_says_what_the_library_is() {
    let (_dir, file) = compile("plain", &[]);
    let manifest = Manifest::of(&file).expect("a manifest");
    assert_eq!(manifest.descriptor()["version"], "1.2.3");
    assert_eq!(manifest.abi(), ("1.0".to_owned(), "1.0".to_owned()));
    assert!(manifest.platform().ends_with("-linux-gnu") && manifest.glibc().is_some());
    assert!(Manifest::file_of(&file).ends_with("libaldis_carrier_fixture.json"));
    assert!(Manifest::beside(&file).expect("none yet").is_none());
    write(&file, |_| {});
    assert_eq!(Manifest::beside(&file).expect("a manifest"), Some(manifest));
    for isolation in [HERE, WORKER] {
        libraries()
            .load(&file, &Trust::Anything, isolation)
            .expect("a library");
    }
}

/// The constructor would leave a file behind.
#[test]
fn nothing_runs_of_a_library_that_is_not_the_manifests() {
    let trace = tempfile::tempdir().expect("a folder");
    let ran = trace.path().join("ran");
    let (_dir, file) = compile("constructor", &[&format!("TRACE=\"{}\"", ran.display())]);
    let mut libraries = libraries();
    let manifest = Manifest::of(&file).expect("a manifest").to_json();
    std::fs::remove_file(&ran).expect("making it runs it");
    for (pointer, value, words) in [
        ("/sha256", json!("00".repeat(32)), "of another file"),
        (
            "/platform",
            json!("riscv64-unknown-linux-gnu"),
            "riscv64-unknown-linux-gnu",
        ),
        ("/glibc", json!("9.9"), "glibc 9.9"),
        ("/abi/major", json!(2), "2.0"),
        ("/abi/min_host_minor", json!(7), "1.7"),
        ("/abi", json!(null), "abi.major, which is missing"),
    ] {
        let mut changed = manifest.clone();
        *changed.pointer_mut(pointer).expect("a member") = value;
        std::fs::write(Manifest::file_of(&file), changed.to_string()).expect("written");
        let sentence = libraries
            .load(&file, &Trust::Anything, HERE)
            .expect_err(pointer)
            .to_string();
        assert!(
            sentence.contains("libaldis_carrier_fixture.json") && sentence.contains(words),
            "{sentence}"
        );
    }
    std::fs::write(Manifest::file_of(&file), "{\n oops").expect("written");
    let sentence = libraries
        .load(&file, &Trust::Anything, HERE)
        .expect_err("no JSON")
        .to_string();
    assert!(sentence.contains("line 2, column 2"), "{sentence}");
    assert!(!ran.exists());
    std::fs::write(Manifest::file_of(&file), manifest.to_string()).expect("written");
    libraries.load(&file, &Trust::Anything, HERE).expect("a library");
    assert!(ran.exists(), "the constructor proves something");
}

#[test]
fn a_manifest_that_says_less_than_is_compiled_in_is_refused() {
    let (_dir, file) = compile("plain", &[]);
    for (pointer, value, key) in [
        ("/descriptor/version", json!("1.2.4"), "descriptor.version"),
        ("/descriptor/styles", json!([]), "descriptor.styles"),
        (
            "/descriptor/unheard_of",
            json!({ "more": 1 }),
            "descriptor.unheard_of.more",
        ),
    ] {
        write(&file, |manifest| {
            *manifest.pointer_mut(pointer).expect("a member") = value;
        });
        for isolation in [HERE, WORKER] {
            let sentence = refusal_in(&file, &Trust::Anything, isolation);
            assert!(sentence.contains(&format!("differs in {key} ")), "{sentence}");
        }
    }
    write(&file, |manifest| manifest["abi"]["minor"] = json!(5));
    let sentence = refusal_in(&file, &Trust::Anything, Some(Isolation::InProcess));
    assert!(sentence.contains("differs in abi "), "{sentence}");
}

/// What lies in `plugin_dirs` may be a link to one of several builds.
#[test]
fn a_manifest_is_found_beside_what_is_linked() {
    let (_dir, file) = compile("plain", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("libaldis_carrier_fixture.so");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    write(&file, |manifest| manifest["sha256"] = json!("00".repeat(32)));
    let sentence = refusal_in(&link, &Trust::Anything, HERE);
    assert!(sentence.contains("of another file"), "{sentence}");
    // The one beside the link counts first.
    let right = Manifest::of(&file).expect("a manifest").to_json();
    std::fs::write(Manifest::file_of(&link), right.to_string()).expect("written");
    libraries()
        .load(&link, &Trust::Anything, HERE)
        .expect("a library");
}
