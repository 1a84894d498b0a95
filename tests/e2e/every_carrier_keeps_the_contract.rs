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

/// The statuses that nothing was to be read from when ABI 1.0 was new: the server did not process the request, or a gateway
/// before the carrier gave up. The kit names libraries of then, and the host overrules them (`carrier-host/src/judge.rs`).
const READ_SINCE: [&str; 9] = ["408", "425", "502", "504", "520", "522", "524", "598", "599"];

/// Runs `aldis carrier check`, and fails with what it says of anything but [`READ_SINCE`].
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn kept_the_contract(library: &Path) {
    let mut check = Command::new(binaries::program("aldis"));
    check.args(["--output", "json", "carrier", "check"]).arg(library);
    let output = check.output().expect("aldis");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let findings = report["findings"].as_array().expect("findings");
    assert!(
        findings.iter().any(|finding| finding["verdict"] == "kept"),
        "{report:#}"
    );
    for finding in findings.iter().filter(|finding| finding["verdict"] == "broken") {
        assert_eq!(
            finding["promise"],
            "replies",
            "{}: {finding:#}",
            library.display()
        );
        for fault in finding["faults"].as_array().expect("faults") {
            let what = fault["what"].as_str().expect("words");
            let known = |status: &&str| what.starts_with(&format!("to the reply {status}, it said "));
            assert!(READ_SINCE.iter().any(known), "{}: {what}", library.display());
        }
    }
}

/// As they were compiled when ABI 1.0 was new.
#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn the_libraries_of_abi_1_0() {
    let _built = binaries::folder();
    let folder = binaries::root().join("crates/carrier-host/tests/fixtures/abi-1.0/x86_64-linux-gnu");
    for library in ["minimal", "lines", "talks", "called", "stays"] {
        kept_the_contract(&folder.join(format!("libaldis_carrier_{library}.so")));
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
