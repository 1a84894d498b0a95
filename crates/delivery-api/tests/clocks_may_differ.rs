//! A message lives as long as its sender says, whatever the clocks of the two sides show.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_delivery_api::wire::{SendMessageRequest, send_message_request::Expiry};
use aldis_delivery_api::{clock_skew, request_from_wire};
use aldis_message::UnixMillis;
use std::time::Duration;

const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

/// The smaller of both counts decides, unless only the clocks can be the reason for the difference.
#[test]
fn the_time_left_is_no_matter_of_clocks() {
    const LIFE: i64 = 180;
    const DAY: i64 = 86_400;
    for (deadline_in, time_left, is_left) in [
        (LIFE, LIFE, LIFE),
        (LIFE - 3, LIFE, LIFE - 3), // under way for three seconds
        (LIFE - 60, LIFE, LIFE - 60),
        (LIFE + 600, LIFE, LIFE), // the sender's clock is ahead
        (3 * DAY, LIFE, LIFE),
        (LIFE - 200, LIFE, LIFE), // the sender's clock is behind
        (LIFE - 179, LIFE, LIFE),
        (-3 * DAY, LIFE, LIFE),
        (-4, 1, 0),       // it may have been under way for five seconds
        (-3 * DAY, 0, 0), // it was late when it was sent
        (600, 0, 0),
    ] {
        let seconds = i64::try_from(NOW.as_millis() / 1000).expect("a number") + deadline_in;
        let nanos = i32::try_from(NOW.as_millis() % 1000).expect("a number") * 1_000_000;
        let request = SendMessageRequest {
            expiry: Some(Expiry::Deadline(prost_types::Timestamp { seconds, nanos })),
            time_left: Some(prost_types::Duration {
                seconds: time_left,
                nanos: 0,
            }),
            to: "+1 202 555 0100".to_owned(),
            text: "hello".to_owned(),
            ..Default::default()
        };
        let skew = clock_skew(&request, NOW).expect("a skew");
        assert_eq!(skew.by, Duration::from_secs(deadline_in.abs_diff(time_left)));
        assert_eq!(skew.ours_is_ahead, deadline_in < time_left);
        let message = request_from_wire(request, NOW).expect("a message");
        let is_left = Duration::from_secs(u64::try_from(is_left).expect("a number"));
        assert_eq!(
            message.deadline.remaining(NOW),
            is_left,
            "{deadline_in} {time_left}"
        );
    }
}
