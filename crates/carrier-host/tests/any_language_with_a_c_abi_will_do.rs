//! A library in a language with a runtime, a collector and threads of its own works, in a worker.

use crate::stage::{Carrier, libraries, submission, try_instance};
use aldis_carrier_host::{Class, Isolation, Library, LoadError, Trust};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Of Debian's package.
const GO: &str = "usr/lib/go-1.19/bin/go";

/// The one in Go; `None`: there is no Go here, which is said.
fn in_go() -> Option<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let file = folder.path().join("libaldis_carrier_gopher.so");
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Where `cargo xtask test` puts it, or the machine's own.
    let peers = std::env::var_os("ALDIS_PEERS").map(|peers| Path::new(&peers).join("go"));
    let ours = peers.filter(|go| go.join(GO).exists());
    let program = ours.as_ref().map_or_else(|| "go".into(), |go| go.join(GO));
    let cache = ours.unwrap_or_else(|| folder.path().to_owned()).join("cache");
    let built = Command::new(program)
        .args([
            "build",
            "-buildmode=c-shared",
            "-trimpath",
            "-ldflags=-s -w",
            "-o",
        ])
        .arg(&file)
        .arg(".")
        .current_dir(own.join("tests/carriers/go"))
        .env("CGO_ENABLED", "1")
        .env(
            "CGO_CFLAGS",
            format!("-O2 -I{}", own.join("../carrier/include").display()),
        )
        .env("GOCACHE", cache)
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .output();
    let Ok(built) = built else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the carrier in Go: there is no Go on this machine"
        );
        return None;
    };
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    Some((folder, file))
}

fn load(file: &Path, isolation: Isolation) -> Result<Library, LoadError> {
    libraries().load(file, &Trust::Anything, Some(isolation))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_in_go_sends_from_a_worker() {
    let Some((_folder, file)) = in_go() else { return };
    let refused = load(&file, Isolation::InProcess)
        .err()
        .map(|error| error.to_string());
    assert!(
        refused.is_some_and(|why| why.contains("thread-local")),
        "not in delivery's own process"
    );
    let carrier = Carrier::answering(201, "SM1").await;
    let library = load(&file, Isolation::Worker).expect("a library");
    let instance =
        try_instance(&library, json!({ "base_url": carrier.base_url }), "token").expect("an instance");
    for _ in 0..500 {
        let report = instance.submit(submission("Hello \u{fc}")).await;
        assert_eq!(
            (report.class, report.carrier_ids),
            (Class::Accepted, vec!["SM1".to_owned()])
        );
    }
    assert_eq!(instance.metrics().worker.expect("a worker").ends, 0);
    assert_eq!(carrier.seen().len(), 500);
    assert_eq!(
        carrier.seen()[0],
        "POST /messages [] text=Hello+%C3%BC&to=%2B12025550100"
    );
}
