//! A whole gateway on loopback: inbox, delivery and edge, each a process or a socket of its own.

use crate::eventually::eventually;
use crate::process::Process;
use crate::setup::{Addresses, EDGE_TOKEN, SERVICE_TOKEN, Setup};
use crate::{Tenant, binaries};
use aldis_cli::inbox::Inbox;
use aldis_delivery_api::{ClientToken, DeliveryClient, Endpoint, MessageView};
use serde_json::Value;
use std::path::PathBuf;

/// A running gateway; everything ends when it is dropped.
pub struct Gateway {
    /// Where it listens.
    pub at: Addresses,
    /// What it is made of.
    pub setup: Setup,
    /// The sandbox carrier's cloud, which outlives every kill.
    pub inbox: Inbox,
    /// The edge's process.
    pub edge: Process,
    /// Delivery's process.
    pub delivery: Process,
    folder: tempfile::TempDir,
    http: reqwest::Client,
}

/// An answer of the edge.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, `Null` if it was not JSON.
    pub json: Value,
    /// `Retry-After`, if it was there.
    pub retry_after: Option<String>,
}

impl Answer {
    /// The id of the message, where the answer names one.
    pub fn message_id(&self) -> String {
        self.json["message_id"]
            .as_str()
            .unwrap_or_else(|| panic!("no message_id in {self:?}"))
            .to_owned()
    }
}

impl Gateway {
    /// Starts everything and waits until both services say they are ready.
    pub async fn start(setup: Setup) -> Self {
        let inbox = Inbox::start(([127, 0, 0, 1], 0).into()).await.expect("an inbox");
        Self::start_with(setup, inbox).await
    }

    /// As [`Gateway::start`], with an inbox made by the test.
    pub async fn start_with(setup: Setup, inbox: Inbox) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = Addresses::free();
        let edge_toml = folder.path().join("edge.toml");
        let delivery_toml = folder.path().join("delivery.toml");
        std::fs::write(&edge_toml, setup.edge_toml(&at)).expect("edge.toml");
        std::fs::write(
            &delivery_toml,
            setup.delivery_toml(&at, folder.path(), &inbox.url()),
        )
        .expect("delivery.toml");
        let env = vec![("RUST_LOG".to_owned(), setup.log.clone())];
        let delivery = Process::start(
            "aldis-delivery",
            &binaries::program("aldis-delivery"),
            &delivery_toml,
            &env,
        );
        let edge = Process::start("aldis-edge", &binaries::program("aldis-edge"), &edge_toml, &env);
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let gateway = Self {
            at,
            setup,
            inbox,
            edge,
            delivery,
            folder,
            http,
        };
        gateway.ready().await;
        gateway
    }

    /// Waits until both services are ready.
    pub async fn ready(&self) {
        for admin in [self.at.delivery_admin, self.at.edge_admin] {
            eventually(&format!("http://{admin}/readyz"), || async {
                let answer = self
                    .http
                    .get(format!("http://{admin}/readyz"))
                    .send()
                    .await
                    .ok()?;
                (answer.status() == 200).then_some(())
            })
            .await;
        }
    }

    /// Starts delivery again where it was, after a kill or a stop.
    pub async fn restart_delivery(&mut self) {
        self.delivery = self.delivery_again();
        self.ready().await;
    }

    /// Starts another delivery where the first one was, which must have ended; it may not be ready yet.
    pub fn delivery_again(&self) -> Process {
        let env = vec![("RUST_LOG".to_owned(), self.setup.log.clone())];
        Process::start(
            "aldis-delivery",
            &binaries::program("aldis-delivery"),
            &self.delivery_toml(),
            &env,
        )
    }

    /// Delivery's settings.
    pub fn delivery_toml(&self) -> PathBuf {
        self.folder.path().join("delivery.toml")
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("aldis.db")
    }

    /// A scratch folder that lives as long as the gateway.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The first tenant.
    pub fn tenant(&self) -> &Tenant {
        &self.setup.tenants[0]
    }

    /// One SMS, the way Auth0 asks for it.
    pub async fn sms(&self, recipient: &str, code: &str) -> Answer {
        self.post(&self.tenant().token(), &Tenant::body(recipient, code))
            .await
    }

    /// A body with a token, as the first tenant.
    pub async fn post(&self, token: &str, body: &Value) -> Answer {
        self.try_post(token, body).await.expect("the edge answers")
    }

    /// As [`Gateway::post`], where no answer is an answer too.
    pub async fn try_post(&self, token: &str, body: &Value) -> Option<Answer> {
        let url = format!("http://{}/auth0/{}/sms", self.at.edge, self.tenant().name);
        let answer = self
            .http
            .post(url)
            .bearer_auth(token)
            .json(body)
            .send()
            .await
            .ok()?;
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let json = answer.json().await.unwrap_or(Value::Null);
        Some(Answer {
            status,
            json,
            retry_after,
        })
    }

    /// The text of a page of an admin listener.
    pub async fn page(&self, admin: std::net::SocketAddr, path: &str) -> String {
        let answer = self
            .http
            .get(format!("http://{admin}{path}"))
            .send()
            .await
            .expect("the admin listener answers");
        answer.text().await.expect("text")
    }

    /// A gRPC client: the edge's own.
    pub fn as_edge(&self) -> DeliveryClient {
        self.client(EDGE_TOKEN)
    }

    /// A gRPC client: another internal service.
    pub fn as_service(&self) -> DeliveryClient {
        self.client(SERVICE_TOKEN)
    }

    fn client(&self, token: &str) -> DeliveryClient {
        let endpoint = Endpoint {
            uri: format!("http://{}", self.at.delivery),
            token: ClientToken::new(token.to_owned()),
            tls: None,
            allow_plaintext: false,
        };
        DeliveryClient::connect_lazy(&endpoint).expect("an endpoint")
    }

    /// The life of a message the edge sent.
    pub async fn life(&self, id: &str) -> MessageView {
        let id = id.parse().expect("a message id");
        self.as_edge()
            .message(&id)
            .await
            .unwrap_or_else(|error| panic!("{id}: {error:?}"))
    }

    /// Everything both services have printed.
    pub fn printed(&self) -> String {
        self.delivery.printed() + &self.edge.printed()
    }
}
