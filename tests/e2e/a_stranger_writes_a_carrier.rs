//! A carrier written from the documents alone, outside the workspace, loads and sends: one in
//! Rust with the kit, one in C with the header. And the guide's own words lead into service.

use aldis_tests::eventually::eventually;
use aldis_tests::setup::{Addresses, CarrierSetup};
use aldis_tests::{ALICE, Answer, Gateway, Setup, binaries};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// One SMS through a library of this folder.
async fn send(plugin: &str, folder: &Path, settings: &str) -> (Gateway, Answer) {
    let stranger = CarrierSetup {
        plugin: plugin.to_owned(),
        settings: settings.to_owned(),
        ..CarrierSetup::sandbox("stranger")
    };
    let setup = Setup {
        carriers: vec![stranger],
        plugin_dirs: vec![folder.to_path_buf()],
        ..Setup::default()
    };
    let gateway = Gateway::start(setup).await;
    let answer = gateway.sms(ALICE, "173205").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (gateway, answer)
}

/// The crate of `tests/stranger`, copied out of the workspace and built as its author would.
#[tokio::test(flavor = "multi_thread")]
async fn in_rust() {
    let _built = binaries::folder();
    let home = tempfile::tempdir().expect("a folder");
    let source = binaries::root().join("tests/stranger");
    let lines = std::fs::read_to_string(source.join("lib.rs"))
        .expect("the carrier")
        .lines()
        .count();
    assert!(lines < 100, "a carrier takes under 100 lines, this one {lines}");
    std::fs::create_dir(home.path().join("src")).expect("src");
    std::fs::copy(source.join("lib.rs"), home.path().join("src/lib.rs")).expect("copied");
    let manifest = std::fs::read_to_string(source.join("manifest.toml")).expect("the manifest");
    let kit = binaries::root().join("crates/carrier");
    std::fs::write(
        home.path().join("Cargo.toml"),
        manifest.replace("{kit}", &kit.display().to_string()),
    )
    .expect("written");
    // The versions this repository has already fetched: the test needs no network.
    std::fs::copy(
        binaries::root().join("Cargo.lock"),
        home.path().join("Cargo.lock"),
    )
    .expect("copied");

    let built = binaries::cargo()
        .current_dir(home.path())
        .args(["build", "--quiet", "--offline", "--target-dir"])
        .arg(home.path().join("target"))
        .status()
        .expect("cargo");
    assert!(built.success(), "the stranger's crate does not build");

    let (gateway, _) = send(
        "stranger",
        &home.path().join("target/debug"),
        "base_url = \"{inbox}\"",
    )
    .await;
    assert_eq!(
        gateway.inbox.messages()[0].text,
        "Your verification code is 173205"
    );
}

/// The C carrier that the kit keeps as its example.
#[tokio::test(flavor = "multi_thread")]
async fn in_c() {
    let home = tempfile::tempdir().expect("a folder");
    let kit = binaries::root().join("crates/carrier");
    let source = kit.join("tests/c_carrier/minimal.c");
    let lines = std::fs::read_to_string(&source)
        .expect("the carrier")
        .lines()
        .count();
    assert!(lines < 80, "a C carrier takes under 80 lines, this one {lines}");

    let built = Command::new("cc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-I",
        ])
        .arg(kit.join("include"))
        .arg(&source)
        .arg("-o")
        .arg(home.path().join("libaldis_carrier_minimal.so"))
        .status()
        .expect("a C compiler");
    assert!(built.success(), "the C carrier does not compile");

    let (url, forms) = form_api().await;
    let (gateway, answer) = send("minimal", home.path(), &format!("base_url = \"{url}\"")).await;
    let form = forms.lock().expect("no panic")[0].clone();
    assert!(form.contains("to=%2B12025550100"), "{form}");
    assert!(
        form.contains("text=Your%20verification%20code%20is%20173205"),
        "{form}"
    );
    let life = gateway.life(&answer.message_id()).await;
    assert_eq!(life.attempts[0].carrier_message_ids, ["c-1"]);
}

/// A carrier's API that takes forms, as the C example sends them.
async fn form_api() -> (String, Arc<Mutex<Vec<String>>>) {
    let forms = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&forms);
    let take = move |form: String| {
        let kept = Arc::clone(&kept);
        async move {
            kept.lock().expect("no panic").push(form);
            (axum::http::StatusCode::CREATED, r#"{"id": "c-1"}"#)
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let router = axum::Router::new().route("/messages", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, forms)
}

const GUIDE: &str = include_str!("../../crates/carrier/README.md");

/// The first block of a language after a heading of the guide.
fn block(heading: &str, language: &str) -> &'static str {
    let (_, after) = GUIDE.split_once(heading).expect("the heading");
    let (_, begun) = after.split_once(&format!("```{language}\n")).expect("a block");
    begun.split_once("```").expect("its end").0
}

/// The guide's crate, built as its author would.
fn the_guides_crate(folder: &Path) {
    let kit = binaries::root().join("crates/carrier");
    let manifest =
        block("### The crate", "toml").replace("../aldis/crates/carrier", &kit.display().to_string());
    std::fs::create_dir_all(folder.join("src")).expect("src");
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("written");
    std::fs::write(folder.join("src/lib.rs"), block("### The code", "rust")).expect("written");
    std::fs::copy(binaries::root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("copied");
    let target = binaries::folder().join("scaffolds");
    let mut cargo = binaries::cargo();
    cargo
        .current_dir(folder)
        .args(["build", "--quiet", "--offline", "--target-dir"]);
    assert!(cargo.arg(&target).status().expect("cargo").success());
    let library = "libaldis_carrier_acme.so";
    std::fs::copy(target.join("debug").join(library), folder.join(library)).expect("copied");
}

/// What `aldis carrier new` writes in C, built as its author would.
fn the_scaffold_in_c(folder: &Path) {
    let mut new = Command::new(binaries::program("aldis"));
    new.args(["carrier", "new", "acme", "--lang", "c", "--path"])
        .arg(folder);
    assert!(new.status().expect("aldis").success());
    let made = Command::new("make").arg("-s").current_dir(folder).status();
    assert!(made.expect("make").success());
}

/// A shell with the programs of this build, where the guide's addresses are taken by free ones.
fn shell(folder: &Path, at: &Addresses, api: &str, script: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .current_dir(folder)
        .args(["-e", "-c", script])
        .env("PATH", format!("{}:{path}", binaries::folder().display()))
        .env("ALDIS_DELIVERY__LISTEN", at.delivery.to_string())
        .env("ALDIS_DELIVERY__ADMIN_LISTEN", at.delivery_admin.to_string())
        .env("ALDIS_DELIVERY__CARRIERS__0__SETTINGS__BASE_URL", api)
        .env("ALDIS_DELIVERY", format!("http://{}", at.delivery));
    shell
}

/// Ends what was left running.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("a shell");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

/// "Into Aldis", line by line, with the library that lies in this folder.
async fn into_aldis(folder: &Path) {
    let (api, requests) = acme().await;
    let at = Addresses::free();
    std::fs::write(folder.join("delivery.toml"), block("## Into Aldis", "toml")).expect("written");
    let lines: Vec<_> = block("## Into Aldis", "sh").lines().collect();
    let serve = lines
        .iter()
        .position(|line| line.ends_with(" &"))
        .expect("the service");
    let export = lines
        .iter()
        .find(|line| line.starts_with("export "))
        .expect("the secrets");
    let before = lines[..serve].join("\n");
    succeeds(&mut shell(folder, &at, &api, &before));

    let service = format!("{export}\nexec {}", lines[serve].trim_end_matches(" &"));
    let mut service = shell(folder, &at, &api, &service);
    let log = std::fs::File::create(folder.join("log")).expect("a log");
    let child = service
        .stdin(Stdio::null())
        .stdout(log)
        .spawn()
        .expect("delivery");
    let _running = Running(child);
    eventually("delivery to be ready", || async {
        let answer = reqwest::get(format!("http://{}/readyz", at.delivery_admin))
            .await
            .ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;

    let rest = format!("{export}\n{}", lines[serve + 1..].join("\n"));
    let mut send = shell(folder, &at, &api, &rest);
    let said = tokio::task::spawn_blocking(move || succeeds(&mut send))
        .await
        .expect("sent");
    assert!(said.contains("accepted"), "{said}");
    assert_eq!(
        *requests.lock().expect("no panic"),
        ["Basic bWU6azN5 to=%2B12025550100&text=Hello"]
    );
}

/// The guide's imaginary API: remembers the credentials and the form of each message.
async fn acme() -> (String, Arc<Mutex<Vec<String>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    let take = move |headers: axum::http::HeaderMap, form: String| {
        let kept = Arc::clone(&kept);
        async move {
            let credentials = headers.get("authorization").and_then(|value| value.to_str().ok());
            kept.lock()
                .expect("no panic")
                .push(format!("{} {form}", credentials.unwrap_or("nobody")));
            (axum::http::StatusCode::CREATED, r#"{"id": "m-1"}"#)
        }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let router = axum::Router::new().route("/v1/messages", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_leads_into_service_in_rust() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("acme");
    the_guides_crate(&folder);
    into_aldis(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_leads_into_service_in_c() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("acme");
    the_scaffold_in_c(&folder);
    into_aldis(&folder).await;
}

/// Each line names a package's folder, and behind the # a program of that package.
#[test]
fn the_guides_programs_are_where_it_says() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(binaries::root())
        .no_deps()
        .exec()
        .expect("cargo metadata");
    let mut installed = Vec::new();
    for line in block("## In an hour", "sh").lines() {
        let rest = line
            .strip_prefix("cargo install --locked --path ")
            .expect("an install");
        let (path, program) = rest.split_once('#').expect("what it installs");
        let program = program.trim().split([',', ' ']).next().expect("a name");
        let manifest = binaries::root().join(path.trim()).join("Cargo.toml");
        let package = metadata
            .packages
            .iter()
            .find(|package| package.manifest_path.as_std_path() == manifest)
            .expect("a package");
        let has = |target: &cargo_metadata::Target| target.is_bin() && target.name == program;
        assert!(package.targets.iter().any(has), "{line}");
        installed.push(program);
    }
    assert_eq!(installed, ["aldis", "aldis-delivery", "aldis-carrier-worker"]);
}
