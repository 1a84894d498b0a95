//! The last caller to leave fences the message; the end of the task tells everybody.

use super::*;
use aldis_message::UnixMillis;

fn id() -> MessageId {
    MessageId::from_parts(UnixMillis::from_millis(1), [7; 10])
}

#[test]
fn only_the_last_to_leave_fences() {
    let running = Arc::new(Running::default());
    let flight = running.begin(id());
    let first = flight.listen();
    let second = running.listen(id()).unwrap();
    drop(first);
    assert!(!flight.deserted().is_cancelled(), "somebody still listens");
    drop(second);
    assert!(flight.deserted().is_cancelled());
}

#[tokio::test]
async fn everybody_hears_of_the_landing() {
    let running = Arc::new(Running::default());
    let flight = running.begin(id());
    let (first, second) = (flight.listen(), running.listen(id()).unwrap());
    drop(flight);
    first.landed().await;
    second.landed().await;
    assert!(running.listen(id()).is_none());
}
