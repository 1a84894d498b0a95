//! The caller of a request, as far as it is known, and the name of the request.

use crate::Door;
use crate::reload::Settings;
use crate::reply::Problem;
use aldis_daemon::listener::Guest;
use aldis_daemon::request_id::{self, RequestId};
use aldis_delivery_api::DeliveryClient;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::Instrument as _;

/// The caller of a request. Travels with it.
#[derive(Clone)]
pub(crate) struct Caller(Arc<Known>);

struct Known {
    request_id: RequestId,
    /// The address that unauthenticated requests are held against; none where a proxy of ours does not say for whom it
    /// calls.
    address: Option<IpAddr>,
    /// The address for the log, as the settings want it.
    shown: Option<String>,
    guest: Option<Guest>,
    proven: AtomicBool,
}

impl Caller {
    pub(crate) fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    pub(crate) fn shown(&self) -> Option<&str> {
        self.0.shown.as_deref()
    }

    /// Notes that it has authenticated: nothing is held against its address, and everything of it is logged.
    pub(crate) fn prove(&self) {
        self.0.proven.store(true, Ordering::SeqCst);
        if let Some(guest) = &self.0.guest {
            guest.known();
        }
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.0.proven.load(Ordering::SeqCst)
    }

    /// Notes that its request is complete, and being worked on.
    pub(crate) fn works(&self) {
        if let Some(guest) = &self.0.guest {
            guest.works();
        }
    }
}

/// Returns a client of delivery that tells it the name of the request it is called for.
pub(crate) fn delivery(settings: &Settings, caller: Option<&Caller>) -> DeliveryClient {
    let delivery = &settings.delivery;
    caller.map_or_else(
        || delivery.clone(),
        |caller| delivery.naming(caller.request_id().as_str()),
    )
}

/// Names the request and its caller for everything inside, and tells the caller the name. The outermost layer.
pub(crate) async fn identify(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get_all(request_id::HEADER).iter();
    let request_id = RequestId::given_or_new(given.map(HeaderValue::as_bytes));
    let guest = request.extensions().get::<Guest>().cloned();
    let address = door.caller(&request);
    let settings = door.settings();
    let shown = settings.log_addresses.of(address);
    // A proxy of ours that does not say for whom it calls is nobody that anything could be held against.
    let address = address.filter(|address| !settings.proxies.trusts(*address));
    request.extensions_mut().insert(Caller(Arc::new(Known {
        request_id: request_id.clone(),
        address,
        shown,
        guest,
        proven: AtomicBool::new(false),
    })));
    // Of the highest level, so that no filter of lines takes the name from them.
    let span = tracing::error_span!("request", %request_id);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(request_id::HEADER), value);
    }
    Problem::name(&mut response, &request_id);
    response
}
