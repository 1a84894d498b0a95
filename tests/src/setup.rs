//! What a gateway under test is made of, and the configuration files that say so.

use crate::{Tenant, binaries};
use aldis_cli::inbox::RECEIPT_SECRET;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// A carrier of the test, in `delivery.toml`'s words.
#[derive(Clone, Debug)]
pub struct CarrierSetup {
    /// Its name in routes and attempts.
    pub name: String,
    /// The library to load.
    pub plugin: String,
    /// `[carriers.settings]`, as TOML lines; `{inbox}` becomes the inbox's URL.
    pub settings: String,
    /// More keys of the carrier, as TOML lines.
    pub keys: String,
}

impl CarrierSetup {
    /// The sandbox carrier under another name.
    pub fn sandbox(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            plugin: "sandbox".to_owned(),
            settings: format!(
                "base_url = \"{{inbox}}\"\nreceipt_secret = {{ literal = \"{RECEIPT_SECRET}\" }}"
            ),
            keys: String::new(),
        }
    }
}

/// A gateway to start.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The tenants of the edge.
    pub tenants: Vec<Tenant>,
    /// The carriers of delivery.
    pub carriers: Vec<CarrierSetup>,
    /// `[[routes]]`, as TOML; by default one route to every carrier in order.
    pub routes: Option<String>,
    /// More top-level keys of `edge.toml`.
    pub edge: String,
    /// More top-level keys of `delivery.toml`.
    pub delivery: String,
    /// Whether libraries need no pin.
    pub allow_unpinned: bool,
    /// `RUST_LOG` of both services.
    pub log: String,
    /// Folders with carrier libraries, before the one with ours.
    pub plugin_dirs: Vec<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            tenants: vec![Tenant::named("acme")],
            carriers: vec![CarrierSetup::sandbox("sandbox")],
            routes: None,
            edge: String::new(),
            delivery: String::new(),
            allow_unpinned: true,
            log: "info".to_owned(),
            plugin_dirs: Vec::new(),
        }
    }
}

/// The client token of the edge, and of everybody else who calls delivery in the tests.
pub const EDGE_TOKEN: &str = "planted-edge-client-token-0123456789";
/// The token of a second client.
pub const SERVICE_TOKEN: &str = "planted-service-client-token-0123456789";

/// The token of whoever runs it.
pub const OPERATOR_TOKEN: &str = "planted-operator-client-token-0123456789";

/// Where everything listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The edge's public listener.
    pub edge: SocketAddr,
    /// The edge's admin listener.
    pub edge_admin: SocketAddr,
    /// Delivery's gRPC listener.
    pub delivery: SocketAddr,
    /// Delivery's admin listener.
    pub delivery_admin: SocketAddr,
}

impl Addresses {
    /// Four free loopback ports; fixed, so that a killed service comes back where it was.
    pub fn free() -> Self {
        let taken: Vec<TcpListener> = (0..4)
            .map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"))
            .collect();
        let at = |index: usize| taken[index].local_addr().expect("bound");
        Self {
            edge: at(0),
            edge_admin: at(1),
            delivery: at(2),
            delivery_admin: at(3),
        }
    }
}

impl Setup {
    /// `edge.toml`.
    pub fn edge_toml(&self, at: &Addresses) -> String {
        let mut toml = format!(
            "listen = \"{0}\"\nadmin_listen = \"{1}\"\npublic_url = \"http://{0}\"\ndelivery = \"http://{2}\"\n\
             delivery_token = {{ literal = \"{EDGE_TOKEN}\" }}\n{3}\n",
            at.edge, at.edge_admin, at.delivery, self.edge
        );
        for tenant in &self.tenants {
            write!(
                toml,
                "[[tenants]]\nname = \"{}\"\naccept = \"{}\"\nanswer_within = \"{}\"\ncode_lifetime = \"{}\"\n\
                 [tenants.gateway_authentication]\nmethod = \"bearer\"\nsubject = \"{}\"\naudience = \"{}\"\n\
                 secrets = [{{ literal = \"{}\" }}]\n",
                tenant.name,
                tenant.accept,
                tenant.answer_within,
                tenant.code_lifetime,
                tenant.subject,
                tenant.audience,
                tenant.secret
            )
            .expect("a String takes it");
        }
        toml
    }

    /// `delivery.toml`.
    pub fn delivery_toml(&self, at: &Addresses, folder: &Path, inbox: &str) -> String {
        let mut dirs = self.plugin_dirs.clone();
        dirs.push(binaries::folder());
        let mut toml = format!(
            "listen = \"{}\"\nadmin_listen = \"{}\"\nstore = \"sqlite:{}\"\nplugin_dirs = {:?}\n\
             allow_unpinned = {}\ncallback_base_url = \"http://{}\"\n{}\n\
             [[clients]]\nname = \"edge\"\ntoken = {{ literal = \"{EDGE_TOKEN}\" }}\ncallbacks = true\n\
             [[clients]]\nname = \"service\"\ntoken = {{ literal = \"{SERVICE_TOKEN}\" }}\n\
             [[clients]]\nname = \"operator\"\ntoken = {{ literal = \"{OPERATOR_TOKEN}\" }}\noperator = true\n",
            at.delivery,
            at.delivery_admin,
            folder.join("aldis.db").display(),
            dirs,
            self.allow_unpinned,
            at.edge,
            self.delivery
        );
        for carrier in &self.carriers {
            write!(
                toml,
                "[[carriers]]\nname = \"{}\"\nplugin = \"{}\"\n{}\n[carriers.settings]\n{}\n",
                carrier.name,
                carrier.plugin,
                carrier.keys,
                carrier.settings.replace("{inbox}", inbox)
            )
            .expect("a String takes it");
        }
        let names: Vec<&str> = self
            .carriers
            .iter()
            .map(|carrier| carrier.name.as_str())
            .collect();
        let routes = self.routes.clone();
        toml + &routes.unwrap_or_else(|| format!("[[routes]]\nto = [\"+\"]\ncarriers = {names:?}\n"))
    }
}
