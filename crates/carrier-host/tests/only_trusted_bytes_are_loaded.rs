//! What is mapped is what was hashed, and only what the operator trusts and a look at it lets pass.
#![cfg(target_os = "linux")]

use crate::stage::{compile, compile_with};
use aldis_carrier_host::{Isolation, Libraries, Library, Pin, Sha256, Trust};
use std::path::Path;

const HERE: Option<Isolation> = Some(Isolation::InProcess);

fn pinned(sha256: Sha256, version: &str) -> Trust {
    Trust::Pinned(vec![Pin {
        version: version.to_owned(),
        sha256,
        first_party: false,
    }])
}

fn refusal(path: &Path, trust: &Trust) -> String {
    Libraries::default()
        .load(path, trust, HERE)
        .expect_err("refused")
        .to_string()
}

#[test]
fn a_pin_is_a_hash_and_a_version() {
    let (_dir, file) = compile("plain", &[]);
    let sha256 = Sha256::of(&std::fs::read(&file).expect("the file"));
    let load = |trust| Libraries::default().load(&file, &trust, HERE);
    assert_eq!(load(pinned(sha256, "1.2.3")).expect("a library").sha256(), sha256);
    let sentence = refusal(&file, &pinned(sha256, "1.2.4"));
    assert!(
        sentence.contains("version 1.2.3") && sentence.contains("1.2.4"),
        "{sentence}"
    );
    let other = Sha256::of(b"another");
    let sentence = refusal(&file, &pinned(other, "1.2.3"));
    assert!(
        sentence.contains(&sha256.to_string()) && sentence.contains(&other.to_string()),
        "{sentence}"
    );
    assert!(sentence.starts_with(&file.display().to_string()), "{sentence}");
}

/// A library whose constructor leaves a file behind shows whether it was mapped at all.
#[test]
fn nothing_of_an_unpinned_library_runs() {
    let trace = tempfile::tempdir().expect("a folder").keep();
    let define = format!("TRACE=\"{}/ran\"", trace.display());
    let (_dir, file) = compile("constructor", &[&define]);
    refusal(&file, &pinned(Sha256::of(b"another"), "1.2.3"));
    assert!(!trace.join("ran").exists());
    Library::load(&file).expect("a library");
    assert!(trace.join("ran").exists(), "the constructor proves something");
}

#[test]
fn what_becomes_of_the_file_does_not_matter() {
    let (_dir, file) = compile("plain", &[]);
    let library = Library::load(&file).expect("a library");
    std::fs::write(&file, "overwritten in place").expect("written");
    let maps = std::fs::read_to_string("/proc/self/maps").expect("maps");
    assert!(maps.contains("/memfd:aldis-carrier (deleted)"), "{maps}");
    assert!(!maps.contains(&file.display().to_string()), "{maps}");
    assert_eq!(library.descriptor().version, "1.2.3");
}

#[test]
fn a_replaced_library_is_a_new_one_beside_the_old_up_to_eight() {
    let mut libraries = Libraries::default();
    let mut all: Vec<Library> = Vec::new();
    for generation in 0..8 {
        let (_dir, file) = compile("plain", &[&format!("MARK=\"generation {generation}\"")]);
        let library = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
        assert!(all.iter().all(|other| *other != library));
        all.push(library);
    }
    let (_dir, file) = compile("plain", &["MARK=\"one too many\""]);
    let sentence = libraries
        .load(&file, &Trust::Anything, HERE)
        .expect_err("refused")
        .to_string();
    assert!(sentence.contains("restart"), "{sentence}");
}

#[test]
fn what_is_no_library_of_ours_is_not_mapped() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("libaldis_carrier_fixture.so");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo").success());
    assert!(refusal(&fifo, &Trust::Anything).contains("regular file"));
    for (flags, words) in [
        (&["-Wl,-z,execstack"][..], "executable stack"),
        (&["-Wl,-rpath,/tmp/evil", "-Wl,--disable-new-dtags"], "/tmp/evil"),
        (&["-Wl,-rpath,$ORIGIN"], "$ORIGIN"),
        (&["-DSTATIC_TLS", "-ftls-model=initial-exec"], "thread-local"),
        (&["-DMORE_SYMBOLS"], "exports 2 symbols besides"),
        (
            &["-nostdlib", "-Wl,--no-as-needed", "-ldl", "-lresolv"],
            "libresolv.so.2",
        ),
    ] {
        let (_dir, file) = compile_with("suspicious", flags);
        let sentence = refusal(&file, &Trust::Anything);
        assert!(sentence.contains(words), "{flags:?}: {sentence}");
    }
    let (_dir, file) = compile_with("suspicious", &[]);
    Library::load(&file).expect("without suspicious flags it is none");
}
