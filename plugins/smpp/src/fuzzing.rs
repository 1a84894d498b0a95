//! Doors for the fuzzers: what parses foreign bytes, without a host.

use crate::config::{Profile, Settings};
use crate::delivered::Delivered;
use crate::frame::{Frame, Frames};
use crate::status::Status;
use crate::{inbound, receipt};

/// Any bytes are cut into frames, and any frame is read as a receipt or a message.
pub fn read_stream(settings: Settings, bytes: &[u8]) {
    let Ok(profile) = Profile::of(settings) else {
        return;
    };
    let mut frames = Frames::default();
    frames.push(bytes);
    while let Ok(Some(frame)) = frames.next() {
        read(&frame, &profile);
    }
    // As the bodies of both kinds, so that a fuzzer need not find the header.
    for id in [0x05, 0x103] {
        let frame = Frame {
            id,
            status: Status(0),
            sequence: 1,
            body: bytes.to_vec(),
        };
        read(&frame, &profile);
    }
}

fn read(frame: &Frame, profile: &Profile) {
    if let Some(delivered) = Delivered::of(frame) {
        let _ = receipt::read(&delivered, profile);
        let _ = inbound::read(&delivered, profile);
    }
}
