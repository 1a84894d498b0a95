//! `aldis dev` that cannot start says why in the service's own words, and takes everything with it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An installation whose services are scripts.
struct Installation {
    folder: tempfile::TempDir,
}

impl Installation {
    fn new(delivery: &str, edge: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let aldis = folder.path().join("aldis");
        fs::hard_link(env!("CARGO_BIN_EXE_aldis"), &aldis)
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_aldis"), &aldis).map(drop))
            .expect("a copy of the program");
        fs::create_dir(folder.path().join("tmp")).expect("a folder");
        let installation = Self { folder };
        installation.script("aldis-delivery", delivery);
        installation.script("aldis-edge", edge);
        let library = format!(
            "{}aldis_carrier_sandbox{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        fs::write(installation.folder.path().join(library), "").expect("written");
        installation
    }

    fn script(&self, name: &str, body: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
    }

    fn dev(&self, arguments: &[&str]) -> (Output, String) {
        let mut command = Command::new(self.folder.path().join("aldis"));
        command
            .arg("dev")
            .args(arguments)
            .env("TMPDIR", self.left_behind());
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output, said)
    }

    /// Where temporary files go.
    fn left_behind(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// Notes its process id where the test finds it, then waits to be stopped.
fn waiting(note: &Path) -> String {
    format!("echo $$ > {}; exec sleep 600", note.display())
}

#[test]
fn a_service_that_does_not_start_speaks_for_itself() {
    let notes = tempfile::tempdir().expect("a folder");
    let note = notes.path().join("edge.pid");
    // Ends once the other runs, so that there is something to stop.
    let ends = format!(
        "while ! [ -s {} ]; do :; done; echo 'the store cannot be opened'; exit 78",
        note.display()
    );
    let installation = Installation::new(&ends, &waiting(&note));
    let (output, said) = installation.dev(&["--once"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("aldis-delivery ended while starting") && said.contains("the store cannot be opened"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
    assert!(
        files(&installation.left_behind()).is_empty(),
        "{:?}",
        files(&installation.left_behind())
    );
    let pid = fs::read_to_string(&note).expect("it ran");
    assert!(
        !Path::new("/proc").join(pid.trim()).exists(),
        "the edge still runs as {pid}"
    );
}

#[test]
fn what_is_kept_is_private() {
    let installation = Installation::new("exit 1", "exit 1");
    installation.dev(&["--once", "--keep"]);
    let kept = files(&installation.left_behind());
    assert_eq!(kept.len(), 1, "{kept:?}");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&kept[0]), 0o700);
    for file in files(&kept[0]) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let (output, said) = Installation::new("exit 1", "exit 1").dev(&["--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&format!("port {port} on 127.0.0.1 cannot be had")),
        "{said}"
    );
}

#[test]
fn a_missing_neighbour_is_named_with_the_way_to_build_it() {
    for name in ["aldis-edge", "aldis-delivery"] {
        let installation = Installation::new("exit 1", "exit 1");
        fs::remove_file(installation.folder.path().join(name)).expect("it was there");
        let (output, said) = installation.dev(&[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(name) && said.contains("cargo demo"), "{said}");
    }
}
