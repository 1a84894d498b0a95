//! `aldis carrier check` on libraries with one fault each: it names it, says how to mend it, and exits with 1. The same
//! library without a fault passes, and so does what looks odd and is allowed.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "c_libraries/compiler.rs"]
mod compiler;
#[path = "the_kit_names_each_fault/planted.rs"]
mod planted;

use planted::{OF_HTTP, OF_SESSIONS, Planted};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// As many as there are processors on a small machine.
const AT_ONCE: usize = 2;

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../carrier-host/tests/broken")
}

/// Compiles a library with these words defined.
fn compile(folder: &Path, source: &str, words: &[String]) -> PathBuf {
    let file = folder.join("libaldis_carrier_broken.so");
    let mut cc = compiler::library(&file);
    cc.args(words.iter().map(|word| format!("-D{word}")));
    cc.arg(home().join(source));
    if words.iter().any(|word| word == "FAULT_panic") {
        let rust = folder.join("libpanics.a");
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc
            .args(["--edition=2024", "--crate-type=staticlib", "-o"])
            .arg(&rust)
            .arg(home().join("panics.rs"));
        assert!(rustc.status().expect("rustc").success());
        cc.arg(&rust).args(["-lgcc_s", "-lpthread"]);
    }
    compiler::compile(&mut cc);
    file
}

/// `call:fault`, or `fault`.
fn words(fault: &str) -> Vec<String> {
    match fault.split_once(':') {
        Some((call, fault)) => vec![format!("IN_{call}"), format!("FAULT_{fault}")],
        None => vec![format!("FAULT_{fault}")],
    }
}

fn check(library: &Path, fixtures: &str, more: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_aldis"))
        .args(["--output", "json", "carrier", "check"])
        .arg(library)
        .arg("--fixtures")
        .arg(home().join(fixtures))
        .args(more)
        .output()
        .expect("aldis");
    let said = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), said)
}

/// Whether the fault is named, and else what is said.
fn silence(source: &str, (fault, promise, expected): &Planted) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let library = compile(folder.path(), source, &words(fault));
    let (code, said) = check(&library, "fixtures", &["--only", promise]);
    let finding = &said["findings"][0];
    let faults = finding["faults"].as_array().cloned().unwrap_or_default();
    let named = faults.iter().any(|fault| {
        fault["what"].as_str().is_some_and(|what| what.contains(expected))
            && fault["mend"].as_str().is_some_and(|mend| !mend.is_empty())
    });
    (code != Some(1) || !named).then(|| format!("{fault} ({promise}), {code:?}: {finding:#}"))
}

fn each_is_named(source: &str, planted: &'static [Planted]) {
    let (next, silent) = (Mutex::new(planted.iter()), Mutex::new(Vec::new()));
    let take = || next.lock().expect("a lock").next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(planted) = take() {
                    let said = silence(source, planted);
                    silent.lock().expect("a lock").extend(said);
                }
            });
        }
    });
    let silent = silent.into_inner().expect("a lock");
    assert!(silent.is_empty(), "not named:\n{}", silent.join("\n"));
}

#[test]
fn whatever_it_is() {
    each_is_named("broken.c", OF_HTTP);
}

#[test]
fn of_a_session_too() {
    each_is_named("session.c", OF_SESSIONS);
}

#[test]
fn without_a_fault_there_is_nothing_to_name() {
    for source in ["broken.c", "session.c"] {
        let folder = tempfile::tempdir().expect("a folder");
        let junit = folder.path().join("junit.xml");
        let library = compile(folder.path(), source, &[]);

        let (code, said) = check(&library, "fixtures", &["--junit", &junit.display().to_string()]);

        assert_eq!(code, Some(0), "{source}: {said:#}");
        let xml = std::fs::read_to_string(junit).expect("a report");
        assert!(
            xml.contains(r#"failures="0" errors="0""#) && xml.contains(r#"name="lent-buffers""#),
            "{xml}"
        );
    }
}

/// What a library is compiled with that is allowed, the fixtures it has, and the promises that might be thought broken.
const LEGAL: &[(&str, &str, &[&str])] = &[
    ("LEGAL_slow", "fixtures", &["memory", "instances", "time"]),
    ("LEGAL_key", "proved", &["callbacks"]),
    (
        "LEGAL_kv",
        "fixtures",
        &["newer-host", "instances", "lent-buffers"],
    ),
    (
        "LEGAL_no_settings",
        "fixtures",
        &["loads", "settings", "instances"],
    ),
];

#[test]
fn what_is_allowed_is_not_named() {
    for (word, fixtures, promises) in LEGAL {
        let folder = tempfile::tempdir().expect("a folder");
        let library = compile(folder.path(), "broken.c", &[(*word).to_owned()]);
        let only: Vec<_> = promises.iter().flat_map(|promise| ["--only", promise]).collect();
        let (code, said) = check(&library, fixtures, &only);
        assert_eq!(code, Some(0), "{word}: {said:#}");
    }
}

/// What is wrong with the author's own file is no fault of every promise.
#[test]
fn settings_that_do_not_fit_are_named_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = compile(folder.path(), "broken.c", &[]);
    std::fs::write(folder.path().join("settings.json"), r#"{ "no_such_setting": 1 }"#).expect("written");
    let fixtures = folder.path().display().to_string();
    let (code, said) = check(&library, &fixtures, &[]);
    assert_eq!((code, &said["broken"]), (Some(1), &Value::from(1)), "{said:#}");
    let findings = said["findings"].as_array().expect("findings");
    let broken = findings.iter().find(|finding| finding["verdict"] == "broken");
    assert_eq!(broken.expect("one is broken")["promise"], "settings", "{said:#}");
}

#[test]
fn who_believes_everybody_is_named_where_nothing_is_signed() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = compile(folder.path(), "broken.c", &words("believes_callers"));
    let (code, said) = check(&library, "proved", &["--only", "callbacks"]);
    assert_eq!(code, Some(1), "{said:#}");
    assert!(
        said.to_string().contains("still verified without any header"),
        "{said:#}"
    );
}

#[test]
fn the_guide_names_each_promise() {
    let guide = include_str!("../../carrier/README.md");
    for promise in aldis_carrier_host::kit::PROMISES {
        let name = format!("`{}`", promise.name);
        assert!(guide.contains(&name), "{name}");
    }
}
