//! Promise 7: a stop finishes what is in flight, takes nothing new, and says so.

use super::*;
use aldis_delivery_api::ErrorKind;

#[tokio::test]
async fn what_is_in_flight_is_finished_and_nothing_new_begins() {
    let (script, gate) = Gate::new(Class::Accepted);
    let service = Setup::lanes(vec![script]).start().await;
    let client = service.client();
    let in_flight = tokio::spawn(async move { client.send(message(), PATIENCE).await });
    gate.begun().await;

    service.stop.cancel();
    let client = service.client();
    eventually(|| async { (!client.healthy().await).then_some(()) }).await;
    let refused = client.send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::ShuttingDown);
    assert!(service.page("/readyz").await.starts_with("HTTP/1.1 503"));

    gate.let_go();
    assert_eq!(
        in_flight.await.unwrap().unwrap().message.status,
        DeliveryStatus::Submitted
    );
    assert!(service.running.await.unwrap().is_ok());
    let rows = rusqlite::Connection::open(service.folder.path().join("aldis.db")).unwrap();
    let state: String = rows
        .query_row("SELECT state FROM messages", [], |row| row.get(0))
        .unwrap();
    assert_eq!(state, "submitted");
}

/// The file is free for the next process as soon as this one is done.
#[tokio::test]
async fn a_restart_finds_everything() {
    let (script, _) = answers(&[Class::Accepted]);
    let service = Setup::lanes(vec![script]).start().await;
    let id = service
        .client()
        .send(message(), PATIENCE)
        .await
        .unwrap()
        .message
        .id;
    service.stop.cancel();
    assert!(service.running.await.unwrap().is_ok());
    let (script, _) = answers(&[Class::Accepted]);
    let again = Setup {
        folder: Some(service.folder),
        ..Setup::lanes(vec![script])
    }
    .start()
    .await;
    assert_eq!(
        again.client().message(&id).await.unwrap().status,
        DeliveryStatus::Submitted
    );
}
