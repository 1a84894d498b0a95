//! The one way to call delivery from Rust.

mod sending;

use crate::convert::view_from_wire;
use crate::wire::carrier_service_client::CarrierServiceClient;
use crate::wire::message_service_client::MessageServiceClient;
use crate::wire::{GetMessageRequest, ListCarriersRequest, Message, ReloadCarriersRequest};
use crate::{
    Callback, CallbackAnswer, CarrierView, DeliveryError, Endpoint, EndpointError, ErrorKind, MessageView,
    Reloaded,
};
use aldis_message::{MessageId, UnixMillis};
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// The name delivery's health is asked and told under (`grpc.health.v1`).
pub const HEALTH_SERVICE: &str = "aldis.delivery.v1.MessageService";

/// Before the second and the third time of asking: a restart or a switch-over takes that long.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(300)];
/// Reading a row is quick, or something is wrong.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// The most patient carriers wait 15 s (Twilio), others 5 s.
const CALLBACK_WITHIN: Duration = Duration::from_secs(4);
/// Libraries may have to be tried and instances made, one after the other.
const RELOADED_WITHIN: Duration = Duration::from_mins(1);
const HEALTHY_WITHIN: Duration = Duration::from_secs(1);
/// gRPC cannot say much more (`grpc-timeout` has 8 digits), and nobody waits that long.
const LONGEST: Duration = Duration::from_hours(1);

/// A client of delivery. Clones share one connection.
#[derive(Clone)]
pub struct DeliveryClient {
    messages: MessageServiceClient<Channel>,
    carriers: CarrierServiceClient<Channel>,
    health: HealthClient<Channel>,
    authorization: MetadataValue<Ascii>,
    request_id: Option<MetadataValue<Ascii>>,
    clock: Option<fn() -> UnixMillis>,
}

impl DeliveryClient {
    /// Prepares the connection, which is made at the first call; must be called inside a Tokio runtime.
    pub fn connect_lazy(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        let authorization = endpoint.token.authorization()?;
        let channel = endpoint.channel()?;
        Ok(Self {
            messages: MessageServiceClient::new(channel.clone()),
            carriers: CarrierServiceClient::new(channel.clone()),
            health: HealthClient::new(channel),
            authorization,
            request_id: None,
            clock: None,
        })
    }

    /// The same client, whose calls carry this `x-request-id`: delivery's log lines about them have it too. A name that
    /// cannot travel in a header is left out.
    #[must_use]
    pub fn naming(&self, request_id: &str) -> Self {
        Self {
            request_id: request_id.parse().ok(),
            ..self.clone()
        }
    }

    /// Tells what is left of a message's life besides its deadline, by this clock, so that it does not matter whether
    /// delivery's shows the same time.
    #[must_use]
    pub fn telling_time(self, clock: fn() -> UnixMillis) -> Self {
        Self {
            clock: Some(clock),
            ..self
        }
    }

    /// Reads one message of this client.
    pub async fn message(&self, id: &MessageId) -> Result<MessageView, DeliveryError> {
        let answer = self
            .ask(READ_WITHIN, true, |left| {
                let mut messages = self.messages.clone();
                let request = self.request(GetMessageRequest { id: id.to_string() }, left);
                async move { messages.get_message(request).await }
            })
            .await?;
        view(answer.message)
    }

    /// Hands on what a carrier called. `Ok` means that what was told is durable, or that nobody of ours believes it: the
    /// answer says which. A delivery that cannot be reached is asked again: what is told twice is one.
    pub async fn callback(&self, call: Callback) -> Result<CallbackAnswer, DeliveryError> {
        let call = call.into_wire();
        let answer = self
            .ask(CALLBACK_WITHIN, true, |left| {
                let mut carriers = self.carriers.clone();
                let request = self.request(call.clone(), left);
                async move { carriers.handle_callback(request).await }
            })
            .await?;
        CallbackAnswer::from_wire(answer)
    }

    /// How each carrier is; for operators.
    pub async fn carriers(&self) -> Result<Vec<CarrierView>, DeliveryError> {
        let answer = self
            .ask(READ_WITHIN, true, |left| {
                let mut carriers = self.carriers.clone();
                let request = self.request(ListCarriersRequest {}, left);
                async move { carriers.list_carriers(request).await }
            })
            .await?;
        Ok(answer.carriers.into_iter().map(CarrierView::from_wire).collect())
    }

    /// Has delivery read the settings of its carriers and routes again; for operators.
    pub async fn reload_carriers(&self) -> Result<Reloaded, DeliveryError> {
        let answer = self
            .ask(RELOADED_WITHIN, false, |left| {
                let mut carriers = self.carriers.clone();
                let request = self.request(ReloadCarriersRequest {}, left);
                async move { carriers.reload_carriers(request).await }
            })
            .await?;
        Ok(Reloaded::from_wire(answer))
    }

    /// Whether delivery says, within a second, that it serves.
    pub async fn healthy(&self) -> bool {
        let mut health = self.health.clone();
        let mut request = Request::new(HealthCheckRequest {
            service: HEALTH_SERVICE.to_owned(),
        });
        request.set_timeout(HEALTHY_WITHIN);
        match timeout(HEALTHY_WITHIN, health.check(request)).await {
            Ok(Ok(answer)) => answer.into_inner().status() == ServingStatus::Serving,
            Ok(Err(_)) | Err(_) => false,
        }
    }

    fn request<T>(&self, body: T, left: Duration) -> Request<T> {
        let mut request = Request::new(body);
        request
            .metadata_mut()
            .insert("authorization", self.authorization.clone());
        if let Some(request_id) = &self.request_id {
            request.metadata_mut().insert("x-request-id", request_id.clone());
        }
        request.set_timeout(left);
        request
    }

    /// Asks up to three times, in `within` altogether; only what is the same asked twice.
    async fn ask<T, Asked>(
        &self,
        within: Duration,
        again: bool,
        call: impl Fn(Duration) -> Asked,
    ) -> Result<T, DeliveryError>
    where
        Asked: Future<Output = Result<Response<T>, Status>>,
    {
        let within = within.min(LONGEST);
        let end = Instant::now() + within;
        let asking = async {
            let mut pauses = PAUSES.into_iter();
            loop {
                let left = end.saturating_duration_since(Instant::now());
                let error = match call(left).await {
                    Ok(answer) => return Ok(answer.into_inner()),
                    Err(status) => DeliveryError::from(status),
                };
                let gone = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::ShuttingDown);
                let Some(pause) = pauses.next().filter(|_| again && gone) else {
                    return Err(error);
                };
                if Instant::now() + pause >= end {
                    return Err(error);
                }
                sleep(pause).await;
            }
        };
        // grpc-timeout asks the other side, and tonic, to stop; this does not depend on either.
        timeout(within, asking).await.unwrap_or_else(|_| Err(late()))
    }
}

fn late() -> DeliveryError {
    DeliveryError::new(ErrorKind::Timeout, "delivery did not answer in time")
}

fn view(message: Option<Message>) -> Result<MessageView, DeliveryError> {
    let missing = || DeliveryError::new(ErrorKind::Internal, "delivery's answer has no message");
    view_from_wire(message.ok_or_else(missing)?)
}

impl fmt::Debug for DeliveryClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DeliveryClient")
    }
}
