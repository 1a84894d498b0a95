//! Promise 3 with clocks that disagree: a message lives as long as its sender says, whatever delivery's clock shows, and a
//! clock that was set back neither delays what waits nor lets it live longer.

use super::*;
use aldis_message::UnixMillis;
use std::fmt::Debug;

fn offset(by: i64) -> UnixMillis {
    UnixMillis::from_millis(clock::now().as_millis().saturating_add_signed(by))
}

/// A carrier that takes everything, and what it is told of the validity.
fn told() -> (Script, Arc<Mutex<Vec<Duration>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&told);
    let script: Script = Box::new(move |submission: Submission| {
        noted.lock().unwrap().extend(submission.message.validity);
        Box::pin(async { report(Class::Accepted) })
    });
    (script, told)
}

const MINUTE: i64 = 60_000;
const CODE: Duration = Duration::from_mins(3);

fn is_about(validity: Duration, expected: Duration, of: impl Debug) {
    assert!(
        validity <= expected && validity + Duration::from_secs(5) > expected,
        "{of:?}: {validity:?}"
    );
}

/// Delivery ahead by 200 s had refused every code, and 3 days behind called the deadline a mistake; 10 minutes behind
/// told the carrier 779 s.
#[tokio::test]
async fn a_code_lives_for_its_three_minutes() {
    const CLOCKS: [(fn() -> UnixMillis, Duration); 6] = [
        (|| offset(0), CODE),
        // The sender is behind: the smaller counts, as long as that makes sense.
        (|| offset(-MINUTE), Duration::from_mins(2)),
        (|| offset(-200_000), CODE),
        (|| offset(-179_000), CODE),
        // The sender is ahead.
        (|| offset(10 * MINUTE), CODE),
        (|| offset(3 * 24 * 60 * MINUTE), CODE),
    ];
    let (script, told) = told();
    let service = Setup::lanes(vec![script]).start().await;
    for (index, (clock, expected)) in CLOCKS.into_iter().enumerate() {
        let message = NewMessage {
            deadline: Deadline::at(clock().plus(CODE)),
            ..message()
        };
        let client = service.client().telling_time(clock);
        client.send(message, PATIENCE).await.unwrap();
        let validity = told.lock().unwrap().pop().unwrap();
        is_about(validity, expected, index);
    }
}

/// A client of an earlier version tells its deadline only.
#[tokio::test]
async fn without_the_time_left_the_deadline_counts() {
    let (script, told) = told();
    let service = Setup::lanes(vec![script]).start().await;
    let late = NewMessage {
        deadline: Deadline::at(offset(-1)),
        ..message()
    };
    assert!(service.client().send(late, PATIENCE).await.is_err());
    let far = NewMessage {
        deadline: Deadline::at(offset(3 * 24 * 60 * MINUTE)),
        ..message()
    };
    assert!(service.client().send(far, PATIENCE).await.is_err());
    service.client().send(message(), PATIENCE).await.unwrap();
    is_about(told.lock().unwrap().pop().unwrap(), CODE, "now");
}

/// The system's clock had been an hour ahead when the store was written, and was set right while it was down: what was
/// to be tried again in a moment is, and does not live for an hour more.
#[tokio::test]
async fn a_clock_set_back_between_two_runs_delays_nothing() {
    let (script, calls) = answers(&[Class::Temporary]);
    let service = Setup::lanes(vec![script]).start().await;
    let sent = service.client().send(stored(), PATIENCE).await.unwrap();
    eventually(|| async { (calls.load(Ordering::SeqCst) > 0).then_some(()) }).await;
    let id = sent.message.id;
    service.until(id, &[DeliveryStatus::Queued]).await;
    let folder = stopped(service).await;
    let hour = 3_600_000;
    rusqlite::Connection::open(folder.path().join("aldis.db"))
        .unwrap()
        .execute(
            "UPDATE messages SET created_at = created_at + ?1, updated_at = updated_at + ?1, next_at = next_at + ?1,
                deadline = deadline + ?1",
            [hour],
        )
        .unwrap();
    let (script, told) = told();
    let again = Setup {
        folder: Some(folder),
        ..Setup::lanes(vec![script])
    };
    let service = again.start().await;
    service.until(id, &[DeliveryStatus::Submitted]).await;
    is_about(told.lock().unwrap().pop().unwrap(), CODE, "validity");
    let page = service.page("/readyz?verbose").await;
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("the system's clock is"),
        "{page}"
    );
}

async fn stopped(service: Service) -> tempfile::TempDir {
    service.stop.cancel();
    service.running.await.unwrap().unwrap();
    service.folder
}
