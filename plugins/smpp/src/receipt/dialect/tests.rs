//! Whatever a vendor adds, leaves out, renames or reorders, the id is the id.

use super::*;
use proptest::prelude::*;

fn found(text: &str) -> (Option<String>, Option<String>, Option<String>, Option<String>) {
    let Fields {
        id,
        state,
        error,
        done,
        ..
    } = fields(text);
    (id, state, error, done)
}

fn is(text: &str, id: &str, state: &str, error: &str, done: &str) {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    assert_eq!(
        found(text),
        (some(id), some(state), some(error), some(done)),
        "{text}"
    );
}

#[test]
fn dialects_that_were_seen() {
    // Appendix B, Jasmin, 8x8.
    is(
        "id:0123456789 sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:Hello id:9",
        "0123456789",
        "DELIVRD",
        "000",
        "2601021505",
    );
    is(
        "id:7a1e submit date:2601021504 done date:2601021505 stat:UNDELIV err:010",
        "7a1e",
        "UNDELIV",
        "010",
        "2601021505",
    );
    is(
        "id:abc sub:1 done date:260102150406 stat:EXPIRED err:1 Text:stat:x",
        "abc",
        "EXPIRED",
        "1",
        "260102150406",
    );
}

#[test]
fn dialects_that_were_not_seen() {
    // Fields nobody knows.
    is(
        "id:123 smsc:abc dest:12025550100 stat:DELIVRD err:000 network:31026 price:0.01",
        "123",
        "DELIVRD",
        "000",
        "",
    );
    is(
        "id:123 submit_date:2601021504 done_date:2601021505 status:DELIVRD error:0",
        "123",
        "DELIVRD",
        "0",
        "2601021505",
    );
    is(
        "msgid:123 dlr status:FAILED error code:17",
        "123",
        "FAILED",
        "17",
        "",
    );
    is(
        "Message ID: 9f-1, State: Delivered, Reason: 0",
        "9f-1",
        "Delivered",
        "0",
        "",
    );
    // Other signs, another order, nothing between.
    is("stat: rejected , err: 45, ID: X-9", "X-9", "rejected", "45", "");
    is("id=77;stat=DELIVERED", "77", "DELIVERED", "", "");
    is("\"id\":\"77\",\"stat\":\"DELIVRD\"", "", "", "", "");
    is("id:\"77\" stat:\"DELIVRD\"", "77", "DELIVRD", "", "");
    is("id:77\tstat:DELIVRD\r\nerr:5", "77", "DELIVRD", "5", "");
    is("id: stat:DELIVRD err:", "", "DELIVRD", "", "");
    is(
        "id:77 stat:DELIVERY FAILED err:5",
        "77",
        "DELIVERY FAILED",
        "5",
        "",
    );
    is(
        "id:a:b-c_d done date:2026-01-02 15:04:05 stat:ACCEPTD",
        "a:b-c_d",
        "ACCEPTD",
        "",
        "2026-01-02 15:04:05",
    );
    // The text first.
    is("text:Hi id:123 stat:DELIVRD", "123", "DELIVRD", "", "");
    is("", "", "", "", "");
    is("Call me at 5: or =", "", "", "", "");
}

proptest! {
    #[test]
    fn the_id_is_found_among_whatever(
        id in "[A-Za-z0-9_.-]{1,40}",
        before in "([a-z]{3,8}[_ ]?:[A-Za-z0-9]{0,6} ){0,4}",
        after in "( [a-z]{3,8}[:=][A-Za-z0-9]{0,6}){0,4}",
        colon in "[:=]",
    ) {
        // Names of our own among the invented ones would be other receipts.
        let known = |text: &str| {
            let words: Vec<_> = [ID, STATE, ERROR, DONE, TEXT, FIRST_WORDS].concat();
            text.split(|sign: char| !sign.is_ascii_alphanumeric()).any(|word| words.contains(&word))
        };
        prop_assume!(!known(&before) && !known(&after));
        let text = format!("{before}id{colon}{id} stat:DELIVRD{after}");
        let fields = fields(&text);
        prop_assert_eq!(fields.id.as_deref(), Some(id.as_str()), "{}", text);
        prop_assert!(fields.plain);
    }

    #[test]
    fn any_text_has_fields(text in "\\PC{0,60}") {
        let _ = fields(&text);
    }
}
