//! A delivery that answers as it is told, and remembers what it was asked.

use aldis_delivery_api::DeliveryError;
use aldis_delivery_api::wire::message_service_server::{MessageService, MessageServiceServer};
use aldis_delivery_api::wire::{
    self, AttachMessageRequest, AttachMessageResponse, GetMessageRequest, GetMessageResponse,
    SendMessageRequest, SendMessageResponse,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic::{Code, Request, Response, Status};

pub(crate) const ID: &str = "msg_017f22e279b07cc398c4dc0c0c07398f";

/// What to answer to one call.
pub(crate) enum Answer {
    Error(DeliveryError),
    /// A status that delivery did not say: a proxy did, or the connection broke.
    Lost(Code),
    /// The answer to a request to attach only: nothing was and will be sent.
    Closed,
    Silence,
}

#[derive(Clone, Default)]
pub(crate) struct StandIn {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<(MetadataMap, SendMessageRequest)>>>,
    attaching: Arc<Mutex<VecDeque<Answer>>>,
    attached: Arc<Mutex<Vec<SendMessageRequest>>>,
}

impl StandIn {
    /// Answers in this order, and then takes everything.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let stand_in = Self::default();
        stand_in.answers.lock().expect("a lock").extend(answers);
        stand_in
    }

    /// Answers to requests to attach in this order, and then finds everything.
    pub(crate) fn attaching(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.attaching.lock().expect("a lock").extend(answers);
        self
    }

    /// Every request to attach so far.
    pub(crate) fn attached(&self) -> Vec<SendMessageRequest> {
        self.attached.lock().expect("a lock").clone()
    }

    /// Every request to send so far, with its metadata.
    pub(crate) fn asked(&self) -> Vec<(MetadataMap, SendMessageRequest)> {
        self.asked.lock().expect("a lock").clone()
    }

    pub(crate) fn router(&self) -> Router {
        Server::builder().add_service(MessageServiceServer::new(self.clone()))
    }

    /// Serves on a port of its own; says under which address.
    pub(crate) async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = self
            .router()
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        format!("http://{address}")
    }

    async fn answer(&self) -> Result<wire::Message, Status> {
        let answer = self.answers.lock().expect("a lock").pop_front();
        match answer {
            None | Some(Answer::Closed) => Ok(taken()),
            Some(Answer::Error(error)) => Err(error.into()),
            Some(Answer::Lost(code)) => Err(Status::new(code, "upstream connect error")),
            Some(Answer::Silence) => std::future::pending().await,
        }
    }
}

fn taken() -> wire::Message {
    wire::Message {
        id: ID.to_owned(),
        to: "+1******0100".to_owned(),
        state: wire::MessageState::Submitted.into(),
        class: wire::MessageClass::Otp.into(),
        encoding: wire::Encoding::Gsm7.into(),
        segments: 1,
        created_at: Some(prost_types::Timestamp::default()),
        deadline: Some(prost_types::Timestamp::default()),
        updated_at: Some(prost_types::Timestamp::default()),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl MessageService for StandIn {
    async fn send_message(
        &self,
        request: Request<SendMessageRequest>,
    ) -> Result<Response<SendMessageResponse>, Status> {
        let (metadata, _, body) = request.into_parts();
        self.asked.lock().expect("a lock").push((metadata, body));
        let message = self.answer().await?;
        Ok(Response::new(SendMessageResponse {
            message: Some(message),
            replayed: false,
        }))
    }

    async fn attach_message(
        &self,
        request: Request<AttachMessageRequest>,
    ) -> Result<Response<AttachMessageResponse>, Status> {
        let send = request.into_inner().send.expect("the request");
        self.attached.lock().expect("a lock").push(send);
        let answer = self.attaching.lock().expect("a lock").pop_front();
        let message = match answer {
            Some(Answer::Error(error)) => return Err(error.into()),
            Some(Answer::Lost(code)) => return Err(Status::new(code, "upstream connect error")),
            Some(Answer::Silence) => std::future::pending().await,
            Some(Answer::Closed) => None,
            None => Some(taken()),
        };
        Ok(Response::new(AttachMessageResponse {
            closed: message.is_none(),
            message,
        }))
    }

    async fn get_message(
        &self,
        request: Request<GetMessageRequest>,
    ) -> Result<Response<GetMessageResponse>, Status> {
        assert_eq!(request.into_inner().id, ID);
        Ok(Response::new(GetMessageResponse {
            message: Some(self.answer().await?),
        }))
    }
}
