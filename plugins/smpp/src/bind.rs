//! The bind of each role, and what its refusal means [4.1].

use crate::config::Profile;
use crate::status::Status;
use aldis_carrier::{Class, Outcome};
use rusmpp_core::CommandId;
use rusmpp_core::pdus::owned::Pdu;
use rusmpp_core::types::owned::AnyOctetString;
use rusmpp_core::values::InterfaceVersion;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Transceiver,
    Transmitter,
    Receiver,
}

impl Role {
    /// In the names of links.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Transceiver => "trx",
            Self::Transmitter => "tx",
            Self::Receiver => "rx",
        }
    }

    pub(crate) fn sends(self) -> bool {
        self != Self::Receiver
    }

    const fn command(self) -> CommandId {
        match self {
            Self::Transceiver => CommandId::BindTransceiver,
            Self::Transmitter => CommandId::BindTransmitter,
            Self::Receiver => CommandId::BindReceiver,
        }
    }
}

/// The bind. Written by hand: the codec holds a password to the specification's 8 characters, and SMSCs do not.
pub(crate) fn request(role: Role, profile: &Profile) -> Pdu {
    let range = if role == Role::Transmitter {
        ""
    } else {
        &profile.address_range
    };
    let mut body = Vec::new();
    for text in [
        &profile.system_id,
        profile.password.expose(),
        &profile.system_type,
    ] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    // addr_ton and addr_npi: not known.
    body.extend_from_slice(&[InterfaceVersion::Smpp3_4.into(), 0, 0]);
    body.extend_from_slice(range.as_bytes());
    body.push(0);
    Pdu::Other {
        command_id: role.command(),
        body: AnyOctetString::from_vec(body),
    }
}

/// How to go on after a refused bind.
pub(crate) fn refused(status: Status, profile: &Profile) -> Outcome {
    let class = match profile.class_of(status) {
        class @ (Class::Unauthorized | Class::NoFunds) => class,
        // Whatever else it is, it may be better next time.
        _ => Class::Temporary,
    };
    Outcome::refused(class, status.to_string()).with_detail("the SMSC refused the bind")
}
