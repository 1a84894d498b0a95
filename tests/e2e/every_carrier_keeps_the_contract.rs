//! The conformance kit finds nothing in the carriers of this house, nor in the C example of the guide.
#![cfg(target_os = "linux")]

use aldis_tests::binaries;
use std::path::Path;
use std::process::Command;

/// Runs `aldis carrier check`, and fails with what it says.
fn keeps_the_contract(library: &Path, fixtures: Option<&Path>) {
    let mut check = Command::new(binaries::program("aldis"));
    check.args(["carrier", "check"]).arg(library);
    if let Some(fixtures) = fixtures {
        check.arg("--fixtures").arg(fixtures);
    }
    let output = check.output().expect("aldis");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}\n{said}{complaint}",
        library.display()
    );
}

#[test]
fn the_plugins() {
    let folder = binaries::folder();
    let plugins = std::fs::read_dir(binaries::root().join("plugins")).expect("the plugins");
    let mut seen = 0;
    for plugin in plugins.map(|entry| entry.expect("an entry").path()) {
        let Some(name) = plugin
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|_| plugin.is_dir())
        else {
            continue;
        };
        let library = folder.join(format!("libaldis_carrier_{}.so", name.replace('-', "_")));
        let fixtures = plugin.join("fixtures");
        keeps_the_contract(&library, fixtures.is_dir().then_some(fixtures.as_path()));
        seen += 1;
    }
    assert!(seen >= 2, "only {seen} plugins");
}

/// As they were compiled when ABI 1.0 was new.
#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn the_libraries_of_abi_1_0() {
    let _built = binaries::folder();
    let folder = binaries::root().join("crates/carrier-host/tests/fixtures/abi-1.0/x86_64-linux-gnu");
    for library in ["minimal", "lines", "talks", "called", "stays"] {
        keeps_the_contract(&folder.join(format!("libaldis_carrier_{library}.so")), None);
    }
}

#[test]
fn the_c_example() {
    let home = tempfile::tempdir().expect("a folder");
    let kit = binaries::root().join("crates/carrier");
    let library = home.path().join("libaldis_carrier_minimal.so");
    let _built = binaries::folder();
    let cc = Command::new("cc")
        .args(["-std=c11", "-shared", "-fPIC", "-fvisibility=hidden", "-I"])
        .arg(kit.join("include"))
        .arg(kit.join("tests/c_carrier/minimal.c"))
        .arg("-o")
        .arg(&library)
        .status();
    assert!(cc.expect("a C compiler").success());
    keeps_the_contract(&library, None);
}
