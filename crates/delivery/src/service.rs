//! The gRPC handlers: convert, call, convert back.

mod carriers;

use crate::clients::Known;
use crate::engine::{Engine, too_late};
use crate::listen::Link;
use crate::patience::patience;
use aldis_daemon::clock;
use aldis_delivery_api::wire::carrier_service_server::CarrierServiceServer;
use aldis_delivery_api::wire::message_service_server::{MessageService, MessageServiceServer};
use aldis_delivery_api::wire::{
    AttachMessageRequest, AttachMessageResponse, GetMessageRequest, GetMessageResponse, SendMessageRequest,
    SendMessageResponse,
};
use aldis_delivery_api::{DeliveryError, ErrorKind, clock_skew, request_from_wire, view_into_wire};
use aldis_message::{ClientName, Deadline, NewMessage};
use carriers::Carriers;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status};

/// 1600 characters, 32 attributes and their names, with room.
const LONGEST_REQUEST: usize = 64 * 1024;

/// A body of 64 KiB, a head of 16 KiB and their names, with room.
const LONGEST_CALLBACK: usize = 128 * 1024;

/// The lines about refused calls that are written at once; the rest of a minute is summed up.
pub(crate) const REFUSALS_AT_ONCE: u32 = 5;

/// What the server is called in health checks and reflection.
pub(crate) type Server = MessageServiceServer<Service>;

/// The same of the carriers.
pub(crate) type CarrierServer = CarrierServiceServer<Carriers>;

/// The message service over an engine.
pub(crate) struct Service {
    engine: Arc<Engine>,
}

/// The service behind the door: no handler is reached without a client's token.
pub(crate) fn service(
    engine: Arc<Engine>,
) -> InterceptedService<Server, impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone> {
    let door = door(&engine);
    let server = MessageServiceServer::new(Service { engine }).max_decoding_message_size(LONGEST_REQUEST);
    InterceptedService::new(server, door)
}

/// The carriers, behind the same door.
pub(crate) fn carriers(
    engine: Arc<Engine>,
) -> InterceptedService<CarrierServer, impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone> {
    let door = door(&engine);
    let server = CarrierServiceServer::new(Carriers::new(engine)).max_decoding_message_size(LONGEST_CALLBACK);
    InterceptedService::new(server, door)
}

/// Lets clients in, and nobody else.
fn door(engine: &Arc<Engine>) -> impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone + use<> {
    let (engine, clients) = (Arc::clone(engine), engine.clients.clone());
    move |mut request: Request<()>| {
        let client = clients
            .authenticate(request.metadata())
            .inspect_err(|error| refused(&engine, &request, error))?;
        if let Some(link) = request.extensions().get::<Link>() {
            link.guest().known();
        }
        request.extensions_mut().insert(client);
        Ok(request)
    }
}

/// Counts a refused call, which anybody who reaches the port may cause, and logs the first few only.
fn refused(engine: &Engine, request: &Request<()>, error: &DeliveryError) {
    let code = error.code();
    engine.metrics.refusal(code);
    if let Some(kept_back) = engine.refusals.say(code, clock::now()) {
        let peer = request
            .extensions()
            .get::<Link>()
            .and_then(|link| link.guest().peer());
        let address = engine.log_addresses.of(peer.map(|peer| peer.ip()));
        let kept_back = (kept_back > 0).then_some(kept_back);
        tracing::warn!(
            address,
            code,
            kept_back,
            "a call was refused: no client has its token"
        );
    }
}

/// Writes how many more calls were refused.
pub(crate) fn sum_up(code: &'static str, kept_back: u64) {
    tracing::warn!(code, kept_back, "calls were refused, and not logged one by one");
}

#[tonic::async_trait]
impl MessageService for Service {
    async fn send_message(
        &self,
        request: Request<SendMessageRequest>,
    ) -> Result<Response<SendMessageResponse>, Status> {
        let sent = self.send(request).await.inspect_err(|error| self.count(error))?;
        Ok(Response::new(sent))
    }

    async fn attach_message(
        &self,
        request: Request<AttachMessageRequest>,
    ) -> Result<Response<AttachMessageResponse>, Status> {
        let attached = self
            .attach(request)
            .await
            .inspect_err(|error| self.count(error))?;
        Ok(Response::new(attached))
    }

    async fn get_message(
        &self,
        request: Request<GetMessageRequest>,
    ) -> Result<Response<GetMessageResponse>, Status> {
        let found = self.get(request).await.inspect_err(|error| self.count(error))?;
        Ok(Response::new(found))
    }
}

impl Service {
    async fn send(&self, request: Request<SendMessageRequest>) -> Result<SendMessageResponse, DeliveryError> {
        let client = client(&request)?;
        let until = until(&request);
        // Nothing is begun for a caller that has long left.
        if let Some(link) = request.extensions().get::<Link>().cloned() {
            timeout_at(until, link.caught_up())
                .await
                .map_err(|_| too_late())?;
        }
        let message = self.read(&client, request.into_inner())?;
        let sent = self.engine.send(client, message, until).await?;
        Ok(SendMessageResponse {
            message: Some(view_into_wire(sent.message)),
            replayed: sent.replayed,
        })
    }

    async fn attach(
        &self,
        request: Request<AttachMessageRequest>,
    ) -> Result<AttachMessageResponse, DeliveryError> {
        let client = client(&request)?;
        let until = until(&request);
        let send = request.into_inner().send;
        let send = send.ok_or_else(|| DeliveryError::invalid("send", "is missing"))?;
        let message = self.read(&client, send)?;
        let found = self.engine.attach(client, message, until).await?;
        Ok(AttachMessageResponse {
            closed: found.is_none(),
            message: found.map(view_into_wire),
        })
    }

    /// Reads a request by the system's clock, as its sender wrote it, and sets its deadline by the clock of lives.
    fn read(&self, client: &ClientName, request: SendMessageRequest) -> Result<NewMessage, DeliveryError> {
        let now = clock::now();
        if let Some(skew) = clock_skew(&request, now) {
            self.engine.skews.note(client, skew, Instant::now());
        }
        let message = request_from_wire(request, now)?;
        let left = message.deadline.remaining(now);
        let deadline = Deadline::at(self.engine.clock.now().plus(left));
        Ok(NewMessage { deadline, ..message })
    }

    async fn get(&self, request: Request<GetMessageRequest>) -> Result<GetMessageResponse, DeliveryError> {
        let client = client(&request)?;
        let id = request
            .into_inner()
            .id
            .parse()
            .map_err(|error| DeliveryError::invalid("id", error))?;
        let message = self.engine.message(&client, id).await?;
        Ok(GetMessageResponse {
            message: Some(view_into_wire(message)),
        })
    }

    fn count(&self, error: &DeliveryError) {
        self.engine.metrics.refusal(error.code());
        let message_id = error.message_id.map(|id| id.to_string());
        tracing::info!(message_id, code = error.code(), "request answered with an error");
    }
}

/// The moment at which the caller is to have its answer.
fn until<T>(request: &Request<T>) -> Instant {
    let timeout = request.metadata().get("grpc-timeout");
    Instant::now() + patience(timeout.and_then(|value| value.to_str().ok()))
}

/// Whom the door let in.
fn client<T>(request: &Request<T>) -> Result<ClientName, DeliveryError> {
    known(request).map(|known| known.name.clone())
}

fn known<T>(request: &Request<T>) -> Result<&Known, DeliveryError> {
    let known = request.extensions().get::<Known>();
    known.ok_or_else(|| DeliveryError::new(ErrorKind::Unauthenticated, "no client has this token"))
}
