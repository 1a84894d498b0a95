//! Frames come out as they went in, and foreign bytes do no harm.

use super::{Answer, Answered, Ask, BytesMut, Call, Said, count, next, put, read};
use crate::border::host_table::Aside;
use crate::border::{RawAct, RawRequest, Word};
use proptest::prelude::*;

fn answer(id: u64, body: Vec<u8>) -> Said {
    let word = Word::Http(RawRequest {
        method: "POST".into(),
        url: "https://api.example.com/".into(),
        headers: vec![("a".into(), "b".into(), 1)],
        body: body.into(),
        timeout_ms: 1,
        state: "".into(),
        idempotent: false,
    });
    Said::Answer(Answered {
        id,
        took_us: 2,
        answer: Ok(Answer::Word(word)),
    })
}

fn bytes_of(frame: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(frame, &mut bytes).expect("a frame");
    bytes
}

proptest! {
    /// However the bytes are cut, the same frames come out.
    #[test]
    fn frames_come_out_as_they_went_in(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8),
        cut in 1..64_usize,
    ) {
        let mut sent = Vec::new();
        for (id, body) in bodies.iter().enumerate() {
            put(&answer(id as u64, body.clone()), &mut sent).expect("a frame");
        }
        let (mut arrived, mut seen) = (BytesMut::new(), Vec::new());
        for piece in sent.chunks(cut) {
            arrived.extend_from_slice(piece);
            while let Some(frame) = next(&mut arrived).expect("frames") {
                let Said::Answer(Answered { id, answer: Ok(Answer::Word(Word::Http(request))), .. }) =
                    read(&frame).expect("an answer") else { panic!("another frame") };
                prop_assert_eq!(id, seen.len() as u64);
                seen.push(request.body);
            }
        }
        prop_assert_eq!(seen, bodies);
        prop_assert!(arrived.is_empty());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut arrived = BytesMut::from(bytes.as_slice());
        while let Ok(Some(frame)) = next(&mut arrived) {
            let _ = read::<Said>(&frame);
            let _ = read::<Call<'_>>(&frame);
        }
        let _ = read::<Said>(&bytes);
        let _ = count(&bytes);
    }
}

#[test]
fn what_is_left_over_or_endless_is_nonsense() {
    let mut bytes = bytes_of(&Said::Aside(1, Aside::Log(3, "words".to_owned())))[4..].to_vec();
    assert!(read::<Said>(&bytes).is_ok());
    bytes.push(0);
    assert_eq!(count(&[]), 0);
    let words = read::<Said>(&bytes).err().expect("refused");
    assert!(words.contains("1 bytes too many"), "{words}");
    let mut endless = BytesMut::from(&[0xFF; 8][..]);
    assert!(next(&mut endless).is_err());
}

#[test]
fn a_call_borrows_what_it_lends() {
    let call = Call {
        id: 3,
        now_unix_ms: 5,
        ask: Ask::Bytes(9, b"\x00\x01deliver"),
    };
    let bytes = bytes_of(&call);
    let call: Call<'_> = read(&bytes[4..]).expect("a call");
    assert!(matches!(call.ask, Ask::Bytes(9, b"\x00\x01deliver")));
    let acts = bytes_of(&Answer::Acts(vec![RawAct::Write(vec![1, 2, 3])]));
    assert!(matches!(read(&acts[4..]), Ok(Answer::Acts(acts)) if acts.len() == 1));
}
