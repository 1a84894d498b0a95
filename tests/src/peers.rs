//! Peers we did not write: Python and Node programs, set up by `cargo xtask test`.

use crate::binaries::root;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A peer's interpreter, or `None` with the reason said aloud.
///
/// `cargo xtask test` installs the peers and sets `ALDIS_PEERS`; with plain `cargo test` on a
/// machine that has them already, the usual place is used.
fn interpreter(inside: &str, what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ALDIS_PEERS").map_or_else(|| root().join("target/peers"), PathBuf::from);
    let program = folder.join(inside);
    if program.exists() {
        return Some(program);
    }
    // Not `eprintln!`: the test runner hides that where a test passes.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: the check against {what}: `cargo xtask test` has not set it up on this machine"
    );
    None
}

/// A Python script of `tests/peers`, ready for its arguments.
pub fn python(script: &str) -> Option<Command> {
    let mut command = Command::new(interpreter("python/bin/python", script)?);
    command
        .arg(root().join("tests/peers").join(script))
        .current_dir(root());
    Some(command)
}

/// A Node script of `tests/peers`, ready for its arguments.
pub fn node(script: &str) -> Option<Command> {
    interpreter("node/node_modules", script)?;
    let mut command = Command::new("node");
    command
        .arg(root().join("tests/peers").join(script))
        .env("NODE_PATH", interpreter("node/node_modules", script)?)
        .current_dir(root());
    Some(command)
}

/// Debian's `smsc.pl`, changed in nothing but its port.
pub fn perl_smsc(port: u16) -> Option<Command> {
    let perl = interpreter("perl/usr/share/perl5", "smsc.pl")?;
    let script = interpreter("perl/usr/share/doc/libnet-smpp-perl/examples/smsc.pl", "smsc.pl")?;
    let text = std::fs::read_to_string(script).expect("smsc.pl");
    let changed = text.replace("$port = 9900;", &format!("$port = {port};"));
    assert_ne!(changed, text, "smsc.pl has no such port any more");
    let mut command = Command::new("perl");
    command
        .arg("-I")
        .arg(perl)
        .args(["-e", &changed, "3"])
        .stderr(Stdio::null());
    Some(command)
}

/// Debian's Kannel, to be told its folder and the edge's port.
pub async fn kannel() -> Option<Command> {
    let kannel = interpreter("kannel", "Kannel")?;
    let modules = interpreter("node/node_modules", "Kannel")?;
    let alone = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", program]);
        command
    };
    if !alone("true").status().await.is_ok_and(|status| status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the check against Kannel: this machine gives no network namespaces, and Kannel listens on every address"
        );
        return None;
    }
    let scripts = root().join("tests/peers");
    let mut command = alone("python3");
    command
        .arg(scripts.join("kannel.py"))
        .arg(kannel)
        .arg(scripts.join("smsc_node.js"))
        .env("NODE_PATH", modules);
    Some(command)
}

/// Jasmin, with an SMSC behind it at this port; it ends when its standard input does.
pub fn jasmin(smsc_port: u16) -> Option<Command> {
    let mut command = Command::new(interpreter("jasmin/python/bin/python", "Jasmin")?);
    command
        .arg(root().join("tests/peers/jasmin.py"))
        .arg(interpreter("jasmin/debian", "Jasmin")?)
        .arg(smsc_port.to_string());
    Some(command)
}

/// Runs a peer to its end and returns what it printed.
pub async fn run(mut command: Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the peer starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).await.expect("the peer reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("the peer ends");
    assert!(
        output.status.success(),
        "the peer failed: {}\n{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}
