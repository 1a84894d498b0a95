//! SMPP 3.4 (5.0 tolerated): binds, submits within a window, reads receipts and what people write.
//!
//! Numbers in brackets are sections of the SMPP Protocol Specification v3.4.

#![forbid(unsafe_code)]

mod address;
mod bind;
mod config;
mod delivered;
mod flight;
mod frame;
mod ids;
mod inbound;
mod lenient;
mod machine;
mod receipt;
mod status;
mod submit;
mod text;
mod throttle;

#[doc(hidden)]
pub mod fuzzing;

use aldis_carrier::{
    About, Instance, Link, LinkInfo, SessionCarrier, SessionHost, SettingsError, export_carrier,
};
use bind::Role;
pub use config::Settings;
use config::{Bind, Profile};
use machine::Machine;
use std::sync::Arc;

/// The SMPP carrier.
pub struct Smpp(Arc<Profile>);

impl SessionCarrier for Smpp {
    type Settings = Settings;
    type Session = Machine;
    const ABOUT: About = About::new("smpp", env!("CARGO_PKG_VERSION"));

    fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
        Profile::of(settings).map(Arc::new).map(Self)
    }

    fn links(&self) -> Vec<Link> {
        let link = |role: Role, number: u32| {
            let profile = &self.0;
            let link = Link::new(format!("{}-{number}", role.name()), &profile.host, profile.port);
            link.tls(profile.tls).server_name(&profile.server_name)
        };
        let binds = 1..=self.0.binds;
        binds
            .flat_map(|number| self.roles().iter().map(move |role| link(*role, number)))
            .collect()
    }

    fn open(&self, link: &LinkInfo<'_>, host: &mut SessionHost) -> Machine {
        let roles = self.roles();
        let role = roles[link.index() % roles.len()];
        Machine::open(Arc::clone(&self.0), role, host)
    }
}

impl Smpp {
    /// What each bind consists of.
    fn roles(&self) -> &'static [Role] {
        match self.0.bind {
            Bind::Transceiver => &[Role::Transceiver],
            Bind::TransmitterReceiver => &[Role::Transmitter, Role::Receiver],
        }
    }
}

export_carrier!(session: Smpp);
