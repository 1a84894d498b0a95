//! A delivery that answers as it is told, and remembers what it was asked.

use aldis_delivery_api::DeliveryError;
use aldis_delivery_api::wire::message_service_server::{MessageService, MessageServiceServer};
use aldis_delivery_api::wire::{
    self, GetMessageRequest, GetMessageResponse, SendMessageRequest, SendMessageResponse,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic::{Request, Response, Status};

pub(crate) const ID: &str = "msg_017f22e279b07cc398c4dc0c0c07398f";

/// What to answer to one call.
pub(crate) enum Answer {
    Error(DeliveryError),
    Silence,
}

#[derive(Clone, Default)]
pub(crate) struct StandIn {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<(MetadataMap, SendMessageRequest)>>>,
}

impl StandIn {
    /// Answers in this order, and then takes everything.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let stand_in = Self::default();
        stand_in.answers.lock().expect("a lock").extend(answers);
        stand_in
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
            None => Ok(taken()),
            Some(Answer::Error(error)) => Err(error.into()),
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
