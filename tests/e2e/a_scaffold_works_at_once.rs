//! What `aldis carrier new` writes builds without a warning, passes its own tests, and keeps the contract, untouched.
#![cfg(target_os = "linux")]

use aldis_tests::binaries;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command in a folder, and fails with what it says.
fn run(command: &mut Command) {
    let output = command.output().expect("the command runs");
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn aldis() -> Command {
    let _built = binaries::folder();
    Command::new(binaries::program("aldis"))
}

fn scaffold(home: &Path, lang: &str, style: &str) -> PathBuf {
    let folder = home.join(style);
    let mut new = aldis();
    new.args([
        "carrier", "new", "my-acme", "--lang", lang, "--style", style, "--path",
    ]);
    new.arg(&folder)
        .arg("--sdk")
        .arg(binaries::root().join("crates/carrier"));
    run(&mut new);
    folder
}

fn check(library: &Path, folder: &Path) {
    let mut check = aldis();
    check.args(["carrier", "check"]).arg(library);
    run(check.arg("--fixtures").arg(folder.join("fixtures")));
}

#[test]
fn in_rust() {
    let home = tempfile::tempdir().expect("a folder");
    // One target folder for both, kept between runs: the kit is built once.
    let target = binaries::folder().join("scaffolds");
    for style in ["http", "session"] {
        let folder = scaffold(home.path(), "rust", style);
        // The versions this repository has already fetched: the test needs no network.
        let lock = binaries::root().join("Cargo.lock");
        std::fs::copy(lock, folder.join("Cargo.lock")).expect("copied");
        for what in ["test", "build"] {
            let mut cargo = binaries::cargo();
            cargo
                .current_dir(&folder)
                .args([what, "--quiet", "--offline", "--target-dir"]);
            run(cargo.arg(&target).env("RUSTFLAGS", "-D warnings"));
        }
        check(&target.join("debug/libaldis_carrier_my_acme.so"), &folder);
    }
}

#[test]
fn in_c() {
    let home = tempfile::tempdir().expect("a folder");
    for style in ["http", "session"] {
        let folder = scaffold(home.path(), "c", style);
        run(Command::new("make").arg("-s").current_dir(&folder));
        run(Command::new("make").args(["-s", "test"]).current_dir(&folder));
        check(&folder.join("libaldis_carrier_my_acme.so"), &folder);
    }
}

/// A path counts from where the command is run, and must lead to the kit.
#[test]
fn the_kit_is_looked_for() {
    let home = tempfile::tempdir().expect("a folder");
    let other = home.path().join("other");
    std::fs::create_dir(&other).expect("a folder");
    std::fs::write(other.join("Cargo.toml"), "[package]\nname = \"other\"\n").expect("written");
    std::fs::create_dir(home.path().join("empty")).expect("a folder");
    let new = |sdk: &str| {
        let mut new = aldis();
        let arguments = ["carrier", "new", "acme", "--path", "made", "--sdk", sdk];
        new.current_dir(home.path())
            .args(arguments)
            .output()
            .expect("aldis")
    };
    for sdk in ["/nonexistent", "other", "empty", "../aldis/crates/carrier"] {
        let output = new(sdk);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{sdk}: {said}");
        assert!(said.contains(sdk) && said.contains("--sdk"), "{sdk}: {said}");
        assert!(!home.path().join("made").exists(), "{sdk}");
    }

    std::os::unix::fs::symlink(binaries::root().join("crates/carrier"), home.path().join("kit"))
        .expect("linked");
    assert!(new("kit").status.success());
    let manifest = std::fs::read_to_string(home.path().join("made/Cargo.toml")).expect("the manifest");
    let kit = binaries::root()
        .join("crates/carrier")
        .canonicalize()
        .expect("the kit");
    assert!(manifest.contains(&format!("path = {kit:?}")), "{manifest}");
}

#[test]
fn a_bad_name_is_refused() {
    for name in ["", "Acme", "1acme", "acme-", "../acme", "ac me"] {
        let home = tempfile::tempdir().expect("a folder");
        let mut new = aldis();
        new.args(["carrier", "new", "--path"])
            .arg(home.path().join("x"))
            .arg("--")
            .arg(name);
        let output = new.output().expect("aldis");
        assert_eq!(output.status.code(), Some(2), "{name:?}");
        assert!(!home.path().join("x").exists(), "{name:?}");
    }
}
