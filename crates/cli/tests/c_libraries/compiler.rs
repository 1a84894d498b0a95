//! The C compiler, for the libraries that these tests look at.

use std::path::Path;
use std::process::Command;

/// Names the compiler: `CC`, or `cc`.
pub(crate) fn cc() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

/// Begins the command that compiles a library into this file. It exports its entry only, and finds the header of carriers.
pub(crate) fn library(file: &Path) -> Command {
    let mut cc = cc();
    cc.args(["-std=gnu11", "-O1", "-w"]);
    cc.args(["-shared", "-fPIC", "-fvisibility=hidden", "-I"]);
    cc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../carrier/include"));
    cc.arg("-o").arg(file);
    cc
}

/// Compiles. A compiler that complains fails the test.
pub(crate) fn compile(cc: &mut Command) {
    let output = cc.output().expect("a C compiler");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{cc:?}: {complaint}");
}
