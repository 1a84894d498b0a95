//! Libraries compiled for the run, the carrier's process, and instances between them.

use aldis_carrier_host::{
    CarrierEvent, CarrierMessage, CarrierSender, Encoding, Events, HttpEngine, HttpOptions, Instance,
    InstanceOptions, Isolation, LateAnswer, Libraries, Library, SenderKind, Stored, Submission, Trust,
};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) struct Stage {
    folder: TempDir,
}

/// The carrier. Ends with this.
pub(crate) struct Peer {
    child: Child,
    port: u16,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    /// Of this source, which lies in `crates`.
    fn library(&self, source: &str, plugin: &str, isolation: Isolation) -> Library {
        let file = self.folder.path().join(format!("libaldis_carrier_{plugin}.so"));
        let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let built = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
            .args(["-std=gnu11", "-O2", "-shared", "-fPIC", "-I"])
            .arg(crates.join("carrier/include"))
            .arg("-o")
            .arg(&file)
            .arg(crates.join(source))
            .status();
        assert!(built.expect("a C compiler").success(), "{source}");
        let worker = env!("CARGO_BIN_EXE_aldis-carrier-worker").into();
        let library = Libraries::new(Some(worker)).load(&file, &Trust::Anything, Some(isolation));
        library.expect("a library")
    }

    fn instance(library: &Library, settings: Value) -> Instance {
        let options = InstanceOptions {
            name: "bench".into(),
            settings,
            secrets: Vec::new(),
            callback_base_url: None,
            clock: || 5_000,
            worker_threads: aldis_carrier_host::worker::THREADS,
        };
        let engine = HttpEngine::new(HttpOptions::default()).expect("an engine");
        Instance::create(library, options, engine).expect("an instance")
    }

    /// Of the carrier that is shown to those who write their first.
    pub(crate) fn http(&self, isolation: Isolation, port: u16) -> Instance {
        let library = self.library("carrier/tests/c_carrier/minimal.c", "minimal", isolation);
        Self::instance(
            &library,
            json!({ "base_url": format!("http://127.0.0.1:{port}") }),
        )
    }

    /// With its link up.
    pub(crate) async fn session(&self, isolation: Isolation, port: u16) -> Instance {
        let library = self.library("carrier-host/tests/carriers/wire.c", "wire", isolation);
        let instance = Self::instance(&library, json!({ "host": "127.0.0.1", "port": port.to_string() }));
        instance.start(&(Arc::new(Deaf) as Arc<dyn Events>));
        while instance.metrics().links[0].window == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        instance
    }
}

impl Peer {
    /// This program again, as the carrier.
    pub(crate) fn start(words: &[&str]) -> Peer {
        let own = std::env::current_exe().expect("this program");
        let child = Command::new(own).args(words).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("a carrier");
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its words"));
        said.read_line(&mut line).expect("its port");
        let port = line.trim().parse().expect("a port");
        Peer { child, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes no events: there are none.
struct Deaf;

impl Events for Deaf {
    fn take(&self, _: &str, _: CarrierEvent) -> Stored {
        Box::pin(std::future::ready(true))
    }

    fn late(&self, _: &str, _: LateAnswer) -> Stored {
        Box::pin(std::future::ready(true))
    }
}

/// The message of the prototype: 339 bytes on the wire, two attributes.
pub(crate) fn submission(number: usize) -> Submission {
    Submission {
        message: CarrierMessage {
            id: format!("msg_{number}"),
            to: "+12025550100".into(),
            from: Some(CarrierSender {
                kind: SenderKind::Alphanumeric,
                address: "Acme".into(),
            }),
            text: "Your-verification-code-is-123456".into(),
            encoding: Encoding::Gsm7,
            segments: 1,
            attempt: 1,
            validity: Some(Duration::from_mins(3)),
            deadline_unix_ms: 100_000,
            until_unix_ms: 100_000,
            callback_url: None,
            idempotency_key: format!("key_{number}"),
            attributes: vec![("tenant".into(), "acme".into()), ("class".into(), "otp".into())],
        },
        time_limit: Duration::from_secs(10),
        now_unix_ms: 5_000,
        gone: tokio_util::sync::CancellationToken::new(),
    }
}

/// User and system time of this process, getrusage(2). A worker's is not in it.
#[allow(unsafe_code, reason = "one call that fills in a plain struct")]
pub(crate) fn cpu_time() -> Duration {
    // SAFETY: fills in a plain struct.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let of = |time: libc::timeval| {
        let micros = time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_usec.cast_unsigned();
        Duration::from_micros(micros)
    };
    of(usage.ru_utime) + of(usage.ru_stime)
}
