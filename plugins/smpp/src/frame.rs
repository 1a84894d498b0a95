//! PDUs out of a stream of bytes, and PDUs into bytes [3.2].

use crate::status::Status;
use bytes::BytesMut;
use rusmpp_core::CommandStatus;
use rusmpp_core::command::owned::Command;
use rusmpp_core::decode::owned::DecodeWithLength;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::owned::Pdu;

const HEADER: usize = 16;
/// A `message_payload` of 64 KiB is the largest thing the protocol knows; none comes near it.
const LONGEST: usize = 80 * 1024;
/// Requests have it clear, answers have it set.
const RESPONSE: u32 = 0x8000_0000;

/// One PDU as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) id: u32,
    pub(crate) status: Status,
    pub(crate) sequence: u32,
    pub(crate) body: Vec<u8>,
}

/// The stream makes no sense from here on: a `command_length` that cannot be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadLength {
    pub(crate) sequence: u32,
}

/// What has arrived of the next PDUs.
#[derive(Default)]
pub(crate) struct Frames {
    bytes: BytesMut,
}

impl Frames {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole PDU.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, BadLength> {
        let word = |at: usize| {
            let octets = self.bytes.get(at..at + 4)?;
            octets.try_into().ok().map(u32::from_be_bytes)
        };
        let (Some(length), Some(id), Some(status), Some(sequence)) = (word(0), word(4), word(8), word(12))
        else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER..=LONGEST).contains(&length) {
            return Err(BadLength { sequence });
        }
        if self.bytes.len() < length {
            return Ok(None);
        }
        let whole = self.bytes.split_to(length);
        Ok(Some(Frame {
            id,
            status: Status(status),
            sequence,
            body: whole[HEADER..].to_vec(),
        }))
    }
}

impl Frame {
    pub(crate) fn is_request(&self) -> bool {
        self.id & RESPONSE == 0
    }

    /// The PDU as the codec reads it; `None` if it breaks the specification.
    pub(crate) fn pdu(&self) -> Option<Pdu> {
        let mut rest = BytesMut::with_capacity(HEADER + self.body.len());
        for word in [self.id, self.status.0, self.sequence] {
            rest.extend_from_slice(&word.to_be_bytes());
        }
        rest.extend_from_slice(&self.body);
        let length = rest.len();
        let (command, _) = Command::decode(&mut rest, length).ok()?;
        command.pdu().cloned()
    }
}

/// The bytes of a PDU.
pub(crate) fn encode(status: Status, sequence: u32, pdu: Pdu) -> Vec<u8> {
    let command = Command::new(CommandStatus::from(status.0), sequence, pdu);
    let length = command.length() + 4;
    let mut bytes = vec![0; length];
    bytes[..4].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    command.encode(&mut bytes[4..]);
    bytes
}

#[cfg(test)]
mod tests;
