//! Whoever looks at a library with `aldis carrier pin`, `manifest`, `schema`, `check` or `dry-run` does not trust it: its
//! code runs confined, from its first instruction on, and where it cannot be confined it does not run.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "c_libraries/compiler.rs"]
mod compiler;
#[path = "looking_at_a_library_does_not_trust_it/forged.rs"]
mod forged;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const COMMANDS: [&str; 5] = ["pin", "manifest", "schema", "check", "dry-run"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/looking_at_a_library_does_not_trust_it")
}

fn carrier_host() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../carrier-host/tests/broken")
}

/// A folder with a library that means harm, and something of its operator's.
struct Desk {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl Desk {
    /// The library, compiled from a carrier that keeps the contract, with these words defined.
    fn new(source: &str, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("libaldis_carrier_broken.so");
        let desk = Self { folder, library };
        for (name, text) in [("private", "of the operator"), ("delivery.toml", SETTINGS)] {
            std::fs::write(desk.path(name), text).expect("written");
        }
        let mut cc = compiler::library(&desk.library);
        cc.args(words.iter().map(|word| format!("-D{word}")));
        for (name, value) in [
            ("SOURCE", source.to_owned()),
            ("PRIVATE", desk.path("private").display().to_string()),
            ("MARK", desk.path("mark").display().to_string()),
        ] {
            cc.arg(format!("-D{name}=\"{value}\""));
        }
        cc.arg("-I").arg(carrier_host()).arg(sources().join("hostile.c"));
        compiler::compile(&mut cc);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command line that looks at the library so.
    fn command(&self, command: &str, more: &[&str]) -> Vec<String> {
        let word = |path: PathBuf| path.display().to_string();
        let of_it: Vec<String> = match command {
            "pin" => vec!["--lock".to_owned(), word(self.path("carriers.lock"))],
            "check" => ["--only", "loads"].map(str::to_owned).to_vec(),
            "dry-run" => vec!["--config".to_owned(), word(self.path("delivery.toml"))],
            _ => Vec::new(),
        };
        let aldis = [env!("CARGO_BIN_EXE_aldis"), "carrier", command].map(str::to_owned);
        let more = more.iter().map(|word| (*word).to_owned());
        let library = [word(self.library.clone())];
        aldis
            .into_iter()
            .chain(of_it)
            .chain(more)
            .chain(library)
            .collect()
    }

    /// Runs it as an operator might: with something in the environment, and a file open.
    fn look(&self, command: &str, more: &[&str]) -> Output {
        let line = self.command(command, more);
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "exec 9<\"$0\"; exec \"$@\""])
            .arg(self.path("private"));
        shell.args(line).env("PLANTED", "in the environment");
        shell.env("TMPDIR", self.scratch()).output().expect("a shell")
    }

    /// The same where the kernel refuses something.
    fn look_poorly(&self, refused: &str, command: &str, more: &[&str]) -> Output {
        let poor = self.path("poor_kernel");
        if !poor.exists() {
            let mut cc = compiler::cc();
            cc.args(["-w", "-o"]).arg(&poor);
            compiler::compile(cc.arg(sources().join("poor_kernel.c")));
        }
        let mut poor = Command::new(poor);
        poor.arg(refused).args(self.command(command, more));
        poor.env("TMPDIR", self.scratch()).output().expect("a program")
    }

    fn scratch(&self) -> PathBuf {
        let scratch = self.path("scratch");
        std::fs::create_dir_all(&scratch).expect("a folder");
        scratch
    }

    /// Asserts that what was the operator's is as it was, and that nothing of the library is left.
    fn is_untouched(&self) {
        let private = std::fs::read_to_string(self.path("private")).expect("still there");
        assert_eq!(private, "of the operator");
        assert!(!self.path("mark").exists());
        let left: Vec<_> = std::fs::read_dir(self.scratch())
            .expect("a folder")
            .flatten()
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let library = self.library.display().to_string();
        // What has been killed is there for a moment longer.
        while let Some(process) = running(&library) {
            assert!(ends(process), "process {process} is left");
        }
    }
}

/// A process that has this word in its command line.
fn running(word: &str) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|number: &i32| {
        let line = std::fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(word)
    })
}

/// Waits for the end of a process that has been killed; false if it lives on.
fn ends(process: i32) -> bool {
    let process = Pid::from_raw(process).expect("a process");
    // No such process: it has ended.
    let Ok(process) = pidfd_open(process, PidfdFlags::empty()) else {
        return true;
    };
    // Such a descriptor can be read once its process has ended (pidfd_open(2)).
    let mut watched = [PollFd::new(&process, PollFlags::IN)];
    let within = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    poll(&mut watched, Some(&within)).expect("watched") == 1
}

const SETTINGS: &str = r#"
[[carriers]]
name = "hostile"
plugin = "broken"
[carriers.settings]
base_url = "http://127.0.0.1:9"
token = { literal = "planted-token" }
"#;

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn its_constructor_can_do_nothing() {
    let desk = Desk::new("broken.c", &[]);
    for command in COMMANDS {
        let output = desk.look(command, &[]);
        assert!(output.status.success(), "{command}: {}", said(&output));
        assert!(
            !said(&output).contains("unconfined"),
            "{command}: {}",
            said(&output)
        );
        desk.is_untouched();
        let _ = std::fs::remove_file(desk.path("libaldis_carrier_broken.json"));
    }
}

#[test]
fn it_is_its_constructor_that_can_do_nothing() {
    let desk = Desk::new("broken.c", &["SHOWS_ITSELF"]);
    for command in ["pin", "manifest", "schema", "check"] {
        let output = desk.look(command, &[]);
        assert_eq!(output.status.code(), Some(1), "{command}: {}", said(&output));
        // Had it done anything, that would stand before the word.
        assert!(
            said(&output).contains("(it ran )"),
            "{command}: {}",
            said(&output)
        );
    }
    // With secrets about, what a library prints is shown to nobody.
    let output = desk.look("dry-run", &[]);
    assert!(
        said(&output).contains("it aborted the whole process: loading"),
        "{}",
        said(&output)
    );
    desk.is_untouched();
}

/// The promises that run it in many processes.
#[test]
fn nor_can_it_wherever_the_kit_runs_it() {
    for (source, promises) in [
        (
            "broken.c",
            &["older-host", "newer-host", "instances", "memory"][..],
        ),
        ("session.c", &["session", "one-word", "instances"]),
    ] {
        let desk = Desk::new(source, &[]);
        let only: Vec<_> = promises.iter().flat_map(|promise| ["--only", promise]).collect();
        let fixtures = carrier_host().join("fixtures").display().to_string();
        let more = [&only[..], &["--fixtures", &fixtures]].concat();
        let output = desk.look("check", &more);
        assert!(output.status.success(), "{source}: {}", said(&output));
        desk.is_untouched();
    }
}

#[test]
fn one_that_does_not_come_back_is_ended_in_time() {
    for word in ["SPINS", "STOPS", "FLOODS"] {
        let desk = Desk::new("broken.c", &[word]);
        let since = Instant::now();
        let output = desk.look("pin", &[]);
        let took = since.elapsed();
        assert_eq!(output.status.code(), Some(1), "{word}: {}", said(&output));
        assert!(took < Duration::from_secs(40), "{word}: {took:?}");
        let why = said(&output);
        assert!(
            why.contains("did not return within 10 s: loading the library"),
            "{word}: {why}"
        );
        desk.is_untouched();
    }
}

#[test]
fn one_that_multiplies_is_stopped() {
    let desk = Desk::new("broken.c", &["MULTIPLIES"]);
    let output = desk.look("pin", &[]);
    assert!(said(&output).contains("(made few threads)"), "{}", said(&output));
    desk.is_untouched();
}

/// The system call that a kernel refuses, and what is missing then.
const REFUSED: [(&str, &str); 4] = [
    ("unshare", "a user namespace"),
    ("landlock", "Landlock"),
    ("seccomp", "seccomp while loading"),
    ("limits", "a limit of memory"),
];

#[test]
fn where_it_cannot_be_confined_nothing_of_it_runs() {
    // Which it would tell.
    let desk = Desk::new("broken.c", &["SHOWS_ITSELF"]);
    for (refused, missing) in REFUSED {
        for command in COMMANDS {
            let output = desk.look_poorly(refused, command, &[]);
            let code = if command == "check" { 2 } else { 1 };
            let why = said(&output);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{command} without {refused}: {why}"
            );
            for word in ["nothing of it has run", missing, "--unconfined"] {
                assert!(why.contains(word), "{command} without {refused}: {why}");
            }
            assert!(!why.contains("it ran"), "{command} without {refused}: {why}");
        }
        assert!(!desk.path("carriers.lock").exists());
    }
    desk.is_untouched();
}

/// A library that means no harm, for it is not confined here.
fn harmless() -> Desk {
    let desk = Desk::new("broken.c", &["HARMLESS"]);
    assert!(desk.library.exists());
    desk
}

#[test]
fn whoever_runs_it_unconfined_is_told_so() {
    let desk = harmless();
    let junit = desk.path("junit.xml").display().to_string();
    for (refused, missing) in REFUSED {
        for command in COMMANDS {
            let _ = std::fs::remove_file(desk.path("libaldis_carrier_broken.json"));
            let more = ["--unconfined", "--junit", &junit];
            let more = if command == "check" { &more[..] } else { &more[..1] };
            let output = desk.look_poorly(refused, command, more);
            let told = said(&output);
            assert!(output.status.success(), "{command} without {refused}: {told}");
            for word in ["unconfined", missing] {
                assert!(told.contains(word), "{command} without {refused}: {told}");
            }
            let json = desk.look_poorly(refused, command, &["--output", "json", "--unconfined"]);
            let json: Value =
                serde_json::from_slice(&json.stdout).unwrap_or_else(|_| panic!("{}", said(&json)));
            let answer = if command == "pin" { &json[0] } else { &json };
            if command == "schema" {
                assert!(
                    answer["$comment"]
                        .as_str()
                        .is_some_and(|word| word.contains(missing)),
                    "{json}"
                );
                continue;
            }
            assert_eq!(answer["confined"], false, "{command} without {refused}: {json}");
            let named = answer["missing"].as_array().expect("a list");
            let named = named.iter().filter_map(Value::as_str);
            assert!(named.into_iter().any(|gap| gap.contains(missing)), "{json}");
        }
        let report = std::fs::read_to_string(&junit).expect("a report");
        assert!(
            report.contains(r#"<property name="confined" value="false"/>"#),
            "{report}"
        );
        assert!(report.contains(missing), "{report}");
    }
}

#[test]
fn what_was_confined_is_said_to_machines_too() {
    let desk = harmless();
    for command in COMMANDS {
        let output = desk.look(command, &["--output", "json"]);
        let json: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        match command {
            "pin" => assert_eq!(json[0]["confined"], true, "{json}"),
            "schema" => assert!(json["$comment"].is_null(), "{json}"),
            _ => assert_eq!(json["confined"], true, "{json}"),
        }
        // Beside it from now on: of a library with a manifest nothing runs.
        if command == "manifest" {
            let output = desk.look("pin", &["--output", "json"]);
            let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert!(
                json[0]["confined"].is_null() && json[0]["sha256"].is_string(),
                "{json}"
            );
        }
    }
}

/// Whoever asks is told what a command does, before anybody trusts the library.
#[test]
fn help_says_that_it_runs_and_how() {
    for command in COMMANDS {
        let help = Command::new(env!("CARGO_BIN_EXE_aldis"))
            .args(["carrier", command, "--help"])
            .output()
            .expect("aldis");
        let help = said(&help);
        for word in ["confined", "--unconfined"] {
            assert!(help.contains(word), "{command}: {help}");
        }
    }
}
