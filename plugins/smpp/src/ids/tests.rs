//! An answer and its receipt name the message alike, however each writes numbers.

use super::*;
use proptest::prelude::*;

#[test]
fn an_answer_and_its_receipt_agree() {
    for (answer, receipt, base) in [
        ("0A1b", "2587", IdBase::HexToDec),
        ("ABCD", "0000043981", IdBase::HexToDec),
        ("2587", "A1B", IdBase::DecToHex),
        ("2587", "0x0a1b", IdBase::DecToHex),
        ("0000000077", "77", IdBase::Same),
        (" 77 ", "0077", IdBase::Same),
        ("0A1b", "a1B", IdBase::Same),
        ("0", "000", IdBase::Same),
        ("a-Word_1", "a-Word_1", IdBase::Same),
        ("not-a-number", "not-a-number", IdBase::HexToDec),
        (
            "7F3C2A10-0000-4000-8000-0000000000AB",
            "7f3c2a10-0000-4000-8000-0000000000ab",
            IdBase::Same,
        ),
    ] {
        assert_eq!(of_answer(answer, base), of_text(receipt), "{answer} {receipt}");
    }
    assert_ne!(of_text("a-Word"), of_text("a-word"), "words have their case");
    assert_ne!(of_text("10"), of_text("100"));
}

proptest! {
    #[test]
    fn whatever_the_number(number: u64, padding in 0_usize..12) {
        let (decimal, hex) = (format!("{number:0padding$}"), format!("{number:0padding$X}"));
        prop_assert_eq!(of_answer(&hex, IdBase::HexToDec), of_text(&decimal));
        prop_assert_eq!(of_answer(&decimal, IdBase::DecToHex), of_text(&hex));
        prop_assert_eq!(of_answer(&decimal, IdBase::Same), of_text(&number.to_string()));
    }

    #[test]
    fn what_is_equal_stays_equal(id in "\\PC{0,40}") {
        prop_assert_eq!(of_answer(&id, IdBase::Same), of_text(&id));
        prop_assert_eq!(of_text(&of_text(&id)), of_text(&id));
    }
}
