//! `aldis carrier check` on libraries with one fault each: it names it, says how to mend it, and exits with 1. The same
//! library without a fault passes.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The fault it is compiled with, the promise that breaks, and what is said of it.
const FAULTS: &[(&str, &str, &str)] = &[
    ("undefined", "loads", "undefined symbol"),
    ("entry_size", "loads", "the struct_size of aldis_entry is 88"),
    ("styles", "loads", "does not list the style \"webhook\""),
    ("prefix_id", "loads", "unknown id \"aldis.http/1x\""),
    (
        "takes_anything",
        "settings",
        "makes an instance without \"base_url\"",
    ),
    (
        "outcome_size",
        "one-word",
        "the struct_size of aldis_outcome is 32",
    ),
    (
        "stride",
        "one-word",
        "the stride of aldis_str in aldis_outcome.carrier_ids is 8",
    ),
    ("class", "one-word", "ended with the unknown class 99"),
    ("unzeroed", "one-word", "aldis_outcome.pad is 7 instead of zero"),
    ("two_words", "one-word", "called its sink 2 times instead of once"),
    (
        "no_word",
        "one-word",
        "submit returned ALDIS_OK without calling its sink",
    ),
    ("error", "one-word", "submit returned -77"),
    ("contained_panic", "one-word", "submit panicked"),
    ("asks_again", "one-word", "asked for more than 4 requests"),
    ("bad_url", "one-word", "a URL that is none"),
    (
        "other_host",
        "one-word",
        "elsewhere.example, which is not among its allowed_hosts",
    ),
    (
        "unmarked_secret",
        "one-word",
        "the header authorization holds a secret and is not marked",
    ),
    ("keeps_sink", "one-word", "spoke into a sink"),
    ("exit", "one-word", "ended the whole process (exit code 0)"),
    ("abort", "one-word", "aborted the whole process"),
    ("panic", "one-word", "panicked, and nothing contained the panic"),
    ("null", "one-word", "read through a null pointer"),
    ("divides", "one-word", "division by zero"),
    ("hangs", "one-word", "did not return within 10 s"),
    ("in_place", "older-host", "beyond the end of the struct msg"),
    ("resp_in_place", "older-host", "beyond the end of the struct resp"),
    (
        "own_stride",
        "newer-host",
        "when the pairs in lists of a newer host is 64 bytes longer",
    ),
    ("oversize_copy", "newer-host", ""),
    (
        "keeps_text",
        "lent-buffers",
        "used the text of msg.text, which was lent for submit, after that call had returned",
    ),
    (
        "keeps_struct",
        "lent-buffers",
        "used the struct msg, which was lent for submit, after that call had returned",
    ),
    (
        "past_text",
        "lent-buffers",
        "read beyond the end of the text of msg.text, 1 bytes past the",
    ),
    (
        "writes_lent",
        "lent-buffers",
        "wrote into the text of msg.text, which is lent for reading only",
    ),
    ("believes_all", "replies", "said accepted"),
    (
        "resends",
        "replies",
        "to the reply no answer (Timeout), request written, it said temporary",
    ),
    (
        "believes_all",
        "fuzzed-replies",
        "takes a reply that is no 2xx for a yes",
    ),
    ("torn_json", "replies", "beyond the end of the bytes of resp.body"),
    (
        "believes_callers",
        "callbacks",
        "it is verified instead of unverified",
    ),
    (
        "global",
        "instances",
        "once there is a second instance, the first answers otherwise",
    ),
    ("shared_buffer", "instances", "with 64 threads at once"),
    (
        "logs",
        "privacy",
        "a phone number shows in a log line",
    ),
    (
        "logs_text",
        "privacy",
        "the text of a message shows in a log line or a metric: an attempt",
    ),
    (
        "logs_secret",
        "privacy",
        "a secret shows in a log line or a metric: an attempt",
    ),
    (
        "logs_at_create",
        "privacy",
        "a secret shows in a log line or a metric: instance_create",
    ),
    ("thread", "process", "started"),
    ("file", "process", "left a file open"),
    ("signal", "process", "changed what signals do (SIGUSR1)"),
    ("folder", "process", "changed the working directory"),
    ("environment", "process", "changed the environment (BROKEN)"),
    ("umask", "process", "changed the umask"),
    ("locale", "process", "changed the locale"),
    ("prints", "quiet", "to standard output"),
    ("prints_error", "quiet", "to standard error"),
    ("sleeps", "time", "it blocks"),
    ("slow", "time", "of processor time"),
    ("sleeps", "system-calls", "clock_nanosleep"),
    ("connects", "system-calls", "the system call socket"),
    ("leak", "memory", "each attempt leaves"),
    ("leaks_instance", "memory", "each instance leaves"),
];

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../carrier-host/tests/broken")
}

/// Compiles the library with a fault, or without one.
fn compile(folder: &Path, fault: Option<&str>) -> PathBuf {
    let file = folder.join("libaldis_carrier_broken.so");
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args([
        "-std=gnu11",
        "-O1",
        "-w",
        "-shared",
        "-fPIC",
        "-fvisibility=hidden",
    ]);
    cc.args(fault.map(|fault| format!("-DFAULT_{fault}")));
    cc.arg("-I").arg(home().join("../../../carrier/include"));
    cc.arg("-o").arg(&file).arg(home().join("broken.c"));
    if fault == Some("panic") {
        let rust = folder.join("libpanics.a");
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc
            .args(["--edition=2024", "--crate-type=staticlib", "-o"])
            .arg(&rust)
            .arg(home().join("panics.rs"));
        assert!(rustc.status().expect("rustc").success());
        cc.arg(&rust).args(["-lgcc_s", "-lpthread"]);
    }
    let output = cc.output().expect("a C compiler");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{fault:?}: {complaint}");
    file
}

fn check(library: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_aldis"))
        .args(["--output", "json", "carrier", "check"])
        .arg(library)
        .arg("--fixtures")
        .arg(home().join("fixtures"))
        .args(more)
        .output()
        .expect("aldis");
    let said = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), said)
}

#[test]
fn whatever_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut silent = Vec::new();
    for (fault, promise, expected) in FAULTS {
        let library = compile(folder.path(), Some(fault));
        let (code, said) = check(&library, &["--only", promise]);
        let finding = &said["findings"][0];
        let faults = finding["faults"].as_array().cloned().unwrap_or_default();
        let named = faults.iter().any(|fault| {
            fault["what"].as_str().is_some_and(|what| what.contains(expected))
                && fault["mend"].as_str().is_some_and(|mend| !mend.is_empty())
        });
        if code != Some(1) || !named {
            silent.push(format!("{fault} ({promise}), {code:?}: {finding:#}"));
        }
    }
    assert!(silent.is_empty(), "not named:\n{}", silent.join("\n"));
}

#[test]
fn without_a_fault_there_is_nothing_to_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let junit = folder.path().join("junit.xml");
    let library = compile(folder.path(), None);

    let (code, said) = check(&library, &["--junit", &junit.display().to_string()]);

    assert_eq!(code, Some(0), "{said:#}");
    let xml = std::fs::read_to_string(junit).expect("a report");
    assert!(
        xml.contains(r#"failures="0" errors="0""#) && xml.contains(r#"name="lent-buffers""#),
        "{xml}"
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

/// What is changed in the session carrier that `aldis carrier new` writes, into what, and what is said of it.
const SESSION_FAULTS: &[(&str, &str, &str)] = &[
    (
        "  session *self = st;\n  aldis_sess sess;\n",
        "  session *self = st;\n  aldis_sess sess;\n  self->len = 0;\n",
        "it wants something else when",
    ),
    (
        "  sess.write(sess.ctx, aldis_text(\"QUIT\\n\"));\n  return end(&sess, ALDIS_TEMPORARY, \"drained\");",
        "  return ALDIS_OK;",
        "drain does nothing",
    ),
    (
        "submit, drain, free};",
        "submit, drain, keep};",
        "each session leaves",
    ),
    (
        "  sess.timer(sess.ctx, SILENCE, PATIENCE_MS);\n  return ALDIS_OK;",
        "  static const aldis_sess *kept;\n  if (kept) return (int32_t)(kept->pad);\n  kept = their_sess;\n  return ALDIS_OK;",
        "used the struct sess, which was lent for open, after that call had returned",
    ),
    ("  link.port = PORT;", "  link.port = 0;", "port 0"),
];

#[test]
fn of_a_session_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let template = include_str!("../src/carrier/templates/c/session.c.in").replace("{{name}}", "broken");
    let (source, library) = (
        folder.path().join("carrier.c"),
        folder.path().join("libaldis_carrier_broken.so"),
    );
    let keep = "static void keep(void *st) { (void)st; }\nstatic const aldis_session SESSION";
    let template = template.replacen("static const aldis_session SESSION", keep, 1);
    let whole = ("", "", "");
    for (from, to, expected) in SESSION_FAULTS.iter().chain([&whole]) {
        assert!(template.contains(from), "{from}");
        std::fs::write(&source, template.replacen(from, to, 1)).expect("written");
        let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        cc.args([
            "-std=gnu11",
            "-w",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-I",
        ]);
        cc.arg(home().join("../../../carrier/include"))
            .arg("-o")
            .arg(&library)
            .arg(&source);
        assert!(cc.status().expect("a C compiler").success(), "{from}");
        let (code, said) = check(&library, &["--only", "session"]);
        let what = said["findings"][0]["faults"][0]["what"]
            .as_str()
            .unwrap_or_default();
        assert_eq!(code, Some(i32::from(!expected.is_empty())), "{said:#}");
        assert!(what.contains(expected), "{expected:?}: {said:#}");
    }
}
