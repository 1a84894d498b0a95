//! The programs and libraries under test, built once before the first test needs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// The repository root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the root")
}

/// The folder with the programs and carrier libraries of this build.
pub fn folder() -> PathBuf {
    static BUILT: Once = Once::new();
    let deps = std::env::current_exe().expect("this test's own path");
    let folder = deps
        .parent()
        .and_then(Path::parent)
        .expect("target/<profile>/deps")
        .to_path_buf();
    // cargo builds no program for a test of another package; without this a lone
    // `cargo test -p aldis-tests` would test yesterday's.
    BUILT.call_once(|| {
        let mut build = cargo();
        build.args(["build", "--quiet", "--locked", "--workspace"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the programs under test do not build"
        );
    });
    folder
}

/// One program of the house, by name.
pub fn program(name: &str) -> PathBuf {
    folder().join(name)
}

/// Cargo, as the one that runs these tests.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
