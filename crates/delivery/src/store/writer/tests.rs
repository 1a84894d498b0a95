//! A disk that fails ends the store: whoever waits is told, and nothing more is taken.

use super::*;

/// A database that has room for one more page.
fn nearly_full(folder: &std::path::Path) -> Connection {
    let connection = Connection::open(folder.join("full.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE filling (bytes BLOB); PRAGMA max_page_count = 3;",
        )
        .unwrap();
    connection
}

fn writer(connection: Connection) -> (Writer, Trouble) {
    let trouble = Trouble::default();
    let writer = Writer::start(connection, Box::new(|| Ok(())), trouble.clone(), Box::new(|_| {}));
    (writer.unwrap(), trouble)
}

#[tokio::test]
async fn a_full_disk_fails_the_batch_and_ends_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, trouble) = writer(nearly_full(folder.path()));
    let fill = |connection: &Connection| {
        connection
            .execute("INSERT INTO filling VALUES (zeroblob(100000))", [])
            .map(drop)
    };
    let (harmless, fatal) = tokio::join!(writer.write(|_| Ok(())), writer.write(fill));
    assert!(matches!(fatal, Err(StoreError::Broken(_))), "{fatal:?}");
    assert!(
        harmless.is_ok() || matches!(harmless, Err(StoreError::Broken(_))),
        "in the batch or before it"
    );

    trouble.broken().cancelled().await;
    assert!(writer.write(|_| Ok(())).await.is_err());
}

#[tokio::test]
async fn a_statement_at_fault_is_undone_alone() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("one.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        .unwrap();
    let (writer, trouble) = writer(connection);
    let insert = |number: i64| {
        move |connection: &Connection| {
            connection
                .execute("INSERT INTO numbers VALUES (?1)", [number])
                .map(drop)
        }
    };
    let twice = |connection: &Connection| {
        connection.execute("INSERT INTO numbers VALUES (8)", [])?;
        connection.execute("INSERT INTO numbers VALUES (7)", []).map(drop)
    };
    let (first, half, last) = tokio::join!(
        writer.write(insert(7)),
        writer.write(twice),
        writer.write(insert(9))
    );
    assert!(first.is_ok() && last.is_ok());
    assert!(matches!(half, Err(StoreError::Refused(_))), "{half:?}");
    let sum = writer.write(|connection| {
        connection.query_row("SELECT sum(number) FROM numbers", [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(sum.await.unwrap(), 16, "7 and 9, without the half that was 8");
    assert!(trouble.check().is_ok());
}
