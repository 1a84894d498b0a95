//! Another process of the same user reads neither the memory nor the environment of a service, where its secrets are.

use aldis_tests::process::Process;
use aldis_tests::setup::Addresses;
use aldis_tests::{Setup, binaries};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Runs as "nobody" where this test runs as root, who may look into every process.
const NOBODY: u32 = 65534;

/// The user that `/proc` gives a process's memory and environment to: root, if its own user may not look.
fn owners(process: &Process) -> [u32; 2] {
    ["mem", "environ"].map(|what| {
        let found = fs::metadata(format!("/proc/{}/{what}", process.id()));
        found.expect("a running process").uid()
    })
}

async fn assert_shut(name: &'static str, toml: &str, folder: &Path) {
    // A copy, since "nobody" may not enter every folder that holds a build.
    let (program, config) = (folder.join(name), folder.join("service.toml"));
    fs::copy(binaries::program(name), &program).expect("copied");
    fs::write(&config, toml).expect("written");
    let mut command = Command::new(&program);
    command.arg("--config").arg(&config).current_dir(folder);
    let own = fs::metadata("/proc/self").expect("procfs").uid();
    if own == 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("ours");
        for path in [folder, &config] {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        command.uid(NOBODY).gid(NOBODY);
    }
    let process = Process::spawn(name, command);
    process.prints("listening").await;
    assert_eq!(owners(&process), [0, 0], "{name}");
    process.terminate().await;
}

#[tokio::test]
async fn of_the_edge() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = Setup::default().edge_toml(&Addresses::free());
    assert_shut("aldis-edge", &toml, folder.path()).await;
}

#[tokio::test]
async fn of_delivery() {
    let folder = tempfile::tempdir().expect("a folder");
    // No carrier: a library would have to be read by "nobody" too.
    let at = Addresses::free();
    let toml = format!(
        "listen = \"{}\"\nadmin_listen = \"{}\"\nstore = \"sqlite:{}\"\ncarriers = []\nroutes = []\n\
         [[clients]]\nname = \"edge\"\ntoken = {{ literal = \"{}\" }}\n",
        at.delivery,
        at.delivery_admin,
        folder.path().join("aldis.db").display(),
        aldis_tests::setup::EDGE_TOKEN,
    );
    assert_shut("aldis-delivery", &toml, folder.path()).await;
}
