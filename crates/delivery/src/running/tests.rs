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

/// A promise that was given holds once the callers have left; once nobody can be told, nobody is.
#[tokio::test]
async fn the_promise_is_given_or_withdrawn_for_all() {
    let running = Arc::new(Running::default());
    let soon = || Instant::now() + std::time::Duration::from_millis(20);
    let late = Instant::now() + std::time::Duration::from_mins(1);

    let flight = running.begin(id());
    let (first, second) = (flight.listen(), running.listen(id()).unwrap());
    assert!(first.promise() && second.promise());
    drop((first, second));
    assert!(flight.promised(soon(), true).await, "given before they left");

    let flight = running.begin(id());
    let slow = flight.listen();
    assert!(!flight.promised(soon(), true).await, "its time is over");
    assert!(!slow.promise(), "and it is not told any more");

    let flight = running.begin(id());
    drop(flight.listen());
    assert!(!flight.promised(late, false).await, "nobody else can come");

    let flight = running.begin(id());
    drop(flight.listen());
    let resend = async {
        tokio::task::yield_now().await;
        running.listen(id()).unwrap().promise()
    };
    let (promised, told) = tokio::join!(flight.promised(late, true), resend);
    assert!(promised && told, "a repetition attached");
}

/// The scheduler may have a message before the task that accepted it has ended.
#[test]
fn an_end_takes_away_only_its_own_flight() {
    let running = Arc::new(Running::default());
    let first = running.begin(id());
    let _second = running.begin(id());
    drop(first);
    assert!(running.listen(id()).is_some());
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
