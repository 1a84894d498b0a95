//! What a `command_status` means [5.1.3].

use aldis_carrier::Class;
use std::fmt;

/// A `command_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u32);

pub(crate) const OK: Status = Status(0);
/// `ESME_RINVBNDSTS`: the SMSC does not know this bind any more.
pub(crate) const NOT_BOUND: Status = Status(0x04);
pub(crate) const INVALID_COMMAND_LENGTH: Status = Status(0x02);
pub(crate) const INVALID_COMMAND_ID: Status = Status(0x03);
pub(crate) const SYSTEM_ERROR: Status = Status(0x08);
/// `ESME_RMSGQFUL`.
pub(crate) const QUEUE_FULL: Status = Status(0x14);
/// `ESME_RX_T_APPN`: our trouble, ask again.
pub(crate) const TRY_AGAIN: Status = Status(0x64);

impl Status {
    /// The meaning of a submit's or bind's refusal. What is not listed is the SMSC's trouble with this message.
    pub(crate) fn class(self) -> Class {
        match self.0 {
            0x00 => Class::Accepted,
            // ESME_RINVMSGLEN
            0x01 => Class::TooLong,
            // ESME_RINVBNDSTS, RALYBND, RSYSERR, RSUBMITFAIL, RX_T_APPN, RDELIVERYFAILURE, RUNKNOWNERR: a bind that is
            // still there is the last one, which its SMSC has not yet missed
            0x04 | 0x05 | 0x08 | 0x45 | 0x64 | 0xfe | 0xff => Class::Temporary,
            // ESME_RINVSRCADR, RINVSRCTON, RINVSRCNPI
            0x0a | 0x48 | 0x49 => Class::SenderNotAllowed,
            // ESME_RINVDSTADR, RINVDSTTON, RINVDSTNPI
            0x0b | 0x50 | 0x51 => Class::InvalidNumber,
            // ESME_RBINDFAIL, RINVPASWD, RINVSYSID, RINVSYSTYP
            0x0d | 0x0e | 0x0f | 0x53 => Class::Unauthorized,
            // ESME_RMSGQFUL, RTHROTTLED
            0x14 | 0x58 => Class::RateLimited,
            // ESME_RX_P_APPN, RX_R_APPN
            0x65 | 0x66 => Class::Blocked,
            // Our own: lengths, ids, formats, a way to write dates, TLVs, unknown operations; and whatever a vendor adds.
            _ => Class::BadRequest,
        }
    }
}

impl fmt::Display for Status {
    /// As it stands in the specification's table.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:#04x}", self.0)
    }
}

/// A class by the name that settings use: `sender_not_allowed`.
pub(crate) fn class_named(name: &str) -> Option<Class> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    Class::ALL
        .iter()
        .copied()
        .find(|class| plain(&format!("{class:?}")) == plain(name) && *class != Class::PluginFault)
}

#[cfg(test)]
mod tests;
