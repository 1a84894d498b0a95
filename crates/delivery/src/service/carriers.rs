//! The carriers' own calls, and the operator's.

use super::known;
use crate::clients::Known;
use crate::engine::Engine;
use crate::receipts::{self, Complaints};
use crate::reload::reload;
use aldis_delivery_api::wire::carrier_service_server::CarrierService;
use aldis_delivery_api::wire::{
    HandleCallbackRequest, HandleCallbackResponse, ListCarriersRequest, ListCarriersResponse,
    ReloadCarriersRequest, ReloadCarriersResponse,
};
use aldis_delivery_api::{Callback, CallbackAnswer, CarrierView, DeliveryError, ErrorKind, Reloaded};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The carrier service over an engine.
pub(crate) struct Carriers {
    engine: Arc<Engine>,
    complaints: Complaints,
}

#[tonic::async_trait]
impl CarrierService for Carriers {
    async fn handle_callback(
        &self,
        request: Request<HandleCallbackRequest>,
    ) -> Result<Response<HandleCallbackResponse>, Status> {
        let answer = self
            .handle(request)
            .await
            .inspect_err(|error| self.count(error))?;
        Ok(Response::new(answer.into_wire()))
    }

    async fn list_carriers(
        &self,
        request: Request<ListCarriersRequest>,
    ) -> Result<Response<ListCarriersResponse>, Status> {
        operator(&request).inspect_err(|error| self.count(error))?;
        let carriers = self.engine.carriers.views().into_iter();
        Ok(Response::new(ListCarriersResponse {
            carriers: carriers.map(CarrierView::into_wire).collect(),
        }))
    }

    async fn reload_carriers(
        &self,
        request: Request<ReloadCarriersRequest>,
    ) -> Result<Response<ReloadCarriersResponse>, Status> {
        let reloaded = self
            .reload(&request)
            .await
            .inspect_err(|error| self.count(error))?;
        Ok(Response::new(reloaded.into_wire()))
    }
}

impl Carriers {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            complaints: Complaints::default(),
        }
    }

    async fn handle(&self, request: Request<HandleCallbackRequest>) -> Result<CallbackAnswer, DeliveryError> {
        let callbacks = |known: &Known| known.callbacks;
        let detail = "this client may not hand on call-backs (callbacks = true in its settings)";
        permitted(&request, callbacks, detail)?;
        let call = Callback::from_wire(request.into_inner());
        receipts::answer(&self.engine, &self.complaints, call).await
    }

    async fn reload(&self, request: &Request<ReloadCarriersRequest>) -> Result<Reloaded, DeliveryError> {
        operator(request)?;
        let replaced = reload(&self.engine).await;
        let replaced =
            replaced.map_err(|error| DeliveryError::new(ErrorKind::SettingsRefused, error.to_string()))?;
        let names = |names: Vec<aldis_message::CarrierName>| names.iter().map(ToString::to_string).collect();
        Ok(Reloaded {
            made: names(replaced.made),
            kept: names(replaced.kept),
            retired: names(replaced.retired),
        })
    }

    fn count(&self, error: &DeliveryError) {
        self.engine.metrics.refusal(error.code());
        tracing::info!(
            code = error.code(),
            "request about carriers answered with an error"
        );
    }
}

fn operator<T>(request: &Request<T>) -> Result<(), DeliveryError> {
    let detail = "this client is no operator (operator = true in its settings)";
    permitted(request, |known| known.operator, detail)
}

fn permitted<T>(
    request: &Request<T>,
    may: impl FnOnce(&Known) -> bool,
    otherwise: &str,
) -> Result<(), DeliveryError> {
    if may(known(request)?) {
        Ok(())
    } else {
        Err(DeliveryError::new(ErrorKind::Forbidden, otherwise))
    }
}
