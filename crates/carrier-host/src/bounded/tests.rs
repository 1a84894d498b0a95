//! A frame takes little more memory than its own length, however it is made.

use super::{boxed, list, text, within};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Few(#[serde(deserialize_with = "list::<_, _, 8>")] Vec<String>);

#[derive(Debug, Deserialize)]
struct Many(#[serde(deserialize_with = "list::<_, _, 1_000_000>")] Vec<Few>);

#[derive(Debug, Deserialize)]
struct Short(#[serde(deserialize_with = "text::<_, 8>")] String);

#[derive(Debug, Deserialize)]
struct Alone(#[serde(deserialize_with = "boxed")] Box<[u64; 16]>);

fn read<'a, T: Deserialize<'a>>(memory: usize, bytes: &'a [u8]) -> Option<T> {
    within(memory, || postcard::from_bytes(bytes)).ok()
}

#[test]
fn a_list_ends_at_its_limit() {
    for (length, fits) in [(8_u8, true), (9, false)] {
        let bytes = [vec![length], vec![0; length.into()]].concat();
        assert_eq!(
            read::<Few>(1000, &bytes).is_some_and(|few| few.0.len() == 8),
            fits
        );
    }
    // Longer than the frame: no memory is taken for it.
    assert!(read::<Few>(1000, &[8, 0, 0]).is_none());
}

#[test]
fn a_text_ends_at_its_limit() {
    assert_eq!(read::<Short>(0, b"\x08eightlet").expect("a text").0, "eightlet");
    assert!(read::<Short>(0, b"\x09nineletter").is_none());
    assert!(read::<Short>(0, b"\x01\xFF").is_none(), "not UTF-8");
}

#[test]
fn all_lists_together_have_an_end() {
    // 1,000 lists of 8 empty texts: 9 bytes each, and 216 in memory.
    let one = [vec![8], vec![0; 8]].concat();
    let bytes = [vec![0xE8, 0x07], one.repeat(1000)].concat();
    assert_eq!(read::<Many>(216_000, &bytes).expect("room").0.len(), 1000);
    assert!(read::<Many>(215_999, &bytes).is_none());
    // Outside of a frame there is no room at all, and what was left before is left again.
    assert!(postcard::from_bytes::<Many>(&bytes).is_err());
    within(240, || {
        assert!(read::<Many>(216_000, &bytes).is_some());
        assert!(postcard::from_bytes::<Few>(&one).is_ok());
        assert!(postcard::from_bytes::<Few>(&one).is_err(), "48 are left");
    });
    let number = [1; 16];
    assert!(
        read::<Alone>(128, &number).is_some_and(|alone| alone.0[0] == 1)
            && read::<Alone>(127, &number).is_none()
    );
}

proptest! {
    #[test]
    fn any_bytes_take_no_more_than_their_share(bytes in prop::collection::vec(0..12_u8, 0..2_000)) {
        if let Some(many) = read::<Many>(20_000, &bytes) {
            let texts = many.0.iter().map(|few| few.0.len()).sum::<usize>();
            let taken = many.0.len() * size_of::<Few>() + texts * size_of::<String>();
            prop_assert!(taken <= 20_000);
        }
    }
}
