//! Everything the two services need: a private folder, free ports, fresh secrets, their settings.

use super::neighbours::Neighbours;
use super::service::Service;
use crate::arguments::Dev;
use crate::failure::Failure;
use crate::inbox::RECEIPT_SECRET;
use crate::token::Signer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) const TENANT: &str = "demo";
pub(super) const AUDIENCE: &str = "urn:aldis:demo";
/// What Auth0's documentation suggests.
pub(super) const SUBJECT: &str = "urn:Auth0";
/// 202-555-01XX is reserved for fiction.
pub(super) const SENDER: &str = "+12025550199";

/// Where everything listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) edge: SocketAddr,
    pub(super) edge_admin: SocketAddr,
    pub(super) delivery: SocketAddr,
    pub(super) delivery_admin: SocketAddr,
}

/// Made anew for each run.
pub(super) struct Secrets {
    pub(super) edge_token: String,
    pub(super) cli_token: String,
    pub(super) gateway: String,
}

/// A gateway that could be started.
pub(super) struct Stage {
    /// Removed with everything in it when dropped, unless it was to be kept.
    folder: TempDir,
    pub(super) addresses: Addresses,
    pub(super) secrets: Secrets,
}

impl Stage {
    pub(super) fn prepare(wish: &Dev, neighbours: &Neighbours, inbox: &str) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::failed(format!("the demo cannot be set up: {error}"));
        let folder = tempfile::Builder::new()
            .prefix("aldis-dev-")
            .permissions(Permissions::from_mode(0o700))
            .disable_cleanup(wish.keep)
            .tempdir()
            .map_err(failed)?;
        let addresses = Addresses::free(wish.port)?;
        let secrets = Secrets::fresh()?;
        let stage = Self {
            folder,
            addresses,
            secrets,
        };
        stage.write(neighbours, inbox).map_err(failed)?;
        Ok(stage)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file with the token of `aldis send`.
    pub(super) fn cli_token_file(&self) -> PathBuf {
        self.folder().join("cli-token")
    }

    /// The file with the token the edge calls delivery with.
    pub(super) fn edge_token_file(&self) -> PathBuf {
        self.folder().join("edge-token")
    }

    /// Who Auth0 would be.
    pub(super) fn signer(&self) -> Signer {
        Signer {
            key: self.secrets.gateway.clone().into_bytes().into(),
            audience: AUDIENCE.to_owned(),
            subject: Some(SUBJECT.to_owned()),
            issuer: Some("Auth0".to_owned()),
        }
    }

    /// Starts delivery, then the edge.
    pub(super) fn start(&self, neighbours: &Neighbours) -> Result<[Service; 2], Failure> {
        let start = |name, program: &Path, admin| Service::start(name, program, self.folder(), admin);
        Ok([
            start("delivery", &neighbours.delivery, self.addresses.delivery_admin)?,
            start("edge", &neighbours.edge, self.addresses.edge_admin)?,
        ])
    }

    fn write(&self, neighbours: &Neighbours, inbox: &str) -> io::Result<()> {
        let gateway = self.folder().join("gateway-secret");
        private(&self.edge_token_file(), &self.secrets.edge_token)?;
        private(&self.cli_token_file(), &self.secrets.cli_token)?;
        private(&gateway, &self.secrets.gateway)?;
        private(&self.folder().join("edge.toml"), &self.edge_toml(&gateway))?;
        private(
            &self.folder().join("delivery.toml"),
            &self.delivery_toml(neighbours, inbox),
        )
    }

    fn edge_toml(&self, gateway: &Path) -> String {
        let Addresses {
            edge,
            edge_admin,
            delivery,
            ..
        } = self.addresses;
        format!(
            r#"# The front door of `aldis dev`.
listen = "{edge}"
admin_listen = "{edge_admin}"
public_url = "http://{edge}"
delivery = "http://{delivery}"
delivery_token = {{ file = {token} }}

[[tenants]]
name = "{TENANT}"
default_sender = "{SENDER}"
accept = "carrier"

[tenants.gateway_authentication]
method = "bearer"
subject = "{SUBJECT}"
audience = "{AUDIENCE}"
secrets = [{{ file = {gateway} }}]
"#,
            token = quoted(&self.edge_token_file()),
            gateway = quoted(gateway),
        )
    }

    fn delivery_toml(&self, neighbours: &Neighbours, inbox: &str) -> String {
        let Addresses {
            edge,
            delivery,
            delivery_admin,
            ..
        } = self.addresses;
        format!(
            r#"# The engine of `aldis dev`.
listen = "{delivery}"
admin_listen = "{delivery_admin}"
store = {store}
plugin_dirs = [{carriers}]
allow_unpinned = true
callback_base_url = "http://{edge}"

[[clients]]
name = "edge"
token = {{ file = {edge_token} }}
callbacks = true

[[clients]]
name = "cli"
token = {{ file = {cli_token} }}
operator = true

[[carriers]]
name = "sandbox"
plugin = "sandbox"

[carriers.settings]
base_url = "{inbox}"
receipt_secret = {{ literal = "{RECEIPT_SECRET}" }}

[[routes]]
to = ["+"]
carriers = ["sandbox"]
"#,
            store = quoted(Path::new(&format!(
                "sqlite:{}",
                self.folder().join("aldis.db").display()
            ))),
            carriers = quoted(&neighbours.carriers),
            edge_token = quoted(&self.edge_token_file()),
            cli_token = quoted(&self.cli_token_file()),
        )
    }
}

impl Addresses {
    /// Free loopback ports. Held until all are known, so that they differ.
    fn free(edge: Option<u16>) -> Result<Self, Failure> {
        let take = |port: u16| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .and_then(|taken| Ok((taken.local_addr()?, taken)))
                .map_err(|error| match port {
                    0 => Failure::failed(format!("no free port on 127.0.0.1: {error}")),
                    _ => Failure::failed(format!("port {port} on 127.0.0.1 cannot be had: {error}")),
                })
        };
        let taken = [take(edge.unwrap_or(0))?, take(0)?, take(0)?, take(0)?];
        let [edge, edge_admin, delivery, delivery_admin] = taken.map(|(address, _)| address);
        Ok(Self {
            edge,
            edge_admin,
            delivery,
            delivery_admin,
        })
    }
}

impl Secrets {
    fn fresh() -> Result<Self, Failure> {
        Ok(Self {
            edge_token: random()?,
            cli_token: random()?,
            gateway: random()?,
        })
    }
}

/// 256 random bits.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Failure::failed("the system gives no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A file for the owner's eyes.
fn private(path: &Path, content: &str) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(content.as_bytes())
}

/// A TOML basic string.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
