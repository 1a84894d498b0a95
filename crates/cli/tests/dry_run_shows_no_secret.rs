//! `aldis carrier dry-run` gives a library the carrier's secrets, and shows none of them, wherever the library writes one
//! and however it is encoded there.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::expect_used, reason = "a test")]

#[path = "c_libraries/compiler.rs"]
mod compiler;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A secret with what must be escaped in JSON, XML, URLs and forms.
const TOKEN: &str = "plAnted \"kEy\"&<4>+/=%zZ";
const OTHER: &str = "anothEr-seCret";

fn compiled(folder: &Path) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = folder.join("libaldis_carrier_quoting.so");
    let source = manifest.join("tests/dry_run_shows_no_secret/quoting.c");
    compiler::compile(compiler::library(&file).arg(source));
    file
}

/// A dry run of a carrier that behaves like this; the settings beside the token.
fn dry_run(how: &str, more: &str, form: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, token, answer) = ("delivery.toml", "token", "answer.json");
    let at = |name: &str| folder.path().join(name);
    let toml = format!(
        "[[carriers]]\nname = \"quoting\"\nplugin = \"quoting\"\n[carriers.settings]\nhow = \"{how}\"\n\
         base_url = \"http://127.0.0.1:9\"\n{more}\ntoken = {{ file = \"{}\" }}\n",
        at(token).display()
    );
    std::fs::write(at(settings), toml).expect("written");
    std::fs::write(at(token), TOKEN).expect("written");
    std::fs::write(at(answer), r#"{"status": 400, "body": {}}"#).expect("written");
    let mut aldis = Command::new(env!("CARGO_BIN_EXE_aldis"));
    aldis
        .args(["--output", form, "carrier", "dry-run", "--config"])
        .arg(at(settings));
    aldis.arg("--answer").arg(at(answer)).arg(compiled(folder.path()));
    aldis.output().expect("aldis")
}

/// Returns what was said, in which no secret is.
fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(both).expect("UTF-8");
    for part in [
        "plAnted",
        "kEy",
        "zZ",
        "anothEr",
        "seCret",
        // "plAnted" in base 16, in escapes, and the middle of it in base64 at each of three places.
        "706c416e746564",
        "706C416E746564",
        "%70%6C",
        "%70%6c",
        "%2570%256",
        "\\u0070",
        "&#x70",
        "&#112",
        "BsQW50ZW",
        "xBbnRlZ",
        "QW50ZWQ",
    ] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
    text
}

#[test]
fn wherever_the_library_writes_it() {
    for form in ["text", "json"] {
        let output = dry_run("quotes", "", form);
        let text = said(&output);
        assert!(output.status.success(), "{text}");
        // It was there: in the address, three headers, the body, and the outcome.
        for word in [
            "percent=[hidden]&",
            "x-token",
            "x-[hidden]",
            "plain=[hidden]&",
            "id-[hidden]",
            "code-[hidden]",
        ] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
    }
}

#[test]
fn nor_where_something_goes_wrong() {
    for (how, words) in [
        ("refuses", "token: [hidden] is wrong"),
        ("bad_url", "it wrote a request with a URL"),
        ("aborts", "it aborted the whole process: submit"),
    ] {
        for form in ["text", "json"] {
            let output = dry_run(how, "", form);
            let text = said(&output);
            assert_eq!(output.status.code(), Some(1), "{text}");
            assert!(text.contains(words), "{words} is not in {text}");
        }
    }
}

/// A secret among the plain settings, where delivery does not take it.
#[test]
fn nor_one_that_only_the_schema_marks() {
    let output = dry_run("other", &format!("other = \"{OTHER}\""), "text");
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("[hidden]"), "{text}");
}
