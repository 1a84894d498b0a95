//! A store that fails under a running service ends it, and each caller hears whether its message may have been sent.

use super::*;
use aldis_delivery_api::ErrorKind;

async fn ready(script: Script) -> Service {
    let service = Setup::lanes(vec![script]).start().await;
    eventually(|| async { service.page("/readyz").await.contains("200 OK").then_some(()) }).await;
    service
}

#[tokio::test]
async fn what_was_not_sent_may_be_asked_again() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = ready(script).await;
    std::fs::remove_file(service.store()).unwrap();
    let error = service.client().send(message(), PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::ShuttingDown);
    assert!(error.retryable() && error.retry_after.is_some(), "{error:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    let ended = service.running.await.unwrap();
    assert!(matches!(ended, Err(RunError::Store(_))), "{ended:?}");
}

/// A message that was stored is sent after all where the file is put back.
#[tokio::test]
async fn what_may_have_been_stored_is_unknown() {
    let (script, calls) = answers(&[Class::Accepted]);
    let service = ready(script).await;
    std::fs::rename(service.store(), service.folder.path().join("away.db")).unwrap();
    let error = service.client().send(stored(), PATIENCE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    assert!(!error.retryable());
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_was_on_the_wire_is_unknown() {
    let (script, gate) = Gate::new(Class::Accepted);
    let service = ready(script).await;
    let client = service.client();
    let sent = tokio::spawn(async move { client.send(message(), PATIENCE).await });
    gate.begun().await;
    std::fs::remove_file(service.store()).unwrap();
    gate.let_go();
    let error = sent.await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused(Reason::OutcomeUnknown));
    assert!(!error.retryable() && error.message_id.is_some(), "{error:?}");
    let ended = service.running.await.unwrap();
    assert!(ended.unwrap_err().to_string().contains("was removed or renamed"));
}

/// The loss is noticed though nobody calls.
#[tokio::test]
async fn it_is_not_ready_and_ends() {
    let (script, _) = answers(&[Class::Accepted]);
    let service = ready(script).await;
    std::fs::remove_file(service.folder.path().join("aldis.db-wal")).unwrap();
    let broken = service.engine().store.broken();
    tokio::time::timeout(Duration::from_secs(10), broken.cancelled())
        .await
        .unwrap();
    let ended = service.running.await.unwrap();
    assert!(ended.unwrap_err().to_string().contains("aldis.db-wal"));
}

/// A row that cannot be read is said to be that.
#[tokio::test]
async fn an_unreadable_message_is_a_clear_error() {
    let (script, _) = answers(&[Class::Accepted]);
    let service = ready(script).await;
    let sent = service.client().send(message(), PATIENCE).await.unwrap();
    let spoil = "UPDATE attempts SET carrier_ids = 'garbage'";
    rusqlite::Connection::open(service.store())
        .unwrap()
        .execute(spoil, [])
        .unwrap();
    let error = service.client().message(&sent.message.id).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message_id),
        (ErrorKind::Internal, Some(sent.message.id))
    );
    assert!(error.detail.contains("cannot be read"), "{error}");
    let metrics = service.page("/metrics").await;
    assert!(
        metrics.contains("aldis_store_rows_set_aside_total 0"),
        "{metrics}"
    );
    assert!(metrics.contains("aldis_store_free_bytes "), "{metrics}");
}
