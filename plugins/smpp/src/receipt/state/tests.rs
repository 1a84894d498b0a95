//! No abbreviation turns a failure into a delivery.

use super::*;
use aldis_carrier::ReceiptState::{
    Deleted, Delivered, EnRoute, Expired, Queued, Read, Rejected, Sent, Undelivered, Unknown,
};
use proptest::prelude::*;

#[test]
fn words() {
    for (state, words) in [
        (
            Delivered,
            "DELIVRD,DELIVERED,Delivrd,DELVRD,DLVRD,DLVRED,\"DELIVRD\",DELIV,DELIVERY SUCCESS,SUCCESS,2",
        ),
        (
            Undelivered,
            "UNDELIV,UNDELIVERABLE,UNDLVRD,UNDLV,UND,NOT_DELIVERED,NOTDELIV,NOT DELIVERED,NONDELIV,DELIVERY_FAILED,\
             DELIVERY FAILED,DELIVERYFAILURE,FAILED,ERROR,NACK,NOROUTE,ABSENT,SKIPPED,5,9",
        ),
        (Expired, "EXPIRED,EXPRD,EXP,EXPIR,3"),
        (Rejected, "REJECTD,REJECTED,RJCTD,REJ,BLOCKED,DELIVERY REJECTED,8"),
        (Deleted, "DELETED,DELETD,DELTD,CANCELLED,4"),
        (Sent, "ACCEPTD,ACCEPTED,ACKED,SENT,6"),
        (EnRoute, "ENROUTE,BUFFERED,PENDING,DELIVERING,1"),
        (Queued, "SCHEDULED,QUEUED,0"),
        (Read, "READ,SEEN"),
        (Unknown, "UNKNOWN,UNKNOWN_STATE,7"),
    ] {
        for word in words.split(',') {
            assert_eq!(of_words(word), Some(state), "{word}");
        }
    }
    for nobody_knows in ["", "MARTIAN", "DELIVERY", "99", "300"] {
        assert_eq!(of_words(nobody_knows), None, "{nobody_knows}");
    }
}

proptest! {
    #[test]
    fn bad_news_stays_bad(word in "(DELIVERY[ _-]?|MESSAGE[ _-]?|DELIVERED[_-]?|)(FAILED|FAILURE|ERROR|REJECTED|EXPIRED|UNDELIVERABLE)") {
        prop_assert!(!matches!(of_words(&word), Some(Delivered | Read)), "{}", word);
    }
}
