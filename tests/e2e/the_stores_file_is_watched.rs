//! A change of the store's file is noticed, named, and answered with the documented exit code; and a start that is killed
//! leaves a store that opens.

use aldis_cli::inbox::Inbox;
use aldis_delivery_api::{ClientToken, DeliveryClient, DeliveryError, Endpoint, Sent};
use aldis_message::{
    AcceptMode, Attributes, Deadline, Idempotency, IdempotencyKey, MessageBody, MessageClass, NewMessage,
    PhoneNumber, UnixMillis,
};
use aldis_tests::eventually::eventually;
use aldis_tests::process::Process;
use aldis_tests::setup::{Addresses, SERVICE_TOKEN};
use aldis_tests::{ALICE, Gateway, Setup, binaries};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// The exit codes of docs/operations.md.
const IO: Option<i32> = Some(74);
const CONFIG: Option<i32> = Some(78);

/// A delivery alone, with its store in a folder of the test's choice.
struct Alone {
    at: Addresses,
    process: Process,
    config: PathBuf,
    http: reqwest::Client,
}

impl Alone {
    fn start(folder: &Path, store: &Path, inbox: &Inbox) -> Self {
        let at = Addresses::free();
        let config = folder.join(format!("delivery-{}.toml", at.delivery.port()));
        let toml = Setup::default().delivery_toml(&at, Path::new("/nowhere"), &inbox.url());
        let toml = toml.replace("/nowhere/aldis.db", &store.display().to_string());
        fs::write(&config, toml).expect("delivery.toml");
        Self {
            at,
            process: launch(&config),
            config,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
        }
    }

    fn again(&mut self) {
        self.process = launch(&self.config);
    }

    /// Returns the answer of `/readyz?verbose`, or none if nobody listens.
    async fn readiness(&self) -> Option<(u16, String)> {
        let url = format!("http://{}/readyz?verbose", self.at.delivery_admin);
        let answer = self.http.get(url).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.text().await.unwrap_or_default()))
    }

    async fn is_ready(&self) -> bool {
        self.readiness().await.is_some_and(|(status, _)| status == 200)
    }

    async fn ready(&self) {
        eventually("delivery is ready", || async {
            self.is_ready().await.then_some(())
        })
        .await;
    }

    async fn send(&self, key: usize) -> Result<Sent, DeliveryError> {
        let endpoint = Endpoint {
            uri: format!("http://{}", self.at.delivery),
            token: ClientToken::new(SERVICE_TOKEN.to_owned()),
            tls: None,
            allow_plaintext: false,
        };
        let client = DeliveryClient::connect_lazy(&endpoint).expect("an endpoint");
        client.send(message(key), Duration::from_secs(5)).await
    }
}

fn launch(config: &Path) -> Process {
    let env = [("RUST_LOG".to_owned(), "info".to_owned())];
    Process::start(
        "aldis-delivery",
        &binaries::program("aldis-delivery"),
        config,
        &env,
    )
}

#[allow(clippy::disallowed_methods, reason = "a test's clock is the world's")]
fn message(key: usize) -> NewMessage {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let now = UnixMillis::from_millis(u64::try_from(now.as_millis()).expect("before year 584 million"));
    NewMessage {
        to: PhoneNumber::parse(ALICE, None).expect("a number"),
        sender: None,
        body: MessageBody::parse("Your parcel is here".to_owned()).expect("a text"),
        tenant: None,
        class: MessageClass::Notification,
        accept: AcceptMode::Carrier,
        idempotency: Some(Idempotency::new(
            IdempotencyKey::parse(&format!("parcel-{key}")).expect("a key"),
            Duration::from_mins(10),
        )),
        deadline: Deadline::at(now.plus(Duration::from_mins(3))),
        attributes: Attributes::default(),
    }
}

async fn inbox() -> Inbox {
    Inbox::start(([127, 0, 0, 1], 0).into()).await.expect("an inbox")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_file_ends_delivery_and_no_200_is_lost() {
    let gateway = Gateway::start(Setup::default()).await;
    assert_eq!(gateway.sms(ALICE, "100000").await.status, 200);
    for file in fs::read_dir(gateway.folder()).expect("a folder").flatten() {
        if file.file_name().to_string_lossy().starts_with("aldis.db") {
            fs::remove_file(file.path()).expect("removed");
        }
    }
    let began = Instant::now();
    for code in 200_000..200_020 {
        let answer = gateway.sms(ALICE, &code.to_string()).await;
        assert_ne!(answer.status, 200, "{answer:?}");
    }
    let url = format!("http://{}/readyz", gateway.at.delivery_admin);
    eventually("not ready", || async {
        let answer = reqwest::get(&url).await;
        answer.map_or(true, |answer| answer.status() != 200).then_some(())
    })
    .await;
    assert_eq!(gateway.delivery.exited().await.code(), IO);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(gateway.delivery.printed().contains("was removed or renamed"));
}

/// A delivery that nobody calls notices by its watch alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_delivery_notices_too() {
    let gateway = Gateway::start(Setup::default()).await;
    fs::rename(gateway.store(), gateway.folder().join("away.db")).expect("renamed");
    gateway.delivery.prints("was removed or renamed").await;
    assert_eq!(gateway.delivery.exited().await.code(), IO);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_by_a_link_is_refused() {
    let (inbox, folder) = (inbox().await, tempfile::tempdir().expect("a folder"));
    let store = folder.path().join("aldis.db");
    let first = Alone::start(folder.path(), &store, &inbox);
    first.ready().await;
    let (link, hard) = (folder.path().join("link.db"), folder.path().join("hard.db"));
    symlink(&store, &link).expect("a link");
    fs::hard_link(&store, &hard).expect("a hard link");
    for name in [link, hard] {
        let second = Alone::start(folder.path(), &name, &inbox);
        assert_eq!(second.process.exited().await.code(), IO);
        second.process.prints("another process has this store open").await;
    }
    first.send(1).await.expect("the first goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_refused_in_plain_words() {
    let (inbox, folder) = (inbox().await, tempfile::tempdir().expect("a folder"));
    let theirs = folder.path().join("theirs.db");
    Connection::open(&theirs)
        .expect("a database")
        .execute_batch("CREATE TABLE users (id INTEGER)")
        .expect("a table");
    let before = fs::read(&theirs).expect("bytes");
    let refused = Alone::start(folder.path(), &theirs, &inbox);
    assert_eq!(refused.process.exited().await.code(), CONFIG);
    refused.process.prints("this is not a store of Aldis").await;
    assert_eq!(fs::read(&theirs).expect("bytes"), before);

    let store = folder.path().join("aldis.db");
    let mut delivery = Alone::start(folder.path(), &store, &inbox);
    delivery.ready().await;
    assert!(delivery.process.terminate().await.success());
    Connection::open(&store)
        .expect("the store")
        .execute_batch(
            "INSERT INTO refinery_schema_history VALUES (99, 'future', '2030-01-01T00:00:00Z', '1')",
        )
        .expect("a row");
    delivery.again();
    assert_eq!(delivery.process.exited().await.code(), CONFIG);
    delivery
        .process
        .prints("a newer version of Aldis wrote this store")
        .await;
}

/// The first start, killed again and again, each time a little later: as soon as the log has that many pages.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_may_be_killed() {
    let inbox = inbox().await;
    for pages in (0..60).step_by(5) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("aldis.db");
        let mut delivery = Alone::start(folder.path(), &store, &inbox);
        let log = folder.path().join("aldis.db-wal");
        let enough = || fs::metadata(&log).is_ok_and(|log| log.len() >= 32 + pages * 4120);
        let began = Instant::now();
        // It may never have that many pages.
        while !enough() && began.elapsed() < Duration::from_secs(2) {
            std::hint::spin_loop();
        }
        delivery.process.kill_nine();
        delivery.again();
        delivery.ready().await;
        delivery.send(1).await.expect("a message");
    }
}

/// A small file system of its own.
struct Small(PathBuf);

impl Small {
    fn mounted(at: &Path) -> Option<Self> {
        let mount = ["-t", "tmpfs", "-o", "size=24m", "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(at).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_path_buf()))
    }

    /// Fills it until nothing more can be written, or this much is left.
    fn fill(&self, leave: u64) {
        use std::io::Write as _;
        let filling = self.0.join("filling");
        let mut file = fs::File::create(&filling).expect("a file");
        while file.write_all(&[7; 4096]).is_ok() {}
        let length = file.metadata().expect("a length").len();
        file.set_len(length.saturating_sub(leave)).expect("shorter");
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("filling")).expect("removed");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[allow(clippy::print_stderr, reason = "what is left out is said aloud")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_survived() {
    let (inbox, folder) = (inbox().await, tempfile::tempdir().expect("a folder"));
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    let Some(small) = Small::mounted(&disk) else {
        eprintln!("SKIPPED a full disk: this user may not mount a file system");
        return;
    };
    let mut delivery = Alone::start(folder.path(), &disk.join("aldis.db"), &inbox);
    delivery.ready().await;
    delivery.send(1).await.expect("there is room");

    // Nearly full: a warning, and everything goes on.
    small.fill(1_000_000);
    delivery.process.prints("nearly full").await;
    let (status, words) = delivery.readiness().await.expect("an answer");
    assert!(status == 200 && words.contains("disk: "), "{status} {words}");
    delivery.send(2).await.expect("there is room for it");

    // Full: not ready, and the answer says that asking again helps.
    small.fill(200_000);
    eventually("not ready", || async {
        (!delivery.is_ready().await).then_some(())
    })
    .await;
    let error = delivery.send(3).await.expect_err("no room");
    assert!(error.retryable() && error.retry_after.is_some(), "{error:?}");
    assert_eq!(error.code(), "overloaded");
    delivery
        .send(1)
        .await
        .expect("what was sent is answered as before");

    // Room again: ready again, without a restart.
    small.empty();
    delivery.ready().await;
    delivery.send(3).await.expect("there is room");
    assert!(delivery.process.terminate().await.success());

    // A start on a disk with nothing left is over at once, and says why.
    small.fill(0);
    delivery.again();
    assert_eq!(delivery.process.exited().await.code(), IO);
    delivery.process.prints("full").await;

    // One with little left is there, and not ready.
    small.fill(200_000);
    delivery.again();
    eventually("an answer", || async { delivery.readiness().await }).await;
    assert!(!delivery.is_ready().await);
    assert!(delivery.send(4).await.expect_err("no room").retryable());
    small.empty();
    delivery.ready().await;
    delivery.send(4).await.expect("there is room");
}
