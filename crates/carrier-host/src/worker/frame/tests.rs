//! Frames come out as they went in, and foreign bytes do no harm.

use super::{Answer, Answered, Ask, BytesMut, Call, FROM_WORKER, Said, count, memory, next, put, read};
use crate::border::aside::Aside;
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
            while let Some(frame) = next(&mut arrived, FROM_WORKER).expect("frames") {
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
        while let Ok(Some(frame)) = next(&mut arrived, FROM_WORKER) {
            let _ = read::<Said>(&frame);
            let _ = read::<Call<'_>>(&frame);
        }
        let _ = read::<Said>(&bytes);
        let _ = count(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Makes bytes that look like answers with lists in lists, cut and spoilt anywhere.
    #[test]
    fn no_frame_takes_more_than_its_share(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(vec![0, 0]),
                Just(vec![3, 1, 1]),
                Just([vec![2, 1], vec![0; 11], vec![0xFF, 0x1F], vec![0; 4095]].concat()),
                Just([vec![2, 1], vec![0; 11], vec![3, 1, b'x', 0, 0, 0, 0]].concat()),
                Just([vec![3], vec![0; 18], vec![2, 1, b'k', 1, b'v', 0, 0, 0, 0]].concat()),
                prop::collection::vec(any::<u8>(), 1..20),
            ],
            0..300,
        ),
        high in 0..16_u8,
        low in 128..=255_u8,
        cut in 0..3_usize,
    ) {
        let mut bytes = vec![4, 7, 1, 0, 2];
        bytes.extend([low, high]);
        bytes.extend(pieces.concat());
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        if let Some(memory) = memory(&bytes) {
            prop_assert!(memory <= bytes.len() + FROM_WORKER, "{} bytes", memory);
        }
    }
}

#[test]
fn the_frames_that_took_gigabytes_are_refused() {
    let answer = |count: &[u8]| [&[4, 7, 1, 0, 2], count].concat();
    // Two million acts of two bytes; a thousand outcomes of 4,096 empty ids.
    let writes = [answer(&[0x80, 0x89, 0x7A]), vec![0; 4_000_000]].concat();
    let one = [vec![2, 1], vec![0; 10], vec![0x80, 0x20], vec![0; 4096 + 2]].concat();
    let ids = |count: usize, varint: &[u8]| [answer(varint), one.repeat(count)].concat();
    assert!(memory(&ids(10, &[10])).is_some_and(|memory| memory > 10 * 4096 * 24));
    for bytes in [writes, ids(1000, &[0xE8, 0x07])] {
        assert!(bytes.len() < FROM_WORKER, "it is short enough");
        assert!(memory(&bytes).is_none());
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
    assert!(next(&mut endless, FROM_WORKER).is_err());
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
