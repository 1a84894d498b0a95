//! What is mapped is what was hashed, and only what the operator trusts and a look at it lets pass.
#![cfg(target_os = "linux")]

mod manifests;

use crate::stage::{TOKEN, compile, compile_as, compile_with, libraries, submission, try_instance};
use aldis_carrier_host::{Isolation, Libraries, Library, Pin, Sha256, Trust};
use serde_json::json;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

const HERE: Option<Isolation> = Some(Isolation::InProcess);
const WORKER: Option<Isolation> = Some(Isolation::Worker);

fn pinned(sha256: Sha256, version: &str) -> Trust {
    Trust::Pinned(vec![Pin {
        version: version.to_owned(),
        sha256,
        first_party: false,
    }])
}

fn refusal(path: &Path, trust: &Trust) -> String {
    refusal_in(path, trust, HERE)
}

fn refusal_in(path: &Path, trust: &Trust, isolation: Option<Isolation>) -> String {
    libraries()
        .load(path, trust, isolation)
        .expect_err("refused")
        .to_string()
}

#[test]
fn a_pin_is_a_hash_and_a_version() {
    let (_dir, file) = compile("plain", &[]);
    let sha256 = Sha256::of(&std::fs::read(&file).expect("the file"));
    let load = |trust| libraries().load(&file, &trust, HERE);
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

/// A library is mapped in a worker first, whoever trusts it.
#[test]
fn nothing_is_mapped_untried() {
    let (_dir, file) = compile("plain", &[]);
    let sha256 = Sha256::of(&std::fs::read(&file).expect("the file"));
    for trust in [pinned(sha256, "1.2.3"), Trust::Anything] {
        let refused = Libraries::default().load(&file, &trust, HERE);
        let sentence = refused.expect_err("refused").to_string();
        assert!(
            sentence.contains("aldis-carrier-worker") && sentence.contains("try it"),
            "{sentence}"
        );
        libraries().load(&file, &trust, HERE).expect("a library");
    }
}

fn generation(number: usize) -> (tempfile::TempDir, std::path::PathBuf) {
    compile("plain", &[&format!("MARK=\"generation {number}\"")])
}

#[test]
fn a_replaced_library_is_a_new_one_beside_the_old_and_the_ninth_is_in_a_worker() {
    let mut libraries = libraries();
    let mut all: Vec<Library> = Vec::new();
    for number in 0..8 {
        let (_dir, file) = generation(number);
        let library = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
        assert!(all.iter().all(|other| *other != library));
        assert_eq!(library.isolation(), Isolation::InProcess);
        all.push(library);
    }
    let (_dir, file) = generation(8);
    let ninth = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
    assert_eq!(ninth.isolation(), Isolation::Worker);
    let again = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
    assert_eq!(again.isolation(), Isolation::Worker);
}

/// Whether sealed memory with that text is still open in this process.
fn in_sealed_memory(mark: &str) -> bool {
    let open = std::fs::read_dir("/proc/self/fd").expect("a list").flatten();
    let sealed = open.filter(|one| {
        let target = std::fs::read_link(one.path()).unwrap_or_default();
        target.to_string_lossy().contains("memfd:aldis-carrier")
    });
    sealed
        .filter_map(|one| std::fs::File::open(one.path()).ok())
        .any(|file| {
            let mut bytes = vec![0; 64 * 1024];
            let count = file.read_at(&mut bytes, 0).unwrap_or(0);
            bytes[..count]
                .windows(mark.len())
                .any(|window| window == mark.as_bytes())
        })
}

#[test]
fn a_library_for_workers_is_forgotten_with_its_last_owner() {
    let mark = "a generation that nobody wants any more";
    let (_dir, file) = compile("plain", &[&format!("MARK=\"{mark}\"")]);
    let mut libraries = libraries();
    let library = libraries
        .load(&file, &Trust::Anything, WORKER)
        .expect("a library");
    let same = libraries
        .load(&file, &Trust::Anything, WORKER)
        .expect("a library");
    assert_eq!(library, same);
    drop(library);
    assert!(in_sealed_memory(mark), "somebody has it");
    drop(same);
    assert!(!in_sealed_memory(mark));
    libraries.load(&file, &Trust::Anything, WORKER).expect("anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_slow_for_this_process_is_in_a_worker_when_it_is_loaded_next() {
    let (_dir, file) = compile_as("broken", "broken", &[]);
    let mut libraries = libraries();
    let library = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
    let settings = json!({ "base_url": "http://127.0.0.1:9" });
    let instance = try_instance(&library, settings, TOKEN).expect("an instance");
    for _ in 0..3 {
        let again = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
        assert_eq!(
            (again.isolation(), instance.metrics().outstayed),
            (Isolation::InProcess, false)
        );
        instance.submit(submission("slow")).await;
    }
    assert!(instance.metrics().outstayed);
    let moved = libraries.load(&file, &Trust::Anything, HERE).expect("a library");
    assert_eq!(moved.isolation(), Isolation::Worker);
    assert_eq!(library.isolation(), Isolation::InProcess, "what is mapped stays");
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
        (&["-Wl,-f,evil.so"], "DT_AUXILIARY"),
        (&["-Wl,-F,evil.so"], "DT_FILTER"),
        (&["-Wl,--audit,evil.so"], "DT_AUDIT"),
        (&["-Wl,--depaudit,evil.so"], "DT_DEPAUDIT"),
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

/// Go's libraries export their runtime and want static thread-local memory.
#[test]
fn what_only_a_process_of_many_minds_is_left_to_a_worker() {
    for flags in [
        &["-DSTATIC_TLS", "-ftls-model=initial-exec"][..],
        &["-DMORE_SYMBOLS"],
    ] {
        let (_dir, file) = compile_with("suspicious", flags);
        let sentence = refusal(&file, &Trust::Anything);
        assert!(sentence.contains("in a worker it may"), "{sentence}");
        libraries()
            .load(&file, &Trust::Anything, WORKER)
            .expect("a library");
    }
    let (_dir, file) = compile_with("suspicious", &["-Wl,-f,evil.so"]);
    assert!(refusal_in(&file, &Trust::Anything, WORKER).contains("DT_AUXILIARY"));
}

#[test]
fn a_needed_library_whose_name_only_begins_well_is_refused() {
    let (_other, other) = compile_with("suspicious", &["-Wl,-soname,libc.so.6.evil", "-DMORE_SYMBOLS"]);
    let other = other.display().to_string();
    let (_dir, file) = compile_with("suspicious", &["-Wl,--no-as-needed", &other]);
    let sentence = refusal(&file, &Trust::Anything);
    assert!(sentence.contains("needs libc.so.6.evil"), "{sentence}");
}
