//! A delivery over loopback that answers as scripted and remembers what it was asked.

use aldis_delivery_api::wire::carrier_service_server::{CarrierService, CarrierServiceServer};
use aldis_delivery_api::wire::message_service_server::{MessageService, MessageServiceServer};
use aldis_delivery_api::wire::{
    AttachMessageRequest, AttachMessageResponse, GetMessageRequest, GetMessageResponse,
    HandleCallbackRequest, HandleCallbackResponse, ListCarriersRequest, ListCarriersResponse, Message,
    MessageState, ReloadCarriersRequest, ReloadCarriersResponse, SendMessageRequest, SendMessageResponse,
};
use aldis_delivery_api::{DeliveryError, HEALTH_SERVICE};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What delivery does with one request.
pub(crate) enum Script {
    /// Answers OK with the message in this state.
    Say(MessageState),
    Fail(DeliveryError),
    /// Answers OK once [`Delivery::let_go`] is called.
    Wait,
}

/// What delivery was asked.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) request: SendMessageRequest,
    pub(crate) token: String,
    pub(crate) timeout: Duration,
    pub(crate) request_id: String,
}

/// The handle of the running server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) address: SocketAddr,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    called_back: Arc<Mutex<Vec<HandleCallbackRequest>>>,
    gate: Arc<Semaphore>,
    deserted: Arc<AtomicU32>,
    held_back: Arc<AtomicBool>,
}

/// Counts a call that is dropped before its answer.
struct Waiting(Option<Arc<AtomicU32>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(deserted) = &self.0 {
            deserted.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub(crate) const MESSAGE_ID: &str = "msg_018f0000000070008000000000000001";

impl Delivery {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("bound");
        let delivery = Self {
            address,
            scripts: Arc::default(),
            asked: Arc::default(),
            called_back: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
            deserted: Arc::default(),
            held_back: Arc::default(),
        };
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter
            .set_service_status(HEALTH_SERVICE, tonic_health::ServingStatus::Serving)
            .await;
        let server = Server::builder()
            .add_service(health)
            .add_service(MessageServiceServer::new(delivery.clone()))
            .add_service(CarrierServiceServer::new(delivery.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        delivery
    }

    /// What happens to the next request that has no script yet; without one it is submitted.
    pub(crate) fn then(&self, script: Script) {
        self.scripts.lock().expect("a test's lock").push_back(script);
    }

    /// Drops what was scripted and not used.
    pub(crate) fn forget(&self) {
        self.scripts.lock().expect("a test's lock").clear();
    }

    pub(crate) fn let_go(&self) {
        self.gate.add_permits(1);
    }

    /// Everything asked so far, and forgets it.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().expect("a test's lock"))
    }

    /// Every call-back handed on so far, and forgets it.
    pub(crate) fn called_back(&self) -> Vec<HandleCallbackRequest> {
        std::mem::take(&mut self.called_back.lock().expect("a test's lock"))
    }

    /// Holds call-backs from now on, too: each is answered at one call of [`Delivery::let_go`].
    pub(crate) fn hold_callbacks(&self) {
        self.held_back.store(true, Ordering::SeqCst);
    }

    /// Counts the call-backs that were handed on and not yet taken by [`Delivery::called_back`].
    pub(crate) fn callbacks(&self) -> usize {
        self.called_back.lock().expect("a test's lock").len()
    }

    /// Waits until so many calls were given up while they waited.
    pub(crate) async fn deserted(&self, calls: u32) {
        while self.deserted.load(Ordering::SeqCst) < calls {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until something is asked.
    pub(crate) async fn busy(&self) {
        while self.asked.lock().expect("a test's lock").is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

fn submitted(state: MessageState) -> Response<SendMessageResponse> {
    let moment = Some(prost_types::Timestamp {
        seconds: 1_700_000_000,
        nanos: 0,
    });
    let message = Message {
        id: MESSAGE_ID.into(),
        to: "+1******0100".into(),
        state: state.into(),
        class: 1,
        encoding: 1,
        segments: 1,
        created_at: moment,
        deadline: moment,
        updated_at: moment,
        ..Message::default()
    };
    Response::new(SendMessageResponse {
        message: Some(message),
        replayed: false,
    })
}

#[tonic::async_trait]
impl MessageService for Delivery {
    async fn send_message(
        &self,
        request: Request<SendMessageRequest>,
    ) -> Result<Response<SendMessageResponse>, Status> {
        let header = |name: &str| {
            request
                .metadata()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let asked = Asked {
            token: header("authorization"),
            timeout: grpc_timeout(&header("grpc-timeout")),
            request_id: header("x-request-id"),
            request: request.get_ref().clone(),
        };
        self.asked.lock().expect("a test's lock").push(asked);
        let script = self.scripts.lock().expect("a test's lock").pop_front();
        match script.unwrap_or(Script::Say(MessageState::Submitted)) {
            Script::Say(state) => Ok(submitted(state)),
            Script::Fail(error) => Err(error.into()),
            Script::Wait => {
                let mut waiting = Waiting(Some(Arc::clone(&self.deserted)));
                self.gate.acquire().await.expect("open").forget();
                waiting.0 = None;
                Ok(submitted(MessageState::Submitted))
            }
        }
    }

    async fn attach_message(
        &self,
        _: Request<AttachMessageRequest>,
    ) -> Result<Response<AttachMessageResponse>, Status> {
        Err(Status::unimplemented("as a delivery of an earlier version"))
    }

    async fn get_message(
        &self,
        _: Request<GetMessageRequest>,
    ) -> Result<Response<GetMessageResponse>, Status> {
        Err(Status::unimplemented("the edge never asks"))
    }
}

#[tonic::async_trait]
impl CarrierService for Delivery {
    async fn handle_callback(
        &self,
        request: Request<HandleCallbackRequest>,
    ) -> Result<Response<HandleCallbackResponse>, Status> {
        let called_back = request.into_inner();
        self.called_back.lock().expect("a test's lock").push(called_back);
        if self.held_back.load(Ordering::SeqCst) {
            self.gate.acquire().await.expect("open").forget();
        }
        Ok(Response::new(HandleCallbackResponse {
            status: 200,
            ..HandleCallbackResponse::default()
        }))
    }

    async fn list_carriers(
        &self,
        _: Request<ListCarriersRequest>,
    ) -> Result<Response<ListCarriersResponse>, Status> {
        Err(Status::unimplemented("the edge never asks"))
    }

    async fn reload_carriers(
        &self,
        _: Request<ReloadCarriersRequest>,
    ) -> Result<Response<ReloadCarriersResponse>, Status> {
        Err(Status::unimplemented("the edge never asks"))
    }
}

/// `11800m` and the like (the gRPC protocol over HTTP/2).
fn grpc_timeout(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let number = number.parse().expect("a grpc-timeout");
    match unit {
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        other => panic!("a grpc-timeout in {other}"),
    }
}
