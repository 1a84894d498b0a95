//! The tenants of the settings, and the one a URL names.

use crate::Door;
use crate::auth0::token::Policy;
use crate::reply::Reply;
use aldis_message::{AcceptMode, Region, Sender, TenantName};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// An Auth0 tenant, as the settings know it.
pub(crate) struct Tenant {
    pub(crate) name: TenantName,
    pub(crate) gate: Gate,
    /// When the request has none.
    pub(crate) default_sender: Option<Sender>,
    /// By which a recipient without country code is read.
    pub(crate) default_region: Option<Region>,
    pub(crate) accept: AcceptMode,
    pub(crate) answer_within: Duration,
    /// Never sent after this.
    pub(crate) code_lifetime: Duration,
}

/// Who may send for a tenant.
pub(crate) enum Gate {
    /// Whoever has a token that this policy accepts.
    Bearer(Policy),
    /// Anybody: `method = "none"` with `allow_unauthenticated`.
    Open,
}

/// Every tenant, by name.
pub(crate) struct Tenants(BTreeMap<String, Arc<Tenant>>);

impl Tenants {
    pub(crate) fn new(tenants: Vec<Tenant>) -> Self {
        Self(
            tenants
                .into_iter()
                .map(|tenant| (tenant.name.as_str().to_owned(), Arc::new(tenant)))
                .collect(),
        )
    }

    fn find(&self, name: &str) -> Option<Arc<Tenant>> {
        self.0.get(name).cloned()
    }
}

/// The tenant of the URL; a request without one is answered 404 before anything else is looked at.
pub(crate) struct KnownTenant(pub(crate) Arc<Tenant>);

impl FromRequestParts<Arc<Door>> for KnownTenant {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Reply> {
        let named = Path::<String>::from_request_parts(parts, door).await.ok();
        let tenant = named.and_then(|Path(name)| door.settings().tenants.find(&name));
        tenant.map(Self).ok_or_else(|| Reply::not_found("no such tenant"))
    }
}
