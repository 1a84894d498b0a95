//! Delivery loads the libraries that `carriers.lock` names by their bytes, and says of any other which and why.

use aldis_tests::{Gateway, Setup, binaries};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Desk {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl Desk {
    /// A folder with the settings of a gateway that wants pins, and a copy of the sandbox carrier.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("libaldis_carrier_sandbox.so");
        std::fs::copy(binaries::folder().join("libaldis_carrier_sandbox.so"), &library).expect("copied");
        let desk = Self { folder, library };
        let setup = Setup {
            allow_unpinned: false,
            ..Setup::default()
        };
        let at = aldis_tests::setup::Addresses::free();
        let toml = setup.delivery_toml(&at, desk.path(), "http://127.0.0.1:9");
        let own = format!("plugin_dirs = [\"{}\"]", desk.path().display());
        let built = format!("plugin_dirs = {:?}", [binaries::folder()]);
        assert!(toml.contains(&built));
        std::fs::write(desk.path().join("delivery.toml"), toml.replace(&built, &own)).expect("written");
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn pin(&self, more: &[&str]) -> Output {
        let mut pin = Command::new(binaries::program("aldis"));
        pin.args(["carrier", "pin", "--lock"])
            .arg(self.path().join("carriers.lock"));
        pin.arg(&self.library).args(more).output().expect("aldis")
    }

    /// Its output, if it did.
    fn manifest(&self) -> String {
        let mut manifest = Command::new(binaries::program("aldis"));
        let output = manifest.args(["carrier", "manifest"]).arg(&self.library).output();
        let output = output.expect("aldis");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn manifest_file(&self) -> PathBuf {
        self.path().join("libaldis_carrier_sandbox.json")
    }

    fn lock(&self) -> String {
        std::fs::read_to_string(self.path().join("carriers.lock")).expect("the lock")
    }

    /// The last one in the lock.
    fn hash(&self) -> String {
        let lock = self.lock();
        let line = lock
            .lines()
            .rfind(|line| line.starts_with("sha256"))
            .expect("a hash");
        line.split('"').nth(1).expect("a text").to_owned()
    }

    /// Exit code and words of `--check-config`.
    fn check(&self) -> (i32, String) {
        let output = Command::new(binaries::program("aldis-delivery"))
            .arg("--config")
            .arg(self.path().join("delivery.toml"))
            .arg("--check-config")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.code().expect("a code"), said.into_owned())
    }

    /// The same carrier in other bytes.
    fn change(&self) {
        let mut bytes = std::fs::read(&self.library).expect("read");
        bytes.extend_from_slice(b"of a later build");
        std::fs::write(&self.library, bytes).expect("written");
    }
}

#[test]
fn what_is_not_pinned_is_refused_by_its_name() {
    let desk = Desk::new();
    let (code, said) = desk.check();
    assert_eq!(code, 78, "{said}");
    for word in [
        "delivery.toml",
        "carriers[0].plugin",
        "sandbox",
        "not pinned",
        "aldis carrier pin",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let pinned = desk.pin(&[]);
    assert!(
        pinned.status.success(),
        "{}",
        String::from_utf8_lossy(&pinned.stderr)
    );
    let (code, said) = desk.check();
    assert_eq!(code, 0, "{said}");
}

#[test]
fn other_bytes_are_refused_until_they_are_pinned_too() {
    let desk = Desk::new();
    desk.pin(&[]);
    let first = desk.hash();
    desk.change();
    let (code, said) = desk.check();
    assert_eq!(code, 78, "{said}");
    assert!(said.contains(&first) && said.contains("SHA-256"), "{said}");
    // Both are right while one replaces the other; then the new one alone.
    desk.pin(&["--keep"]);
    assert_eq!(desk.lock().matches("sha256").count(), 2);
    assert_eq!(desk.check().0, 0);
    desk.pin(&["--first-party"]);
    assert_eq!(desk.lock().matches("sha256").count(), 1);
    assert!(desk.lock().contains("first_party = true"));
    assert_eq!(desk.check().0, 0);
}

#[test]
fn a_manifest_tells_what_is_being_trusted_before_it_runs() {
    let desk = Desk::new();
    let said = desk.manifest();
    assert!(
        said.contains("libaldis_carrier_sandbox.json") && said.contains("ABI: 1."),
        "{said}"
    );
    let text = std::fs::read_to_string(desk.manifest_file()).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for key in [
        "id",
        "version",
        "styles",
        "capabilities",
        "allowed_hosts",
        "config_schema",
    ] {
        assert!(!manifest["descriptor"][key].is_null(), "{key}: {manifest}");
    }
    let pinned = desk.pin(&[]);
    let said = String::from_utf8_lossy(&pinned.stdout).into_owned();
    for words in [
        "may reach: ",
        "styles: http",
        "-linux-gnu, glibc 2.",
        &desk.hash(),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(desk.check().0, 0);
    // It no longer says what is compiled in.
    let changed = text.replace(
        "\"allowed_hosts\": []",
        "\"allowed_hosts\": [\"api.example.com\"]",
    );
    assert_ne!(changed, text);
    std::fs::write(desk.manifest_file(), changed).expect("written");
    let (code, said) = desk.check();
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("differs in descriptor.allowed_hosts"), "{said}");
}

#[test]
fn a_manifest_of_other_bytes_is_refused_by_pin_and_by_delivery() {
    let desk = Desk::new();
    desk.manifest();
    desk.change();
    let pinned = desk.pin(&[]);
    let said = String::from_utf8_lossy(&pinned.stderr).into_owned();
    assert!(
        !pinned.status.success() && said.contains("of another file"),
        "{said}"
    );
    desk.manifest();
    assert!(desk.pin(&[]).status.success());
    std::fs::write(desk.manifest_file(), "{\n \"sha256\": }").expect("written");
    let (code, said) = desk.check();
    assert_eq!(code, 78, "{said}");
    assert!(
        said.contains("libaldis_carrier_sandbox.json") && said.contains("line 2, column 12"),
        "{said}"
    );
}

#[test]
fn a_lock_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    for (text, words) in [
        (
            "[[carriers]]\nplugin = \"sandbox\"\nversion = \"1\"\nsha256 = \"abc\"\n",
            &["carriers.lock:4", "sha256"][..],
        ),
        ("[[carriers]]\nplugin = \"sandbox\"\n", &["carriers.lock"]),
        ("[[carrier]]\n", &["carriers.lock:1", "carrier"]),
    ] {
        std::fs::write(desk.path().join("carriers.lock"), text).expect("written");
        let (code, said) = desk.check();
        assert_eq!(code, 78, "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_may_be_replaced_under_a_running_service() {
    let desk = Desk::new();
    let gateway = Gateway::start(Setup {
        plugin_dirs: vec![desk.path().to_owned()],
        ..Setup::default()
    })
    .await;
    // Not even overwritten in place: what was loaded is not the file any more.
    std::fs::write(&desk.library, "nonsense").expect("written");
    assert_eq!(gateway.sms("+12025550100", "271828").await.status, 200);
}
