//! Which carriers a message may go to, and which is next. Pure: facts in, a choice out.

use crate::progress::Progress;
use aldis_message::{AcceptMode, CarrierName, ClientName, MessageClass, PhoneNumber, TenantName};
use std::time::Duration;

/// One `[[routes]]` entry: which messages it takes, and their carriers in order.
#[derive(Clone, Debug)]
pub struct Route {
    /// Which messages it takes.
    pub takes: Takes,
    /// Where they go, best first; never empty, each one configured.
    pub carriers: Vec<CarrierName>,
    /// What may be tried again elsewhere.
    pub policy: Policy,
}

/// The conditions of a route. An empty list means any.
#[derive(Clone, Debug, Default)]
pub struct Takes {
    /// Beginnings of the recipient's number, with `+`.
    pub to: Vec<String>,
    /// Tenants; a message of no tenant matches none of them.
    pub tenants: Vec<TenantName>,
    /// Calling clients.
    pub clients: Vec<ClientName>,
    /// Classes of messages.
    pub classes: Vec<MessageClass>,
}

/// What a route lets happen after an outcome that is neither a yes nor a plain no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// After a content, country or fraud filter said no.
    pub on_blocked: Onward,
    /// After a carrier's answer was lost: sending again may be a second copy.
    pub lost_answer: Onward,
}

impl Default for Policy {
    /// The safe reading: a filter's no is a no, and a lost answer is not a licence to send twice.
    fn default() -> Self {
        Self {
            on_blocked: Onward::Stop,
            lost_answer: Onward::Stop,
        }
    }
}

/// Stop there, or go on with the next carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// The message ends.
    Stop,
    /// The next carrier of the route may try.
    NextCarrier,
}

/// What a route is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The recipient.
    pub to: &'a PhoneNumber,
    /// The Auth0 tenant, if any.
    pub tenant: Option<&'a TenantName>,
    /// Who asks.
    pub client: &'a ClientName,
    /// What kind of message it is.
    pub class: MessageClass,
}

impl Takes {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        let number = asked.to.expose();
        (self.to.is_empty() || self.to.iter().any(|prefix| number.starts_with(prefix.as_str())))
            && (self.tenants.is_empty() || asked.tenant.is_some_and(|tenant| self.tenants.contains(tenant)))
            && (self.clients.is_empty() || self.clients.contains(asked.client))
            && (self.classes.is_empty() || self.classes.contains(&asked.class))
    }
}

/// The first route that takes the message.
pub fn route_for<'r, R: AsRef<Route>>(routes: &'r [R], asked: &Asked<'_>) -> Option<&'r R> {
    routes.iter().find(|route| route.as_ref().takes.matches(asked))
}

impl AsRef<Route> for Route {
    fn as_ref(&self) -> &Route {
        self
    }
}

/// A carrier of the route as it stands now.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its name.
    pub carrier: CarrierName,
    /// Set while nothing may be sent through it.
    pub pause: Option<Pause>,
}

/// Why and for how long a carrier gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How long it still lasts.
    pub left: Duration,
    /// What it answered.
    pub cause: PauseCause,
}

/// What makes a carrier pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseCause {
    /// It asked for it.
    Throttled,
    /// It refuses our credentials.
    Unauthorized,
    /// The account is empty.
    NoFunds,
    /// Its library is being left alone, or is not there: nothing the carrier has said.
    LeftAlone,
}

/// The carrier to send through now: the one a quick retry was granted for, else the first in order
/// that is not paused, was not tried since the last wait and has not settled the matter for this
/// message.
pub fn next_carrier<'c>(
    candidates: &'c [Candidate],
    progress: &Progress,
    mode: AcceptMode,
) -> Option<&'c CarrierName> {
    let usable =
        |candidate: &&Candidate| candidate.pause.is_none() && !progress.is_out(&candidate.carrier, mode);
    let granted = candidates
        .iter()
        .filter(usable)
        .find(|candidate| progress.may_repeat(&candidate.carrier));
    granted
        .or_else(|| {
            candidates
                .iter()
                .filter(usable)
                .find(|candidate| !progress.was_tried(&candidate.carrier))
        })
        .map(|candidate| &candidate.carrier)
}

#[cfg(test)]
mod tests;
