//! PDUs are found wherever the stream is cut, and nonsense ends it with a clear word.

use super::*;
use crate::status::OK;
use proptest::prelude::*;

fn frames(pieces: &[&[u8]]) -> (Vec<Frame>, Option<BadLength>) {
    let mut frames = Frames::default();
    let mut found = Vec::new();
    for piece in pieces {
        frames.push(piece);
        loop {
            match frames.next() {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(bad) => return (found, Some(bad)),
            }
        }
    }
    (found, None)
}

#[test]
fn a_length_that_cannot_be_is_told() {
    for length in [0_u32, 15, u32::MAX] {
        let head = [length, 0x15, 0, 7].map(u32::to_be_bytes).concat();
        assert_eq!(frames(&[&head]), (Vec::new(), Some(BadLength { sequence: 7 })));
    }
}

#[test]
fn the_head_is_as_it_was_written() {
    let bytes = encode(Status(0x58), 9, Pdu::EnquireLinkResp);
    let (found, _) = frames(&[&bytes]);
    assert_eq!(
        (found[0].id, found[0].status, found[0].sequence),
        (0x8000_0015, Status(0x58), 9)
    );
    assert_eq!(found[0].pdu(), Some(Pdu::EnquireLinkResp));
    assert!(!found[0].is_request());
}

proptest! {
    #[test]
    fn the_stream_may_be_cut_anywhere(count in 1_u32..8, cuts in proptest::collection::vec(1_usize..30, 1..20)) {
        let all: Vec<u8> = (1..=count).flat_map(|sequence| encode(OK, sequence, Pdu::EnquireLink)).collect();
        let mut pieces = Vec::new();
        let (mut rest, mut turns) = (all.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, others) = rest.split_at(rest.len().min(*turns.next().unwrap()));
            pieces.push(piece);
            rest = others;
        }
        let (found, bad) = frames(&pieces);
        prop_assert_eq!(bad, None);
        let sequences: Vec<_> = found.iter().map(|frame| frame.sequence).collect();
        prop_assert_eq!(sequences, (1..=count).collect::<Vec<_>>());
    }
}
