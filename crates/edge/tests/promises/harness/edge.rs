//! The edge under test: its settings as TOML, its sockets on loopback.

use super::{Answer, Call, Delivery, SECRET};
use aldis_edge::{Config, Listeners};
use std::net::SocketAddr;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The token the edge shows to delivery.
pub(crate) const DELIVERY_TOKEN: &str = "the-edge-token-of-the-tests";

/// A `[[tenants]]` entry. `lines` may add keys of the tenant, `gateway` replaces the whole authentication table.
pub(crate) fn tenant(name: &str, lines: &str, gateway: &str) -> String {
    format!("[[tenants]]\nname = \"{name}\"\n{lines}\n[tenants.gateway_authentication]\n{gateway}\n")
}

/// The authentication table of `acme`, with more keys.
pub(crate) fn bearer(lines: &str) -> String {
    format!(
        "method = \"bearer\"\nsubject = \"urn:Auth0\"\naudience = \"urn:acme\"\n\
         secrets = [{{ literal = \"{SECRET}\" }}]\n{lines}"
    )
}

/// A running edge and its delivery.
pub(crate) struct Edge {
    pub(crate) at: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) delivery: Delivery,
    pub(crate) stop: CancellationToken,
    pub(crate) running: JoinHandle<()>,
}

impl Edge {
    /// With the tenant `acme` as docs/configuration.md shows it.
    pub(crate) async fn start() -> Self {
        Self::with(&tenant("acme", "", &bearer(""))).await
    }

    /// With the tenant `acme` and more keys of its authentication.
    pub(crate) async fn gateway(lines: &str) -> Self {
        Self::with(&tenant("acme", "", &bearer(lines))).await
    }

    /// With these tenants.
    pub(crate) async fn with(tenants: &str) -> Self {
        Self::with_keys("", tenants).await
    }

    /// With more top-level keys.
    pub(crate) async fn with_keys(keys: &str, tenants: &str) -> Self {
        let delivery = Delivery::start().await;
        let address = delivery.address;
        Self::before(delivery, &format!("http://{address}"), keys, tenants).await
    }

    /// With another token towards delivery.
    pub(crate) async fn with_token(token: &str) -> Self {
        let delivery = Delivery::start().await;
        let uri = format!("http://{}", delivery.address);
        let toml = settings(&uri, "", &tenant("acme", "", &bearer("")));
        Self::of(delivery, &toml.replace(DELIVERY_TOKEN, token)).await
    }

    /// In front of a delivery that is anywhere.
    pub(crate) async fn before(delivery: Delivery, uri: &str, keys: &str, tenants: &str) -> Self {
        Self::of(delivery, &settings(uri, keys, tenants)).await
    }

    async fn of(delivery: Delivery, toml: &str) -> Self {
        let config = load(toml).unwrap_or_else(|error| panic!("{error}"));
        let listeners = Listeners::bind(&config).await.expect("ports");
        let (at, admin) = listeners.addresses().expect("bound");
        let stop = CancellationToken::new();
        let running = tokio::spawn(aldis_edge::Edge::build(config).run(listeners, stop.clone()));
        Self {
            at,
            admin,
            delivery,
            stop,
            running,
        }
    }

    pub(crate) async fn hears(&self, call: &Call) -> Answer {
        call.to(self.at).await
    }

    /// The status of a good call with another `Authorization`.
    pub(crate) async fn judges(&self, authorization: impl AsRef<[u8]>) -> u16 {
        self.hears(&Call::bare().header("authorization", authorization))
            .await
            .status
    }

    /// Sends each authorization in turn and compares.
    pub(crate) async fn expect(&self, cases: &[(&str, String, u16)]) {
        for (what, authorization, status) in cases {
            assert_eq!(self.judges(authorization).await, *status, "{what}");
        }
        let taken = cases.iter().filter(|(_, _, status)| *status == 200).count();
        assert_eq!(
            self.delivery.asked().len(),
            taken,
            "delivery hears of what is answered 200, and of nothing else"
        );
    }

    /// A page of the admin listener.
    pub(crate) async fn page(&self, path: &str) -> Answer {
        Call {
            method: "GET",
            headers: Vec::new(),
            body: Vec::new(),
            ..Call::bare()
        }
        .path(path)
        .to(self.admin)
        .await
    }
}

/// `edge.toml`, on ports of the system's choice.
pub(crate) fn settings(delivery: &str, keys: &str, tenants: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\ndelivery = \"{delivery}\"\n\
         delivery_token = {{ literal = \"{DELIVERY_TOKEN}\" }}\n{keys}\n{tenants}"
    )
}

/// Loads settings, and says as text what is wrong with them.
pub(crate) fn load(toml: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("edge.toml");
    std::fs::write(&path, toml).expect("written");
    Config::load(&path, std::iter::empty()).map_err(|error| error.to_string())
}
