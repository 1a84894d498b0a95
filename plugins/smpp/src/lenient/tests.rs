//! Bodies that break the specification are read as far as they go.

use super::*;
use crate::frame::Frame;
use crate::status::Status;
use proptest::prelude::*;

/// As the specification has it.
fn body(user_data: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x0112025550100\0\0\0\x3440404\0\x04\0\0\0\0\0\0\x00\0".to_vec();
    body.push(u8::try_from(user_data.len()).unwrap());
    [&body, user_data, tlvs].concat()
}

fn of(body: &[u8]) -> Delivered {
    let frame = Frame {
        id: 5,
        status: Status(0),
        sequence: 1,
        body: body.to_vec(),
    };
    Delivered::of(&frame).unwrap()
}

#[test]
fn both_readers_agree_on_what_is_well_formed() {
    let body = body(b"id:1 stat:DELIVRD", b"\x04\x27\0\x01\x02\x00\x1e\0\x02a\0");
    let frame = Frame {
        id: 5,
        status: Status(0),
        sequence: 1,
        body: body.clone(),
    };
    assert!(frame.pdu().is_some(), "the codec reads it");
    let delivered = of(&body);
    assert!(delivered == deliver_sm(&body));
    assert_eq!(delivered.source, "12025550100");
    assert_eq!(
        (delivered.esm_class, delivered.user_data.as_slice()),
        (4, b"id:1 stat:DELIVRD".as_slice())
    );
    assert_eq!(delivered.tlvs.receipted_message_id.as_deref(), Some("a"));
}

#[test]
fn what_the_codec_refuses_is_read_all_the_same() {
    // A TLV id without its zero, a state of two octets, a TLV cut off.
    let odd = body(b"x", b"\x00\x1e\0\x03abc\x04\x27\0\x02\0\x05\x04\x23\0\x09\x03");
    let frame = Frame {
        id: 5,
        status: Status(0),
        sequence: 1,
        body: odd.clone(),
    };
    assert!(frame.pdu().is_none(), "the codec refuses it");
    let delivered = of(&odd);
    assert_eq!(delivered.tlvs.receipted_message_id.as_deref(), Some("abc"));
    assert_eq!(delivered.tlvs.message_state, Some(5));
    assert_eq!(message_id(b"no-zero"), "no-zero");
    assert_eq!(message_id(b"abc\0rest"), "abc");
    assert_eq!(message_id(b""), "");
}

proptest! {
    #[test]
    fn any_bytes_are_read(body: Vec<u8>) {
        deliver_sm(&body);
        data_sm(&body);
        message_id(&body);
        of(&body);
    }

    #[test]
    fn cut_anywhere(at in 0_usize..60) {
        let whole = body(b"id:1 stat:DELIVRD", b"\x04\x27\0\x01\x02");
        of(&whole[..at.min(whole.len())]);
    }
}
